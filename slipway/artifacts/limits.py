"""Lambda's limits of a package, and a message that says what is big."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from slipway.core.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_UNZIPPED_BYTES = 262_144_000
"""A package with its layers, unzipped; the 50 MB limit of zips does not apply to those in S3.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""
_NAMED = 5


def dependency_sizes(packages: Mapping[str, Mapping[str, Any]]) -> Counter[str]:
    """Bytes of each dependency for `check_size`, from a bundle's `packages` (name to `version` and `bytes`)."""
    return Counter({f"dependency {name} {facts['version']}": facts["bytes"] for name, facts in packages.items()})


def biggest(sizes: Counter[str]) -> list[tuple[str, int]]:
    """The biggest contributors to a package, at most 5, with their bytes."""
    return sizes.most_common(_NAMED)


def check_size(function: str, sizes: Counter[str]) -> None:
    """Refuse a package that Lambda would refuse.

    Args:
        function: Name of the function.
        sizes: Contributor (`dependency NAME VERSION`, or a file or folder at the top of the package) to bytes.

    Raises:
        BadInputError: It is too big; the message names the biggest contributors.
    """
    total = sizes.total()
    if total <= MAX_UNZIPPED_BYTES:
        return
    named = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in biggest(sizes))
    raise BadInputError(
        f"function {function!r}: the package has {total / 1e6:.1f} MB unzipped, Lambda takes at most "
        f"{MAX_UNZIPPED_BYTES / 1e6:.1f} MB with its layers; biggest: {named}; drop a dependency, move data to a "
        "bucket, or use runtime: container"
    )
