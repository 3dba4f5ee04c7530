"""IAM's policy documents: read strictly, so that what IAM would understand in another way is never taken for safe."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any, Literal

from policies.judge.values import UNKNOWN, holds_unknown, items

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_DOCUMENT = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
# Two resources that have nothing in common but being resources: a pattern of both is a pattern of everything.
_PROBES = ("s3:::a-bucket/a-key", "iam::123456789012:role/a-role")
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
# Everything of one kind, in what follows the account: `*`, `role/*`, `log-group:*`, `*/*`; some services name no kind.
_ALL = re.compile(r"\*+([/:]\*+)*")
_ALL_OF_A_KIND = re.compile(r"([a-z-]+[:/])?\*+([/:]\*+)*")
_WITHOUT_KIND = frozenset({"execute-api", "s3", "sns", "sqs"})
_ARN_PARTS = 6
_POSITIVE = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})


class MalformedError(ValueError):
    """A text that is no policy document, or one that IAM would refuse or read in another way."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy document; lists where IAM takes one value or several.

    Attributes:
        effect: Allow or Deny.
        actions: Actions that it names, with wildcards, in small letters.
        not_actions: Actions that it excludes; then it names none.
        resources: Resources that it names, with wildcards.
        not_resources: Resources that it excludes.
        principals: Kind of principal (`AWS`, `Service`, `Federated`) to who; the kind `*` holds everybody.
        not_principal: Whether it excludes principals instead.
        conditions: Operator and key, both in small letters, to values.
    """

    effect: Literal["Allow", "Deny"]
    actions: Sequence[str]
    not_actions: Sequence[str]
    resources: Sequence[str]
    not_resources: Sequence[str]
    principals: Mapping[str, Sequence[str]]
    not_principal: bool
    conditions: Mapping[tuple[str, str], Sequence[str]]

    def on_everything(self) -> bool:
        """Whether it names every resource of every kind."""
        return any(
            all(matches(one, f"arn:{partition}:{probe}") for probe in _PROBES)
            for one in self.resources
            for partition in _PARTITIONS
        )

    def on_all_of_a_kind(self) -> bool:
        """Whether it names every resource, of at least one kind, of at least one account."""
        return self.on_everything() or any(_all_of_a_kind(one) for one in self.resources)

    def permits(self, action: str) -> bool:
        """Whether it names an action, exactly or by a wildcard."""
        return any(matches(pattern, action.lower()) for pattern in self.actions)

    def conditioned(self, keys: Iterable[str]) -> bool:
        """Whether a condition must hold that ties one of these keys to values which say something.

        Args:
            keys: Keys in small letters; those that end with a slash stand for all that begin so.
        """
        wanted = tuple(keys)
        return any(
            _asks(operator) and any(key == one or (one.endswith("/") and key.startswith(one)) for one in wanted)
            for (operator, key), values in self.conditions.items()
            if values and all(value.strip("*?") for value in values)
        )


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern of IAM, with `*` and `?`, fits a whole text; letter case counts."""
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern))
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def statements(value: Any, *, of_identity: bool) -> list[Statement | Any]:
    """The statements of a document, given as text or as an object.

    Args:
        value: The document, which itself must be known.
        of_identity: Whether it belongs to an identity, so that it names resources and no principals.

    Returns:
        Statements; UNKNOWN for each that is not known as a whole.

    Raises:
        MalformedError: It is no policy document; the message says why, without values of it.
    """
    document = _parsed(value)
    if not isinstance(document, dict):
        raise MalformedError("it is no JSON object")
    _only(document, _DOCUMENT, "the document")
    found = document.get("Statement")
    if found is UNKNOWN:
        return [UNKNOWN]
    listed = items(found)
    if not listed:
        raise MalformedError("it has no Statement")
    return [UNKNOWN if holds_unknown(one) else _statement(one, of_identity=of_identity) for one in listed]


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, object_pairs_hook=_once)
    except RecursionError as error:
        raise MalformedError("it is nested too deep") from error
    except ValueError as error:
        raise MalformedError(str(error) if isinstance(error, MalformedError) else "it is no JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("a key stands in it twice")
    return found


def _statement(value: Any, *, of_identity: bool) -> Statement:
    if not isinstance(value, dict):
        raise MalformedError("a statement is no object")
    # An SDK's object holds None for what is not set.
    value = {key: item for key, item in value.items() if item is not None}
    _only(value, _STATEMENT, "a statement")
    effect = value.get("Effect")
    if effect != "Allow" and effect != "Deny":  # noqa: PLR1714 - it may be a list, which no set takes
        raise MalformedError("Effect must be Allow or Deny")
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
        if one in value and other in value:
            raise MalformedError(f"a statement has both {one} and {other}")
    if not value.keys() & {"Action", "NotAction"}:
        raise MalformedError("a statement has no Action")
    if of_identity and not value.keys() & {"Resource", "NotResource"}:
        raise MalformedError("a statement has no Resource")
    return Statement(
        effect=effect,
        actions=[action.lower() for action in _texts(value, "Action")],
        not_actions=[action.lower() for action in _texts(value, "NotAction")],
        resources=_texts(value, "Resource"),
        not_resources=_texts(value, "NotResource"),
        principals=_principals(value.get("Principal", value.get("NotPrincipal"))),
        not_principal="NotPrincipal" in value,
        conditions=_conditions(value.get("Condition", {})),
    )


def _only(value: Mapping[str, Any], allowed: frozenset[str], what: str) -> None:
    if not value.keys() <= allowed:
        raise MalformedError(f"{what} has a key that IAM does not know")


def _texts(value: Mapping[str, Any], key: str) -> list[str]:
    found = items(value.get(key))
    if key in value and (not found or not all(isinstance(one, str) and one.strip() for one in found)):
        raise MalformedError(f"{key} must be a text or a list of texts")
    return [one.strip() for one in found]


def _principals(value: Any) -> Mapping[str, Sequence[str]]:
    if value is None:
        return {}
    if isinstance(value, str):
        if value.strip() != "*":
            raise MalformedError("Principal must be * or an object")
        return {"*": ["*"]}
    if not isinstance(value, dict) or not value:
        raise MalformedError("Principal must be * or an object")
    return {kind: _texts(value, kind) for kind in value}


def _conditions(value: Any) -> Mapping[tuple[str, str], Sequence[str]]:
    if not isinstance(value, dict) or not all(isinstance(keys, dict) for keys in value.values()):
        raise MalformedError("Condition must be an object of operators with keys")
    found = {}
    for operator, keys in value.items():
        for key, values in keys.items():
            listed = items(values)
            if not all(isinstance(one, (str, bool, int, float)) for one in listed):
                raise MalformedError("values of a Condition must be texts")
            found[operator.strip().lower(), key.strip().lower()] = [str(one).strip() for one in listed]
    return found


def _asks(operator: str) -> bool:
    """Whether an operator, in small letters, fails where its key is missing and holds for the values named alone."""
    name = operator.rpartition(":")[2]
    return name in _POSITIVE and not operator.startswith("forallvalues:")


def _all_of_a_kind(resource: str) -> bool:
    parts = resource.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS:
        return bool(_ALL.fullmatch(resource))
    pattern = _ALL if parts[2] in _WITHOUT_KIND else _ALL_OF_A_KIND
    return bool(pattern.fullmatch(parts[-1]))
