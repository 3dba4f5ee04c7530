"""What most commands begin with: the project, its validated input, where it runs, the embedded platforms if any."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import click

from slipway.aws.clients import Aws
from slipway.cli.local import config_of
from slipway.core import validate
from slipway.core.errors import EngineError
from slipway.core.project import Project
from slipway.engine import memory, operations
from slipway.engine.clouds import Clouds
from slipway.engine.memory import Instances
from toolchain.embedded_aws import lifecycle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.core.loaded import LoadedFunction
    from slipway.core.settings import Settings
    from slipway.kube.clients import Kube
    from toolchain.embedded_cluster.lifecycle import Status


@dataclasses.dataclass(frozen=True)
class Session:
    """An environment of the project in the working directory.

    Attributes:
        project: The project.
        environment: Name of the environment.
        settings: The environment as its operators describe it.
        functions: The functions that it deploys, by name, sorted.
    """

    project: Project
    environment: str
    settings: Settings
    functions: Mapping[str, LoadedFunction]

    @classmethod
    def open(cls, environment: str) -> Session:
        """Read and check everything that an environment is made of, before anything is touched.

        Raises:
            BadInputError: Something in it is wrong; every mistake is named.
        """
        project = Project.find()
        loaded = validate.load(project, [environment])
        loaded.require_valid()
        return cls(project, environment, loaded.settings[environment], loaded.deployed(environment))

    @functools.cached_property
    def targets(self) -> frozenset[str]:
        """Targets that its functions run on; the environment's own when there are none."""
        found = {function.target_in(self.settings) for function in self.functions.values()}
        return frozenset(found or {self.settings.target})

    @functools.cached_property
    def aws(self) -> Aws | None:
        """The environment's account, if it has one."""
        return Aws.of(self.settings) if self.settings.aws is not None else None

    @functools.cached_property
    def kube(self) -> Kube | None:
        """The environment's cluster, if it has one."""
        if not self.settings.has_knative:
            return None
        from slipway.kube.clients import Kube  # noqa: PLC0415 - its library costs a second, and Lambda needs it not

        return Kube.of(self.settings, self.project.kubeconfig)

    @functools.cached_property
    def clouds(self) -> Clouds:
        """Where its resources live, as far as it is in use: by its functions, or by what was deployed before."""
        return Clouds(
            environment=self.environment,
            aws=self.aws if self._uses("lambda") else None,
            kube=self.kube if self._uses("knative") else None,
        )

    @functools.cached_property
    def instances(self) -> Instances:
        """Which embedded platforms of this checkout the environment is on.

        Raises:
            EngineError: One of them does not run.
        """
        return Instances(
            aws=self._aws_instance() if self._uses("lambda") else None,
            cluster=self._cluster_instance(),
        )

    @property
    def instances_in_use(self) -> Instances:
        """Those of `instances` that its functions run on: what an update leaves in use."""
        return Instances(
            aws=self.instances.aws if "lambda" in self.targets else None,
            cluster=self.instances.cluster if "knative" in self.targets else None,
        )

    @property
    def is_on_embedded_cluster(self) -> bool:
        """Whether functions are, or were at the last update, on the cluster that this machine runs."""
        knative = self.settings.knative
        return knative is not None and knative.embedded and self._uses("knative")

    @property
    def is_on_embedded_aws(self) -> bool:
        """Whether functions are, or were at the last update, on the AWS that this checkout runs."""
        if self.aws is None or self.aws.endpoint is None or not self._uses("lambda"):
            return False
        return self.aws.endpoint.rstrip("/") == config_of(self.project).api_url

    def deployed(self) -> dict[str, Any]:
        """Outputs of the stack, to be used where it is deployed.

        Raises:
            EngineError: The state cannot be read, or an embedded platform does not run.
        """
        _ = self.instances
        return operations.outputs(self.project, self.environment)

    def _uses(self, target: str) -> bool:
        """Whether functions run on a target, or ran there at the last update and are still to be removed."""
        before = memory.recall(self.project, self.environment).instances
        return target in self.targets or (before.aws if target == "lambda" else before.cluster) is not None

    def _aws_instance(self) -> str | None:
        if self.aws is None or self.aws.endpoint is None:
            return None
        config = config_of(self.project)
        status = lifecycle.status(config)
        wanted = self.aws.endpoint.rstrip("/")
        if status.running and status.api_url == wanted:
            return status.instance
        if wanted != config.api_url:
            return None  # somebody else's, which is theirs to start
        raise EngineError(
            f"{self.environment}: the embedded AWS is not running; what to do: run `slipway local start`, "
            "then the same command again"
        )

    def require_whole_cluster(self) -> None:
        """Make sure that each part of the embedded cluster works, where the environment is on it.

        Raises:
            EngineError: A part does not; the message names it.
        """
        status = self._cluster if self.is_on_embedded_cluster else None
        if status is not None and not status.healthy:
            ill = "; ".join(": ".join(filter(None, (p.name, p.detail))) for p in status.parts if p.state != "ok")
            raise EngineError(
                f"{self.environment}: the embedded cluster runs, but not all of it works ({ill}); what to do: run "
                f"`slipway cluster up -s {self.environment}`, which mends it, then the same command again"
            )

    @functools.cached_property
    def _cluster(self) -> Status:
        """The embedded cluster of this machine."""
        from slipway.cli import cluster  # noqa: PLC0415 - only what needs the cluster loads it
        from toolchain.embedded_cluster import lifecycle as clusters  # noqa: PLC0415

        return clusters.status(cluster.config_of(self.project, self.settings))

    def _cluster_instance(self) -> str | None:
        if not self.is_on_embedded_cluster:
            return None
        if self._cluster.running:
            return self._cluster.instance
        raise EngineError(
            f"{self.environment}: the embedded cluster is not running; what to do: run `slipway cluster up -s "
            f"{self.environment}`, then the same command again"
        )


def debug_option(function: Any) -> Any:
    """Add `--debug`: the engine and the program say everything that they do."""
    return click.option("-d", "--debug", is_flag=True, help="Show what the engine and the program do in detail.")(
        function
    )


def wait_option(function: Any) -> Any:
    """Add `--wait SECONDS`: how long to wait for another run that holds the stack."""
    return click.option(
        "--wait",
        "wait_s",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="SECONDS",
        help="Wait so long for another run that holds the stack.",
    )(function)
