"""The shape of the tables of actions, and what they share."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class Calls:
    """Actions on the same resources.

    Attributes:
        on: Templates of ARNs; `{name}` is the name of each resource of the type.
        write: Actions of an update.
        read: Actions of a preview that looks first at what exists; none of them shows data.
        conditions: Operator to keys and templates of values; they bound `write` alone.
    """

    on: Sequence[str]
    write: Sequence[str] = ()
    read: Sequence[str] = ()
    conditions: Mapping[str, Mapping[str, str]] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Type:
    """One type of resource.

    Attributes:
        named: Property that holds the physical name; None where the name is not in ARNs.
        calls: What the provider calls.
        of: Type whose names it goes by, where its own is not known before that exists.
    """

    named: str | None
    calls: Sequence[Calls]
    of: str | None = None


AWS = "arn:{partition}"
HERE = ":{region}:{account}:"
ALL = "*"
MINE = {"StringEquals": {"aws:ResourceTag/environment": "{environment}", "aws:ResourceTag/managed-by": "slipway"}}
NEW = {"StringEquals": {"aws:RequestTag/environment": "{environment}", "aws:RequestTag/managed-by": "slipway"}}
# What has a tag already must have that of the environment, and gets no other.
TAGGED = {**NEW, "StringEqualsIfExists": {"aws:ResourceTag/environment": "{environment}"}}
BOUNDED = {"StringEquals": {"iam:PermissionsBoundary": "{boundary}"}}

BUCKET = "aws:s3/bucket:Bucket"
FUNCTION = "aws:lambda/function:Function"
POLICY = "aws:iam/policy:Policy"
ROLE = "aws:iam/role:Role"
KEY = "aws:kms/key:Key"

GROUP_ARN = AWS + ":logs" + HERE + "log-group:{name}"


def tags(service: str) -> list[str]:
    """The two actions by which most services change tags."""
    return [f"{service}:{action}" for action in ("TagResource", "UntagResource")]
