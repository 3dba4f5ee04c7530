"""K8: Images are named with their digest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict
from policies.rules._pods import TYPES, Pod, judged, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judge.values import Resource


_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")


def _pod(pod: Pod) -> Iterator[Verdict | None]:
    for one in pod.containers():
        found = one.get("image")
        right = isinstance(found, str) and _DIGEST.fullmatch(found) is not None
        yield one.must("image", found, right, "repository@sha256:<64 hex digits>")


def _check(resource: Resource) -> Verdict:
    return judged(pod_of(resource), _pod)


RULE = Rule(
    id="K8",
    name="pod-image-digest",
    title="Images are named with their digest",
    sources=("CKV_K8S_43", "kyverno require-image-digest"),
    severity="medium",
    remedy="name the image as repository@sha256:<64 hex digits>",
    types=TYPES,
    check=_check,
    level="advisory",
)
