"""F7: Functions run on runtimes that AWS still mends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION, is_image

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "runtime"

# Source: AWS Lambda Developer Guide, "Supported runtimes", those deprecated after November 2026.
_SUPPORTED = frozenset(
    {
        "dotnet10",
        "java11",
        "java17",
        "java21",
        "java25",
        "java8.al2",
        "nodejs22.x",
        "nodejs24.x",
        "provided.al2023",
        "python3.11",
        "python3.12",
        "python3.13",
        "python3.14",
        "ruby3.3",
        "ruby3.4",
        "ruby4.0",
    }
)


def _check(resource: Resource) -> Verdict | None:
    found = resource.get(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    if found is None and is_image(resource):
        return None
    return (
        PASS
        if isinstance(found, str) and found in _SUPPORTED
        else fail(_PATH, f"{_PATH} must be one that AWS supports, found {found}")
    )


RULE = Rule(
    id="F7",
    name="function-runtime",
    title="Functions run on runtimes that AWS still mends",
    sources=("CKV_AWS_363", "FSBP Lambda.2", "cdk-nag L1"),
    severity="medium",
    remedy="move to a newer runtime, such as python3.13",
    types=(FUNCTION,),
    check=_check,
)
