"""What a Kubernetes resource's id is, from its inputs: for creations whose answer was never recorded.

The provider's id is `namespace/name`, or `name` for what is in no namespace. Components give every object a name, so
the API can be asked for exactly that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.engine.finders import Wanted
    from slipway.kube.clients import Kube

PREFIX = "kubernetes:"
"""What type tokens of the Kubernetes provider begin with."""
_MANAGER = "pulumi-kubernetes"


def covers(type_token: str) -> bool:
    """Whether a type is one of the Kubernetes provider's, its own settings left out."""
    return type_token.startswith(PREFIX)


def find(kube: Kube, wanted: Wanted) -> tuple[str, dict[str, Any]] | None:
    """The id of an object if it exists, and under which name the provider set its fields; None when it does not exist.

    The provider makes up a name for each object. Under another one it could not change what it had set itself.

    Raises:
        EngineError: The API server cannot be asked.
    """
    metadata: Mapping[str, Any] = wanted.inputs.get("metadata") or {}
    name = metadata.get("name")
    if not wanted.has("apiVersion", "kind") or not name:
        return None
    found = kube.find(wanted.text("apiVersion"), wanted.text("kind"), str(name), namespace=metadata.get("namespace"))
    if found is None:
        return None
    about: Mapping[str, Any] = found["metadata"]
    managers = (str(entry.get("manager")) for entry in about.get("managedFields") or [])
    manager = next((name for name in managers if name.startswith(_MANAGER)), None)
    outputs = {"__initialApiVersion": wanted.text("apiVersion"), **({"__fieldManager": manager} if manager else {})}
    return "/".join(part for part in (about.get("namespace"), about["name"]) if part), outputs
