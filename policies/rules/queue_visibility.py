"""F16: A queue hides a message for as long as a function may need for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.links import refers
from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._functions import FUNCTION, MAPPING, calls
from policies.rules._queues import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_PATH = "visibilityTimeoutSeconds"
_FACTOR = 6  # what AWS asks for, so that throttled batches can be tried again
_DEFAULT_VISIBILITY_S = 30
_DEFAULT_TIMEOUT_S = 3


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    queues = [one for one in resources if one.type == QUEUE]
    functions = [one for one in resources if one.type == FUNCTION]
    for mapping in resources:
        if mapping.type == MAPPING and (verdict := _judge(mapping, queues, functions)):
            yield mapping, verdict


def _judge(mapping: Resource, queues: Sequence[Resource], functions: Sequence[Resource]) -> Verdict | None:
    """None for a queue or a function that the stack only uses: what they are set to is not to be seen here."""
    from_queue = {refers(mapping, "eventSourceArn", one): one for one in queues}
    to_function = {calls(mapping, "functionName", one): one for one in functions}
    if True in from_queue and True in to_function:
        return _compare(from_queue[True], to_function[True])
    if (None in from_queue or True in from_queue) and (None in to_function or True in to_function):
        return unknown("eventSourceArn" if None in from_queue else "functionName")
    return None


def _compare(queue: Resource, function: Resource) -> Verdict:
    hidden, timeout = queue.declared(_PATH), function.declared("timeout")
    if hidden is UNKNOWN:
        return unknown(_PATH)
    if timeout is UNKNOWN:
        return unknown("timeout")
    hidden = _DEFAULT_VISIBILITY_S if hidden is None else hidden
    least = _FACTOR * (timeout if isinstance(timeout, int) else _DEFAULT_TIMEOUT_S)
    if isinstance(hidden, int) and hidden >= least:
        return PASS
    return fail(_PATH, f"{_PATH} of {queue.name} must be at least {least}, {_FACTOR} times the timeout, found {hidden}")


RULE = StackRule(
    id="F16",
    name="queue-visibility",
    title="A queue hides a message for as long as a function may need for it",
    sources=("cdk-nag LambdaEventSourceSQSVisibilityTimeout",),
    severity="medium",
    remedy="raise visibilityTimeoutSeconds of the queue, or shorten the timeout of the function",
    check=_check,
)
