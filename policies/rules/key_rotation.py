"""E1: Keys are rotated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "enableKeyRotation"


def _check(resource: Resource) -> Verdict | None:
    kind, use = resource.get("customerMasterKeySpec"), resource.get("keyUsage")
    if (isinstance(kind, str) and kind != "SYMMETRIC_DEFAULT") or (isinstance(use, str) and use != "ENCRYPT_DECRYPT"):
        return None  # AWS rotates no others
    found = resource.get(_PATH)
    if found is UNKNOWN:
        return unknown(_PATH)
    return PASS if found is True else fail(_PATH, f"{_PATH} must be true, found {found}")


RULE = Rule(
    id="E1",
    name="key-rotation",
    title="Keys are rotated",
    sources=("CKV_AWS_7",),
    severity="medium",
    remedy="set enableKeyRotation",
    types=("aws:kms/key:Key",),
    check=_check,
)
