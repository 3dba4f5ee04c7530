"""Labels and annotations: what every object in a namespace carries, and how values get there that do not fit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import pulumi

from components.base import Component

DOMAIN = "slipway.io"
FUNCTION = f"{DOMAIN}/function"
CODE = f"{DOMAIN}/code"
COMMIT = f"{DOMAIN}/commit"
TEMPLATE = f"{DOMAIN}/template"
ACCOUNT = f"{DOMAIN}/account"

# Tags that Slipway sets, as labels; those of operators get a prefix of their own, so that they replace none of these.
_KEYS: Mapping[str, str] = {
    "environment": f"{DOMAIN}/environment",
    "function": FUNCTION,
    "owner": f"{DOMAIN}/owner",
    "commit": COMMIT,
    "code": CODE,
    "managed-by": "app.kubernetes.io/managed-by",
}
_OPERATORS = f"tags.{DOMAIN}"

# Kubernetes, "Labels and Selectors": the part of a key behind the slash and a value have the same 63 characters.
_LIMIT = 63
_WORD = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_HASH = 8


def word(text: str) -> str:
    """`text` where it can be a label's value, else the nearest such word with a hash of the whole behind it."""
    if not text or (len(text) <= _LIMIT and _WORD.fullmatch(text)):
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH]
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[: _LIMIT - _HASH - 1].strip("._-")
    return f"{readable}-{digest}" if readable else digest


def labels_of(tags: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Tags as labels, and those values that do not fit as annotations of the same key, where they stand as they are.

    Args:
        tags: Tags as AWS would carry them.

    Returns:
        Labels and annotations.
    """
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    for tag, value in tags.items():
        key = _KEYS.get(tag) or f"{_OPERATORS}/{word(tag)}"
        labels[key] = word(value)
        if labels[key] != value:
            annotations[key] = value
    return labels, annotations


def metadata(
    owner: Component,
    name: str,
    namespace: str | None = None,
    *,
    tags: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
) -> dict[str, Any]:
    """Metadata of an object: its name, and its component's tags as labels.

    Args:
        owner: The component that it is a child of.
        name: Name in the cluster.
        namespace: Its namespace; None for what lies in none.
        tags: Tags beside those of the component.
        labels: Labels that mean something to the cluster.
        annotations: Annotations that mean something to the cluster or the engine.
    """
    made, rest = labels_of({**owner.tags, **(tags or {})})
    found: dict[str, Any] = {"name": name, "labels": {**made, **(labels or {})}}
    if namespace is not None:
        found["namespace"] = namespace
    if rest or annotations:
        found["annotations"] = {**rest, **(annotations or {})}
    return found
