"""The alias that callers of a function reach, and which version gets which of their calls."""

from __future__ import annotations

from typing import Any

from pulumi_aws import lambda_

from components.base import Component
from components.function.args import Rollout

ALIAS = "live"
_DESCRIPTION = "The version that callers reach"


def description_of(rollout: Rollout | None) -> str:
    """What the alias says of itself; it also keeps which versions a rollback turned away."""
    pointer = rollout.pointer if rollout else None
    return f"{_DESCRIPTION}; rejected: {pointer.rejected}" if pointer and pointer.rejected else _DESCRIPTION


def weights_of(version: str, rollout: Rollout | None) -> tuple[str, dict[str, Any] | None]:
    """Which version callers reach, and which share of them the new one gets.

    Args:
        version: The newest version.
        rollout: How it takes over; None gives it all calls at once, and so does a function without a pointer.

    Returns:
        The version of the alias, and its routing; None when all calls go there.
    """
    pointer = rollout.pointer if rollout else None
    if rollout is None or pointer is None:
        return version, None
    if version == pointer.stable or pointer.rejects(version):
        return pointer.stable, None
    return pointer.stable, {"additional_version_weights": {version: rollout.canary / 100}}


def make_alias(owner: Component, function: lambda_.Function, rollout: Rollout | None) -> lambda_.Alias:
    """Create the alias."""
    weights = function.version.apply(lambda version: weights_of(version, rollout))
    pointer = rollout.pointer if rollout else None
    return owner.child(
        "alias",
        lambda_.Alias,
        {
            "name": ALIAS,
            "description": description_of(rollout),
            "function_name": function.name,
            # In a preview the new version is not known yet, but with a pointer the stable one is.
            "function_version": pointer.stable if pointer else function.version,
            "routing_config": weights.apply(lambda found: found[1]) if pointer else None,
        },
    )
