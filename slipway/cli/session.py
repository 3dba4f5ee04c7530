"""What most commands begin with: the project, its validated input, its account, the embedded AWS if there is one."""

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
from slipway.engine import operations
from toolchain.embedded_aws import lifecycle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.core.loaded import LoadedFunction
    from slipway.core.settings import Settings


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
    def aws(self) -> Aws:
        """The environment's account."""
        return Aws.of(self.settings)

    @functools.cached_property
    def instance(self) -> str | None:
        """Which instance of this checkout's embedded AWS the environment is on; None for any other AWS.

        Raises:
            EngineError: It does not run.
        """
        if self.aws.endpoint is None:
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

    def deployed(self) -> dict[str, Any]:
        """Outputs of the stack, to be used against its AWS.

        Raises:
            EngineError: The state cannot be read, or the embedded AWS does not run.
        """
        _ = self.instance
        return operations.outputs(self.project, self.environment)


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
