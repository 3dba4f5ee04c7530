"""Whether a policy of a resource refuses everything that does not come through TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.iam import MalformedError, Statement, matches, statements
from policies.judge.rule import PASS, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._iam import malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEY = "aws:securetransport"
_ASKING = frozenset({"bool", "boolifexists"})


def only_tls(path: str, value: Any, action: str, arns: Sequence[str]) -> Verdict:
    """The verdict on a resource's policy.

    Args:
        path: Path of the property that holds it.
        value: The document.
        action: An action of the service that stands for all of them, in small letters.
        arns: What must be covered; none where no name is known yet.
    """
    if value is UNKNOWN:
        return unknown(path)
    if value is None:
        return fail(path, f"{path} must refuse what does not come through TLS, found no policy")
    try:
        found = statements(value, of_identity=False)
    except MalformedError as error:
        return malformed(path, error)
    known = [one for one in found if isinstance(one, Statement)]
    if any(_refuses(one, action, arns) for one in known):
        return PASS
    if len(known) < len(found):
        return unknown(path)
    return fail(
        path, f"{path} must deny everything to everybody where aws:SecureTransport is false, found no such statement"
    )


def _refuses(one: Statement, action: str, arns: Sequence[str]) -> bool:
    conditions = list(one.conditions.items())
    return (
        one.effect == "Deny"
        and not one.not_principal
        and "*" in (*one.principals.get("*", ()), *one.principals.get("AWS", ()))
        and any(matches(pattern, action) and pattern.rpartition(":")[2] == "*" for pattern in one.actions)
        and len(conditions) == 1
        and _asks_for_tls(*conditions[0])
        and all(any(matches(pattern, arn) for pattern in one.resources) for arn in arns)
    )


def _asks_for_tls(key: tuple[str, str], values: Sequence[str]) -> bool:
    return key[0] in _ASKING and key[1] == _KEY and [value.lower() for value in values] == ["false"]
