"""A small evaluator of IAM policies: what a request may do, by the rules of the IAM User Guide, "Policy evaluation logic".

It knows what the documents of this project say and refuses the rest: a policy that it cannot judge never passes for safe.
"""

import dataclasses
import json
import operator
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Decision = Literal["allow", "deny", "implicit deny"]

_KEYS = {"Sid", "Effect", "Action", "Resource", "Condition", "Principal"}
_NEGATIVE = {
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


class NotJudgedError(Exception):
    """A document says something that this evaluator does not know."""


@dataclasses.dataclass(frozen=True)
class Request:
    """One call of an API.

    Attributes:
        action: Action, `sqs:SendMessage`.
        resource: ARN of what it acts on; `*` for what has none.
        context: Condition keys and their values; one value as text, several as a list.
        principal: Who calls, for policies of resources and trust: `{"Service": "lambda.amazonaws.com"}`.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    principal: Mapping[str, str] | None = None


def decide(request: Request, *policies: str, boundary: str | None = None) -> Decision:
    """What policies of an identity, and its boundary, say to a request.

    Args:
        request: The call.
        policies: Documents as JSON; together they grant.
        boundary: Permission boundary, which must allow too and grants nothing.
    """
    granted = _together(request, policies)
    if boundary is None or granted == "deny":
        return granted
    bounded = _together(request, [boundary])
    return bounded if bounded != "allow" else granted


def allows(request: Request, *policies: str, boundary: str | None = None) -> bool:
    """Whether the request is allowed."""
    return decide(request, *policies, boundary=boundary) == "allow"


def statements(policy: str) -> list[dict[str, Any]]:
    """The statements of a document, whose single one may stand alone."""
    found = json.loads(policy)["Statement"]
    return found if isinstance(found, list) else [found]


def items(value: Any) -> list[str]:
    """One or several values, as IAM takes both."""
    return [value] if isinstance(value, str) else list(value)


def _together(request: Request, policies: Sequence[str]) -> Decision:
    effects = {
        statement["Effect"] for policy in policies for statement in statements(policy) if _applies(statement, request)
    }
    if "Deny" in effects:
        return "deny"
    return "allow" if "Allow" in effects else "implicit deny"


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    if unknown := statement.keys() - _KEYS:
        raise NotJudgedError(f"a statement has {', '.join(sorted(unknown))}, which says more than can be read off it")
    if statement["Effect"] not in {"Allow", "Deny"}:
        raise NotJudgedError(f"effect {statement['Effect']!r}")
    # Every part is read, so that none that is not known hides behind one that does not match.
    parts = (
        any(_like(request.action.casefold(), action.casefold()) for action in items(statement["Action"])),
        "Resource" not in statement or any(_resource(request.resource, arn) for arn in items(statement["Resource"])),
        _principal(statement.get("Principal"), request.principal),
        _conditions(statement.get("Condition", {}), request.context),
    )
    return all(parts)


def _resource(found: str, pattern: str) -> bool:
    if "${" in pattern:
        raise NotJudgedError(f"the resource {pattern!r} has a variable")
    return pattern == "*" or _arn_like(found, pattern)


def _principal(stated: Any, principal: Mapping[str, str] | None) -> bool:
    if stated is None or stated == "*":
        return True
    return principal is not None and any(
        who in items(stated.get(kind, [])) or "*" in items(stated.get(kind, [])) for kind, who in principal.items()
    )


def _conditions(stated: Mapping[str, Mapping[str, Any]], context: Mapping[str, Any]) -> bool:
    held = [
        _condition(name, items(wanted), context.get(key))
        for name, keys in stated.items()
        for key, wanted in keys.items()
    ]
    return all(held)


def _condition(full: str, wanted: Sequence[str], found: Any) -> bool:
    """One key of one operator: any of the wanted values will do, of a negated one none may."""
    if full == "Null":
        return (found is None) == (wanted[0].casefold() == "true")
    quantifier, _, name = full.rpartition(":")
    name, if_exists = name.removesuffix("IfExists"), name.endswith("IfExists")
    matches = _POSITIVE.get(_NEGATIVE.get(name, name))
    if matches is None or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
        raise NotJudgedError(f"the condition operator {full!r}")
    negated = name in _NEGATIVE
    if found is None:
        return if_exists or negated or quantifier == "ForAllValues"
    if not quantifier and not isinstance(found, str):
        raise NotJudgedError(f"{full} without ForAnyValue or ForAllValues, but the request has several values")
    results = [any(matches(value, pattern) for pattern in wanted) != negated for value in items(found)]
    return any(results) if quantifier == "ForAnyValue" else all(results)


def _arn_like(found: str, pattern: str) -> bool:
    """Whether each of the six parts of an ARN matches; a wildcard does not reach from one part into the next."""
    if pattern == "*":
        return True
    theirs, ours = found.split(":", 5), pattern.split(":", 5)
    return len(theirs) == len(ours) and all(_like(part, like) for part, like in zip(theirs, ours, strict=True))


def _like(found: str, pattern: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(expression, found, re.DOTALL) is not None


_POSITIVE = {
    "StringEquals": operator.eq,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda found, wanted: found.casefold() == wanted.casefold(),
}
