"""Options that commands share, so that they are spelt and explained once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_F = TypeVar("_F", bound="Callable[..., Any]")
_ENVIRONMENT = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def environment_name(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Check the name of an environment that an option gives; for click's callbacks."""
    del ctx
    if value is not None and not _ENVIRONMENT.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not an environment's name (lower case, digits, hyphens)", param=param)
    return value


def stack_option(function: _F) -> _F:
    """Add `--stack/-s NAME`: the environment, `local` by default; SLIPWAY_STACK sets another default."""
    return click.option(
        "-s",
        "--stack",
        default="local",
        show_default=True,
        metavar="NAME",
        envvar="SLIPWAY_STACK",
        callback=environment_name,
        help="The environment: stacks/Pulumi.NAME.yaml.",
    )(function)


def functions_option(function: _F) -> _F:
    """Add `--function/-f NAME`, which may be given several times; passed on as the tuple `functions`."""
    return click.option(
        "-f",
        "--function",
        "functions",
        multiple=True,
        metavar="NAME",
        help="Only this function; may be repeated.",
    )(function)


def json_option(function: _F) -> _F:
    """Add `--json`, passed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(function)
