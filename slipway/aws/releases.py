"""Versions of a Lambda function, and the alias `live` that says which of them callers reach.

The alias' description keeps what a rollback turned away; the components write the same text when they update the alias.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import botocore.exceptions

from slipway.aws.clients import error_code, readable_errors
from slipway.aws.invoke import LIVE
from slipway.core.errors import EngineError
from slipway.running.releases import Release, Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.aws.clients import Aws
    from slipway.running.releases import Move

DESCRIPTION = "The version that callers reach"
_REJECTED = re.compile(r"; rejected: (?P<versions>[0-9]+(?:,[0-9]+)*)$")
_LATEST = "$LATEST"
_BAD_STATES = {"Failed", "Pending"}


def description(rejected: Sequence[str]) -> str:
    """Description of the alias."""
    return f"{DESCRIPTION}; rejected: {','.join(rejected)}" if rejected else DESCRIPTION


def pointer(aws: Aws, name: str, function: str) -> Release | None:
    """Where a function's alias points; its versions are not read.

    Args:
        aws: The account.
        name: Name of the function in the project.
        function: Physical name or ARN of the function.

    Returns:
        None when there is no such function or alias.

    Raises:
        EngineError: AWS refused or failed.
    """
    alias = _alias(aws, name, function)
    return None if alias is None else _release(name, alias, ())


def read(aws: Aws, name: str, function: str) -> Release | None:
    """Where a function's alias points, and which versions there are. Arguments and errors are those of `pointer`."""
    alias = _alias(aws, name, function)
    if alias is None:
        return None
    with readable_errors(aws.environment, name):
        pages = aws.client("lambda").get_paginator("list_versions_by_function").paginate(FunctionName=function)
        found = [version for page in pages for version in page["Versions"] if version["Version"] != _LATEST]
    return _release(name, alias, [_version(version) for version in sorted(found, key=lambda v: int(v["Version"]))])


def move(aws: Aws, function: str, release: Release, to: Move) -> None:
    """Give all calls to one version.

    Raises:
        EngineError: Somebody else has moved the alias meanwhile, or AWS refused or failed.
    """
    alias = _alias(aws, release.function, function)
    now = _release(release.function, alias, ()) if alias else None
    if alias is None or now is None or (now.stable, now.candidate) != (release.stable, release.candidate):
        raise EngineError(
            f"{release.function}: its alias was moved by somebody else meanwhile; what to do: look with "
            f"`slipway list -s {aws.environment}`, then run the same command again"
        )
    with readable_errors(aws.environment, release.function):
        aws.client("lambda").update_alias(
            FunctionName=function,
            Name=LIVE,
            FunctionVersion=to.to.name,
            Description=description(to.rejected),
            RoutingConfig={"AdditionalVersionWeights": {}},
            **({"RevisionId": alias["RevisionId"]} if alias.get("RevisionId") else {}),
        )


def _alias(aws: Aws, name: str, function: str) -> dict[str, Any] | None:
    with readable_errors(aws.environment, name):
        try:
            found: dict[str, Any] = aws.client("lambda").get_alias(FunctionName=function, Name=LIVE)
        except botocore.exceptions.ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return None
            raise
    return found


def _release(name: str, alias: dict[str, Any], versions: Sequence[Version]) -> Release:
    weights: dict[str, float] = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    candidate = next(iter(weights), None)
    rejected = _REJECTED.search(alias.get("Description") or "")
    return Release(
        function=name,
        stable=str(alias["FunctionVersion"]),
        candidate=candidate,
        percent=round(weights[candidate] * 100, 2) if candidate else 0,
        rejected=tuple(rejected["versions"].split(",")) if rejected else (),
        latest=versions[-1].name if versions else None,
        versions=tuple(versions),
    )


def _version(found: dict[str, Any]) -> Version:
    state = found.get("State")
    return Version(
        name=str(found["Version"]),
        identity=str(found["Version"]),
        created=found.get("LastModified"),
        problem=f"it is {state.lower()}: {found.get('StateReason') or 'no reason given'}"
        if state in _BAD_STATES
        else None,
    )
