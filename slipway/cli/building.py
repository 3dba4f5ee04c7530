"""Builds packages before the engine starts, so that a mistake in one is told while nothing is touched yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich.filesize

from slipway.artifacts.builder import Builder, collect_all
from slipway.artifacts.publish import package_key
from slipway.engine import operations

if TYPE_CHECKING:
    from slipway.artifacts.builder import Built
    from slipway.cli.progress import Display
    from slipway.cli.session import Session

_FUNCTION = "aws:lambda/function:Function"


def sentence(package: Built) -> str:
    """One line on a package that was built: `built orders: 10.7 MB in 3.1 s`."""
    return f"built {package.function}: {rich.filesize.decimal(package.package.size)} in {package.seconds:.1f} s"


def build_ahead(session: Session, display: Display) -> None:
    """Have every package in the cache that the stack does not run yet; those that it runs need no build.

    Raises:
        BadInputError: A package cannot be built; nothing was deployed.
        SlipwayError: The index, the network or the disk failed; nothing was deployed.
    """
    deployed = _deployed_keys(session)
    inputs = collect_all(session.project, session.functions.values())
    wanted = [found for found in inputs.values() if package_key(found) not in deployed]

    def say(package: Built) -> None:
        if package.built:
            display.say(sentence(package))

    Builder(session.project).build_all(wanted, done=say)


def _deployed_keys(session: Session) -> set[str]:
    """Keys of the packages that the functions in the state run."""
    resources = operations.resources_of(operations.export(session.project, session.environment))
    return {str(found.get("inputs", {}).get("s3Key")) for found in resources if found.get("type") == _FUNCTION}
