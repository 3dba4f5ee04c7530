"""What rules about routes of APIs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.rules._functions import said

if TYPE_CHECKING:
    from policies.judge.values import Resource

PATHS = {
    "aws:apigatewayv2/route:Route": "authorizationType",
    "aws:apigateway/method:Method": "authorization",
}
"""Types of routes, with the property that says who may call."""


def authorization(route: Resource) -> Any:
    """Who may call a route, as far as the program says it."""
    return said(route, PATHS[route.type])


def is_preflight(route: Resource) -> bool:
    """Whether it answers browsers that ask before they call; they never show who they are."""
    key = route.get("routeKey")
    return route.get("httpMethod") == "OPTIONS" or (isinstance(key, str) and key.startswith("OPTIONS "))
