"""I9: Nobody may decrypt with all keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import StackRule, Verdict
from policies.rules._iam import among, judge_grants, wide

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.iam import Statement
    from policies.judge.values import Resource

_DECRYPTING = ("kms:decrypt", "kms:reencryptfrom")


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    return judge_grants(resources, _mistake)


def _mistake(found: Sequence[Statement]) -> str | None:
    if reached := among(wide(found), _DECRYPTING):
        return f"a policy must not allow {', '.join(reached)} with all keys"
    return None


RULE = StackRule(
    id="I9",
    name="iam-no-decrypt-everywhere",
    title="Nobody may decrypt with all keys",
    sources=("FSBP KMS.1", "FSBP KMS.2"),
    severity="high",
    remedy="name the keys, or add a condition on kms:ViaService or kms:ResourceAliases",
    check=_check,
)
