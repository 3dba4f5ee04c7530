"""Builds packages and images before the engine starts, so that mistakes are told while nothing is touched yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich.filesize

from slipway.artifacts.builder import Builder, collect_all
from slipway.artifacts.publish import package_key
from slipway.engine import operations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.artifacts.builder import Built
    from slipway.artifacts.images.environment import Image
    from slipway.artifacts.inputs import PackageInputs
    from slipway.cli.progress import Display
    from slipway.cli.session import Session

_FUNCTION = "aws:lambda/function:Function"


def sentence(package: Built) -> str:
    """One line on a package that was built: `built orders: 10.7 MB in 3.1 s`."""
    return f"built {package.function}: {rich.filesize.decimal(package.package.size)} in {package.seconds:.1f} s"


def image_sentence(image: Image) -> str:
    """One line on an image that was built: `built the image of orders in 3.1 s`."""
    return f"built the image of {image.function} in {image.seconds:.1f} s"


def build_ahead(session: Session, display: Display) -> None:
    """Have in the cache every package that the stack does not run yet, and every image.

    Packages that it runs need no build. Images do where the cache lacks them: only that tells what they are called.

    Raises:
        BadInputError: A package or an image cannot be built; nothing was deployed.
        SlipwayError: The index, the network or the disk failed; nothing was deployed.
    """
    inputs = collect_all(session.project, session.functions.values())
    packages = {
        name: found for name, found in inputs.items() if session.functions[name].target_in(session.settings) == "lambda"
    }
    _packages(session, display, packages)
    if packages.keys() != session.functions.keys():
        _images(session, display, inputs)


def _packages(session: Session, display: Display, inputs: Mapping[str, PackageInputs]) -> None:
    deployed = _deployed_keys(session)
    wanted = [found for found in inputs.values() if package_key(found) not in deployed]

    def say(package: Built) -> None:
        if package.built:
            display.say(sentence(package))

    Builder(session.project).build_all(wanted, done=say)


def _images(session: Session, display: Display, inputs: Mapping[str, PackageInputs]) -> None:
    from slipway.artifacts.images import environment as images  # noqa: PLC0415 - Lambda alone does not need it

    def say(image: Image) -> None:
        if image.built:
            display.say(image_sentence(image))

    builder = images.EnvironmentImages(session.project, session.settings)
    builder.build_all(session.functions, inputs, done=say)
    if images.needs_dead_letters(session.functions.values(), session.settings):
        say(builder.dead_letters)


def _deployed_keys(session: Session) -> set[str]:
    """Keys of the packages that the functions in the state run."""
    resources = operations.resources_of(operations.export(session.project, session.environment))
    return {str(found.get("inputs", {}).get("s3Key")) for found in resources if found.get("type") == _FUNCTION}
