"""F14: Functions log JSON to a log group of the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import refers
from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION, LOG_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_FORMAT, _GROUP = "loggingConfig.logFormat", "loggingConfig.logGroup"


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    groups = [one for one in resources if one.type == LOG_GROUP]
    for function in resources:
        if function.type == FUNCTION:
            yield function, _judge(function, groups)


def _judge(function: Resource, groups: Sequence[Resource]) -> Verdict:
    form, group = function.declared(_FORMAT), function.declared(_GROUP)
    if form is UNKNOWN:
        return unknown(_FORMAT)
    if form != "JSON":
        return fail(_FORMAT, f"{_FORMAT} must be JSON, found {form}")
    if group is None:
        return fail(_GROUP, f"{_GROUP} must name a log group of the stack, found none")
    about = [refers(function, _GROUP, one) for one in groups]
    if True in about:
        return PASS
    if group is UNKNOWN:
        return unknown(_GROUP)
    return fail(_GROUP, f"{_GROUP} must name a log group of the stack, found {group}")


RULE = StackRule(
    id="F14",
    name="function-logging",
    title="Functions log JSON to a log group of the stack",
    sources=("cdk-nag LambdaLogging",),
    severity="medium",
    remedy="set loggingConfig.logFormat to JSON and loggingConfig.logGroup to a LogGroup of your own",
    check=_check,
)
