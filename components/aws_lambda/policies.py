"""IAM documents: statements with exact actions and resources, rendered the same way every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.canonical import compact

Statement = dict[str, Any]


def document(*statements: Statement) -> str:
    """A policy document as JSON with sorted keys; the same statements always give the same text."""
    return compact({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    principal: Mapping[str, Any] | None = None,
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    sid: str | None = None,
) -> Statement:
    """A statement that allows; empty actions or resources are a mistake of the caller.

    Args:
        actions: Exact actions, such as `sqs:SendMessage`.
        resources: ARNs.
        principal: Who, in policies of resources: `{"Service": "events.amazonaws.com"}`.
        conditions: Operator to keys and values.
        sid: Identifier of the statement.
    """
    return _statement("Allow", actions, resources, Principal=principal, Condition=conditions, Sid=sid)


def deny(
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    principal: Mapping[str, Any] | str | None = None,
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    sid: str | None = None,
) -> Statement:
    """A statement that denies; the arguments are those of `allow`, `principal` may also be `*`."""
    return _statement("Deny", actions, resources, Principal=principal, Condition=conditions, Sid=sid)


def trust(
    service: str,
    *,
    source_account: str | None = None,
    source_arn: str | None = None,
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
) -> str:
    """Trust policy of a role that one AWS service may assume.

    Args:
        service: Principal, such as `lambda.amazonaws.com`.
        source_account: Account whose resources may cause the service to assume the role, where the service reports it.
        source_arn: The one resource that may, where the service reports it.
        conditions: Other conditions, where the service does not report these: operator to keys and values.
    """
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    equals = {"aws:SourceAccount": source_account, "aws:SourceArn": source_arn}
    if known := {key: value for key, value in equals.items() if value}:
        statement["Condition"] = {"StringEquals": known}
    if conditions:
        statement["Condition"] = {**statement.get("Condition", {}), **conditions}
    return document(statement)


def only_tls(resources: Sequence[str], service: str) -> Statement:
    """Deny everything on these resources that does not come through TLS."""
    return deny(
        [f"{service}:*"],
        resources,
        principal="*",
        conditions={"Bool": {"aws:SecureTransport": "false"}},
        sid="OnlyTls",
    )


def _statement(
    effect: str,
    actions: Sequence[str],
    resources: Sequence[str],
    /,
    **optional: Any,
) -> Statement:
    if not actions or not resources:
        raise ValueError("a statement needs actions and resources")
    statement: Statement = {"Effect": effect, "Action": sorted(actions), "Resource": sorted(resources)}
    return statement | {key: value for key, value in optional.items() if value}
