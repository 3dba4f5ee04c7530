"""L4: The log of every function on Lambda is forwarded to a sink, and no sink forwards what it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.links import comes_from, names, refers
from policies.judge.rule import PASS, StackRule, Verdict, fail
from policies.judge.values import UNKNOWN, at, items
from policies.rules._functions import FILTER, FUNCTION, LOG_GROUP
from policies.rules._streams import STREAM, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.values import Resource

_GROUP = "loggingConfig.logGroup"
_ACCOUNT = "aws:cloudwatch/logAccountPolicy:LogAccountPolicy"


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    filters = [one for one in resources if one.type == FILTER]
    groups = [one for one in resources if one.type == LOG_GROUP]
    streams = [one for one in resources if one.type == STREAM]
    everywhere = any(_forwards_all(one) for one in resources)
    for function in resources:
        if function.type == FUNCTION:
            own = next((group for group in groups if refers(function, _GROUP, group)), None)
            yield function, _judge(function, own, filters, streams, everywhere=everywhere)
    for one in filters:
        if any(refers(one, "destinationArn", stream) and _own_log(one, stream) for stream in streams):
            yield (
                one,
                fail("logGroup", "logGroup must not be the log of the stream that it goes to, which would never end"),
            )


def _judge(
    function: Resource,
    group: Resource | None,
    filters: Sequence[Resource],
    streams: Sequence[Resource],
    *,
    everywhere: bool,
) -> Verdict:
    about = {one.urn: _forwards(one, function, group) for one in filters}
    mine = [one for one in filters if about[one.urn]]
    called_by = [stream for stream in streams if _processes(stream, function)]
    if any(refers(one, "destinationArn", stream) for one in mine for stream in called_by):
        return fail(_GROUP, f"{_GROUP} must not go to the stream that this function works for, which would never end")
    # What makes envelopes on a stream's way cannot itself be forwarded by it; its group keeps what it says.
    if called_by or everywhere:
        return PASS
    whole = [one for one in mine if not _pattern(one)]
    if whole:
        return PASS
    if any(one.declared("filterPattern") is UNKNOWN for one in mine):
        return Verdict("unknown", _GROUP, "whether its filter forwards everything is known only during the update")
    if None in about.values():
        return Verdict(
            "unknown", _GROUP, "which log group a LogSubscriptionFilter forwards is known only during the update"
        )
    found = "only filters with a pattern" if mine else "none"
    return fail(_GROUP, f"{_GROUP} must have a LogSubscriptionFilter that forwards everything, found {found}")


def _forwards(one: Resource, function: Resource, group: Resource | None) -> bool | None:
    """Whether a filter is about a function's log group; None where that is not known."""
    if group is not None and refers(one, "logGroup", group):
        return True
    name, found = function.declared(_GROUP), one.declared("logGroup")
    if name is None:
        name = f"/aws/lambda/{function.get('name')}"  # where Lambda writes if nobody says where
    if found is UNKNOWN or name is UNKNOWN:
        told = one.sources.get("logGroup") and (group is not None or function.sources.get("loggingConfig"))
        return False if told else None
    return bool(found == name)


def _pattern(one: Resource) -> bool:
    """Whether a filter has a pattern, or may have one, so that it does not forward everything."""
    found = one.declared("filterPattern")
    return found is not None and found != ""


def _processes(stream: Resource, function: Resource) -> bool:
    """Whether a stream calls a function for its records."""
    for path, block in blocks(stream):
        for processor in items(_known(at(block, "processingConfiguration.processors"))):
            for parameter in items(_known(at(processor, "parameters"))):
                if at(parameter, "parameterName") != "LambdaArn":
                    continue
                value = at(parameter, "parameterValue")
                if value is UNKNOWN:
                    if comes_from(stream, path, function):
                        return True
                elif isinstance(value, str) and names(value, function):
                    return True
    return any(comes_from(stream, path, function) for path, block in blocks(stream) if block is UNKNOWN)


def _own_log(one: Resource, stream: Resource) -> bool:
    group = one.declared("logGroup")
    logged = [at(block, "cloudwatchLoggingOptions.logGroupName") for _, block in blocks(stream)]
    return isinstance(group, str) and group in logged


def _known(value: Any) -> Any:
    return None if value is UNKNOWN else value


def _forwards_all(one: Resource) -> bool:
    """Whether it is a policy of the account that forwards every log group."""
    return (
        one.type == _ACCOUNT
        and one.declared("policyType") == "SUBSCRIPTION_FILTER_POLICY"
        and one.declared("selectionCriteria") is None
    )


RULE = StackRule(
    id="L4",
    name="function-has-sink",
    title="The log of every function is forwarded to a sink",
    sources=(),
    severity="high",
    remedy="name a sink under slipway:sinks, or add a LogSubscriptionFilter without a pattern",
    check=_check,
)
