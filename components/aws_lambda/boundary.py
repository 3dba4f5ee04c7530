"""The permission boundary: what no role of an environment can exceed, whoever writes its policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.aws_lambda.network import network
from components.aws_lambda.policies import Statement, allow, deny, document
from components.aws_lambda.sinks.actions import BUCKET, DOMAIN, INVOKE, OBJECTS, PUT, SECRET, TAGS
from components.aws_lambda.site import Site
from components.log_sink.args import LogSinkArgs
from components.security.grants import INSIDE, SERVICES, actions_of

LIMIT = 6144  # characters: the size of a managed policy at the most


def boundary_document(site: Site, key_arn: str) -> str:
    """What roles of this environment may do at the most: their own logs and functions, and the catalogue.

    A catalogue too long for one policy is covered by kind instead of by entry, but for its keys; each role's own policy
    stays exact.

    Args:
        site: Where the environment lies.
        key_arn: Its key.
    """
    exact = {
        kind: [entry.arn for entry in site.args.catalogue if entry.kind == kind and entry.arn is not None]
        for kind in SERVICES
    }
    keys = sorted({key_arn, *_keys(site)})
    text = _render(site, exact, keys)
    if len(text) <= LIMIT:
        return text
    by_kind = {kind: [site.arns.every(SERVICES[kind])] for kind, found in exact.items() if found and kind != "key"}
    return _render(site, {**by_kind, "key": exact["key"]}, keys)


def _keys(site: Site) -> list[str]:
    """Keys that encrypt what the catalogue and the sinks adopt."""
    given = [*(entry.kms_key for entry in site.args.catalogue), *(sink.kms_key for sink in site.args.sinks)]
    return [key for key in given if key is not None]


def _render(site: Site, adopted: Mapping[str, Sequence[str]], keys: Sequence[str]) -> str:
    names, arns = site.names, site.arns
    mine = f"{names.prefix}-{names.environment}-*"
    statements: list[Statement] = [
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [arns.log_group(f"/slipway/{names.environment}/*")],
            sid="Logs",
        ),
        # A call of a Function URL needs both.
        allow(["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"], [arns.function(mine)], sid="Functions"),
        allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"], sid="Traces"),
        allow(
            ["kms:Decrypt", "kms:GenerateDataKey"],
            keys,
            conditions={"StringLike": {"kms:ViaService": f"*.{arns.region}.amazonaws.com*"}},
            sid="KeysThroughServices",
        ),
        deny(["iam:*", "organizations:*", "account:*", "sts:*"], ["*"], sid="NoWayOut"),
    ]
    if site.args.subnets:
        statements.extend(network(arns))
    statements.extend(_sinks(site, mine))
    for kind in SERVICES:
        found = [*adopted.get(kind, ()), *([arns.queue(mine)] if kind == "queue" else [])]
        if found:
            inside = [arn + INSIDE[kind] for arn in found] if kind in INSIDE else []
            statements.append(allow(actions_of(kind), [*found, *inside], sid=kind.capitalize()))
    return document(*statements)


def _sinks(site: Site, mine: str) -> list[Statement]:
    """What roles of log sinks need beside what functions do; nothing where no function on Lambda has a sink."""
    arns, environment = site.arns, site.args.environment
    sinks = [sink for sink in site.args.sinks if sink.name in site.args.shipped and sink.kind != "destination"]
    if not sinks:
        return []
    buckets = sorted({arns.bucket(sink.bucket or mine) for sink in sinks})
    made = [
        allow(PUT, [arns.delivery_stream(mine)], sid="SinkStreams"),
        allow([action for action in INVOKE if action != "lambda:InvokeFunction"], [arns.function(mine)], sid="Shipper"),
        allow(TAGS, [arns.log_group(f"/slipway/{environment}/*")], sid="SinkOwners"),
        allow([*BUCKET, *OBJECTS], [*buckets, *(f"{bucket}/*" for bucket in buckets)], sid="SinkBuckets"),
    ]
    if domains := sorted({str(sink.arn) for sink in sinks if sink.kind == "opensearch"}):
        made.append(allow(DOMAIN, [*domains, *(f"{domain}/*" for domain in domains)], sid="SinkDomains"))
    if keys := _access_keys(site, sinks):
        made.append(allow(SECRET, keys, sid="SinkSecrets"))
    return made


def _access_keys(site: Site, sinks: Sequence[LogSinkArgs]) -> list[str]:
    names = {sink.secret for sink in sinks if sink.kind == "http"}
    return sorted(
        {entry.arn for entry in site.args.catalogue if entry.kind == "secret" and entry.name in names and entry.arn}
    )
