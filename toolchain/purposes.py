"""What an environment needs to be deployed: nothing is installed that was not asked for."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from toolchain import kubernetes_parts
from toolchain.parts import all_parts, yaml_host

if TYPE_CHECKING:
    from toolchain.parts import Part


class Purpose(enum.StrEnum):
    """What a toolchain is installed for."""

    LOCAL = "local"
    """AWS, or the embedded AWS: engine, language host, AWS provider."""

    KNATIVE = "knative"
    """Any cluster: engine, language host, Kubernetes provider, crane."""

    CONTAINERFILE = "containerfile"
    """Images that a Containerfile describes: what KNATIVE needs, and buildah."""

    CLUSTER = "cluster"
    """The embedded cluster: what KNATIVE needs, and the cluster's own parts."""

    YAML = "yaml"
    """Programs in Pulumi YAML that use the components: what KNATIVE needs, and the host of that language."""


def placed_parts() -> tuple[Part, ...]:
    """All parts that lie beside the engine, under PULUMI_HOME or in the virtual environment, for any purpose."""
    return (*all_parts(), kubernetes_parts.provider(), kubernetes_parts.crane(), yaml_host())


def optional(purpose: Purpose) -> frozenset[str]:
    """Names of those of `placed_parts` that a purpose can do without."""
    left_out = {"kubernetes-provider", "crane"} if purpose is Purpose.LOCAL else {"aws-provider"}
    return frozenset(left_out if purpose is Purpose.YAML else left_out | {"yaml-host"})
