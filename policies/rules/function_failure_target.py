"""F2: Events that a function failed on go somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import is_set
from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION, INVOKE_CONFIG, calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_QUEUE = "deadLetterConfig"
_DESTINATION = "destinationConfig.onFailure.destination"


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    configs = [one for one in resources if one.type == INVOKE_CONFIG and is_set(one.declared(_DESTINATION))]
    for function in resources:
        if function.type == FUNCTION:
            yield function, _judge(function, configs)


def _judge(function: Resource, configs: Sequence[Resource]) -> Verdict:
    if function.declared(_QUEUE) is UNKNOWN:
        return unknown(_QUEUE)
    if is_set(function.declared(f"{_QUEUE}.targetArn")):
        return PASS
    about = [calls(config, "functionName", function) for config in configs]
    if True in about:
        return PASS
    if None in about:
        return Verdict("unknown", _QUEUE, "which function a FunctionEventInvokeConfig is about is not known yet")
    return fail(
        _QUEUE, f"{_QUEUE}, or a FunctionEventInvokeConfig with a destination on failure, must be set, found none"
    )


RULE = StackRule(
    id="F2",
    name="function-failure-target",
    title="Events that a function failed on go somewhere",
    sources=("CKV_AWS_116", "cdk-nag LambdaAsyncFailureDestination"),
    severity="medium",
    remedy="set deadLetterConfig.targetArn, or destinationConfig.onFailure in a FunctionEventInvokeConfig",
    check=_check,
)
