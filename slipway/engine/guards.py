"""What a run takes away from the logs of functions: a sink, records, time for which they are kept, a key.

Only numbers and names of properties are read off resources; no other value enters.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.core.explain import known
from slipway.core.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.engine.steps import RunResult, Step

_LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
_FILTER = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
_BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_LIFECYCLES = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
_BUCKET_ENCRYPTIONS = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
_SINK = "slipway:index:LogSink::"
_KEYS = frozenset({"keyArn", "kmsKeyArn", "kmsKeyId", "kmsMasterKeyId"})


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Guarded:
    """How a resource keeps what is in it.

    Attributes:
        days: Days for which it keeps records; None for ever.
        encrypted: Paths of the properties that encrypt, without the numbers of list items.
    """

    days: int | None = None
    encrypted: frozenset[str] = frozenset()


def guarded(type_: str, inputs: Mapping[str, Any]) -> Guarded:
    """How a resource keeps what is in it.

    Args:
        type_: Its type token.
        inputs: Its properties as the program gives them.
    """
    return Guarded(days=_days(type_, inputs), encrypted=frozenset(_encrypted(inputs)))


def weakened(result: RunResult, environment: str) -> list[Finding]:
    """What a run takes away from the logs of functions that stay.

    Args:
        result: What the engine did or would do.
        environment: Name of the environment.
    """
    gone = {step.urn for step in result.steps if step.op == "delete"}
    findings = list(_sinks(result, environment))
    told = {finding.function for finding in findings}
    for step in result.steps:
        function = step.parent.rpartition("::")[2]
        if step.type == _FILTER and step.op == "delete" and step.parent not in gone and function not in told:
            message = f"logs of function {function!r} no longer go where its subscription filter led"
            findings.append(_finding("sink-removed", message, environment, step, function=function))
        if step.type in _BUCKETS and step.op == "delete" and _SINK in step.parent:
            message = "is deleted with the records that are in it"
            findings.append(_finding("records-deleted", message, environment, step))
        findings += _resource(step, result, environment, gone)
    return findings


def _sinks(result: RunResult, environment: str) -> Iterator[Finding]:
    """Sinks that functions which stay had and will not have."""
    before, after = _sinks_of(result.outputs_before), _sinks_of(result.outputs)
    stay = before.keys() & after.keys()
    lost = {(sink, function) for function in stay for sink in before[function] - after[function]}
    for sink, function in sorted(lost):
        left = after[function]
        yield Finding(
            severity=Severity.WARNING,
            rule="sink-removed",
            message=f"logs of function {function!r} no longer go to sink {sink!r}; sinks that it keeps: {known(left)}",
            remedy="put it back unless that is meant",
            environment=environment,
            function=function,
        )


def _sinks_of(outputs: Mapping[str, Any]) -> dict[str, set[str]]:
    functions = outputs.get("functions")
    if not isinstance(functions, dict):
        return {}
    return {
        name: set(about["sinks"]) for name, about in functions.items() if isinstance(about, dict) and "sinks" in about
    }


def _resource(step: Step, result: RunResult, environment: str, gone: set[str]) -> Iterator[Finding]:
    before, after = step.before, step.after
    if before is None or (step.op == "delete" and not _leaves_a_bucket(step, result, gone)):
        return
    after = after or Guarded()
    if after.days is not None and (before.days is None or after.days < before.days):
        kept = "for ever" if before.days is None else f"for {before.days} days"
        message = f"keeps records for {after.days} days and no longer {kept}"
        yield _finding("shorter-retention", message, environment, step)
    if lost := before.encrypted - after.encrypted:
        message = f"is no longer encrypted as before: {', '.join(sorted(lost))} is gone"
        yield _finding("encryption-dropped", message, environment, step)


def _leaves_a_bucket(step: Step, result: RunResult, gone: set[str]) -> bool:
    """Whether what is deleted is the encryption of a bucket that stays."""
    siblings = {other.urn for other in result.steps if other.type in _BUCKETS and other.parent == step.parent}
    return step.type in _BUCKET_ENCRYPTIONS and step.parent not in gone and not siblings & gone


def _finding(rule: str, message: str, environment: str, step: Step, *, function: str | None = None) -> Finding:
    return Finding(
        severity=Severity.WARNING,
        rule=rule,
        message=message,
        remedy="put it back unless that is meant",
        environment=environment,
        function=function,
        resource=step.name,
    )


def _days(type_: str, inputs: Mapping[str, Any]) -> int | None:
    found = []
    if type_ == _LOG_GROUP:
        found = [inputs.get("retentionInDays")]
    elif type_ in _LIFECYCLES or type_ in _BUCKETS:
        rules = inputs.get("rules" if type_ in _LIFECYCLES else "lifecycleRules") or ()
        used = [rule for rule in rules if rule.get("status") == "Enabled" or rule.get("enabled")]
        found = [(rule.get("expiration") or {}).get("days") for rule in used]
    # Zero days of a log group are for ever; what is not known yet is text.
    return min((int(days) for days in found if isinstance(days, int | float) and days), default=None)


def _encrypted(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _encrypted(item, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            here = f"{path}.{key}" if path else key
            if (key in _KEYS or here.endswith("serverSideEncryption.enabled")) and item:
                yield here
            else:
                yield from _encrypted(item, here)
