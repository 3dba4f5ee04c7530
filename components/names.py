"""Physical names: the one place that decides what anything is called outside the stack.

Names are deterministic, so that every ARN and every policy is known before the first resource exists.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from components.errors import InputError

# Characters at the most, by kind; from the API reference of each service.
LIMITS: Mapping[str, int] = {
    "alarm": 255,
    "api": 128,
    "authorizer": 128,
    "bucket": 63,
    "channel": 52,  # the Service of a channel is called `{channel}-kn-channel`
    "delivery-stream": 64,
    "event-bus": 256,
    "event-rule": 64,
    "function": 64,
    "kms-alias": 256,
    "kubernetes": 63,
    "log-filter": 512,
    "log-group": 512,
    "policy": 128,
    "queue": 80,
    "role": 64,
    "schedule": 64,
    "schedule-group": 64,
    "statement": 100,
    "target": 64,
}
_HASH = 8
_PART_HASH = 6
_SLUG = 24


def fit(kind: str, name: str, *, suffix: str = "") -> str:
    """`name + suffix`, or a shorter name with a stable hash of the whole when it is too long for its kind.

    Args:
        kind: A key of `LIMITS`.
        name: The wanted name.
        suffix: An ending that must stay, such as `.fifo`.

    Returns:
        At most `LIMITS[kind]` characters; the same for the same input on every machine.
    """
    whole = name + suffix
    limit = LIMITS[kind]
    if len(whole) <= limit:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_HASH]
    return f"{name[: limit - _HASH - 1 - len(suffix)].rstrip('-_./')}-{digest}{suffix}"


class Names:
    """The names of one environment. Each may be taken once: two things of one kind never share a name."""

    def __init__(self, prefix: str, environment: str) -> None:
        self.prefix = prefix
        self.environment = environment
        self._taken: dict[tuple[str, str], str] = {}

    def physical(self, kind: str, *parts: str, suffix: str = "") -> str:
        """`{prefix}-{environment}-{parts...}`, cut and hashed where the kind demands it.

        Args:
            kind: A key of `LIMITS`.
            parts: What it is, from the general to the particular; none for what the environment has once.
            suffix: An ending that must stay.
        """
        return fit(kind, "-".join((self.prefix, self.environment, *parts)), suffix=suffix)

    def log_group(self, *parts: str) -> str:
        """`/slipway/{environment}/{parts...}`; never under `/aws/lambda`, where Lambda makes groups of its own."""
        return fit("log-group", "/".join(("/slipway", self.environment, *parts)))

    def take(self, kind: str, name: str, owner: str) -> str:
        """Note that `owner` has something of that kind and name.

        Args:
            kind: A key of `LIMITS`.
            name: A physical name.
            owner: Who takes it, as messages call it: `function 'orders'`.

        Returns:
            The name.

        Raises:
            InputError: Somebody else has it.
        """
        other = self._taken.setdefault((kind, name), owner)
        if other != owner:
            raise InputError(f"{owner}: the {kind} name {name!r} is taken by {other}; rename one of the two")
        return name


def part_of(kind: str, readable: str, *identity: object) -> str:
    """Name of a child of which a function may have several: it depends on what the child is, never on its position.

    Args:
        kind: First part, `route`.
        readable: What helps a reader, in any characters.
        identity: JSON values that tell it from its siblings.

    Returns:
        Kebab case: `route-get-orders-1a2b3c`.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", readable.lower())[:_SLUG].strip("-")
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:_PART_HASH]
    return "-".join(part for part in (kind, slug, digest) if part)
