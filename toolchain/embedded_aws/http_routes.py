"""Which route of an HTTP API a request belongs to.

Facts: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT = "$default"
_STATIC, _PARAMETER, _GREEDY = range(3)


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    """A route that a request belongs to.

    Attributes:
        key: Route key, for example `GET /orders/{id}`.
        parameters: Values of the path's parameters, decoded.
    """

    key: str
    parameters: dict[str, str]


def best(keys: Iterable[str], method: str, path: str) -> Match | None:
    """The most specific of the routes that serve a request, or None.

    Full matches win over greedy ones, fixed segments over parameters, a method over `ANY`, everything over `$default`.

    Args:
        keys: Route keys of an API.
        method: HTTP method in capitals.
        path: Decoded path with a leading slash.
    """
    found: list[tuple[tuple[int, tuple[int, ...], int], Match]] = []
    for key in keys:
        if key == DEFAULT:
            found.append(((1, (), 1), Match(key, {})))
            continue
        route_method, _, pattern = key.partition(" ")
        parameters = _match(pattern, path) if route_method in {method, "ANY"} else None
        if parameters is not None:
            rank = _rank(pattern)
            found.append(((0, rank, int(route_method == "ANY")), Match(key, parameters)))
    return min(found, key=lambda candidate: candidate[0])[1] if found else None


def _match(pattern: str, path: str) -> dict[str, str] | None:
    expected, given = pattern.split("/")[1:], path.split("/")[1:]
    parameters: dict[str, str] = {}
    for index, part in enumerate(expected):
        if _kind(part) == _GREEDY:
            rest = "/".join(given[index:])
            return {**parameters, part[1:-2]: rest} if rest else None
        if index >= len(given):
            return None
        if _kind(part) == _PARAMETER and given[index]:
            parameters[part[1:-1]] = given[index]
        elif part != given[index]:
            return None
    return parameters if len(given) == len(expected) else None


def _kind(part: str) -> int:
    if part.startswith("{") and part.endswith("+}"):
        return _GREEDY
    return _PARAMETER if part.startswith("{") and part.endswith("}") else _STATIC


def _rank(pattern: str) -> tuple[int, ...]:
    kinds = [_kind(part) for part in pattern.split("/")[1:]]
    return (int(_GREEDY in kinds), *kinds)
