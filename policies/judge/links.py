"""Which resource a property of another one names, also while that name is not known yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policies.judge.values import Resource

_IDENTITIES = ("name", "bucket", "id", "arn", "url", "keyId")
_ARN_PARTS = 6


def refers(resource: Resource, path: str, target: Resource) -> bool | None:
    """Whether a property names another resource: by name, id, address, or an ARN of it or of something inside it.

    Args:
        resource: Who has the property.
        path: Path of the property.
        target: The other resource.

    Returns:
        None where neither the value nor its sources tell.
    """
    value = resource.get(path)
    if value is not UNKNOWN:
        return isinstance(value, str) and names(value, target)
    return comes_from(resource, path, target)


def comes_from(resource: Resource, path: str, target: Resource) -> bool | None:
    """Whether a property's value is made of another resource, as the engine tells; None where it tells nothing."""
    sources = resource.sources.get(path.partition(".")[0].partition("[")[0], ())
    return target.urn in sources if sources else None


def names(value: str, target: Resource) -> bool:
    """Whether a known value is a name of a resource, its id, its address, or an ARN of it."""
    known = {found for key in _IDENTITIES if isinstance(found := target.get(key), str) and found}
    return value in known or not known.isdisjoint(parts_of_arn(value))


def parts_of_arn(value: str) -> Sequence[str]:
    """What an ARN may call a resource: the parts after account, the first of which may be the kind; else nothing.

    `arn:aws:lambda:R:A:function:orders:live` gives `orders`, `arn:aws:sqs:R:A:jobs` gives `jobs`; an object of S3 gives
    its bucket.
    """
    parts = value.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS or parts[0] != "arn":
        return ()
    by_colon = parts[-1].split(":")
    named = by_colon[1] if len(by_colon) > 1 else by_colon[0]
    if parts[2] == "s3":
        return (named.partition("/")[0],)
    return (named, named.rpartition("/")[2])


def linked(guards: Iterable[Resource], path: str, target: Resource) -> tuple[Sequence[Resource], Sequence[Resource]]:
    """The resources whose property names a target, and those of which it cannot be told."""
    sure, unsure = [], []
    for guard in guards:
        found = refers(guard, path, target)
        if found is None:
            unsure.append(guard)
        elif found:
            sure.append(guard)
    return sure, unsure


def is_set(value: Any) -> bool:
    """Whether a key, an ARN or the like is given; one that is known only during the update is."""
    return value is UNKNOWN or (isinstance(value, str) and bool(value.strip()))
