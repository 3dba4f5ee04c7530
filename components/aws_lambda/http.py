"""HTTP on Lambda: a Function URL for internal callers, routes of the environment's HTTP API for public ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws import apigatewayv2, lambda_

from components.aws_lambda.entry import PublicEntry, cors_args
from components.aws_lambda.live import Live
from components.base import Component
from components.function.args import HttpEvent
from components.names import part_of

_INTEGRATION_MS = 30_000  # the most that an HTTP API waits; the function's own timeout ends it sooner


def make_function_url(owner: Component, live: Live, routes: Sequence[HttpEvent]) -> pulumi.Output[str]:
    """Create the Function URL, for signed requests alone.

    A Function URL serves every path and method; the adapter in the package sees them as they are.

    Returns:
        Its address.
    """
    cors = next((route.cors for route in routes if route.cors is not None), None)
    if cors is not None:
        # Lambda answers every preflight itself, and refuses OPTIONS among the methods.
        cors = dataclasses.replace(cors, methods=[method for method in cors.methods if method != "OPTIONS"])
    url = owner.child(
        "url",
        lambda_.FunctionUrl,
        {
            "function_name": live.function.name,
            "qualifier": live.alias.name,
            "authorization_type": "AWS_IAM",
            "cors": cors_args(cors),
        },
    )
    return url.function_url


def make_public_routes(
    owner: Component, live: Live, routes: Sequence[HttpEvent], entry: PublicEntry
) -> pulumi.Output[str]:
    """Create the routes, each with the permission to call the function from that route alone.

    Returns:
        Address of the first route.
    """
    integration = owner.child(
        "integration",
        apigatewayv2.Integration,
        {
            "api_id": entry.api.id,
            "integration_type": "AWS_PROXY",
            "integration_method": "POST",
            "integration_uri": live.arn,
            "payload_format_version": "2.0",
            "timeout_milliseconds": _INTEGRATION_MS,
        },
        depends_on=[live.alias],
    )
    for route in routes:
        for method in route.methods:
            _make_route(owner, route, f"{method} {route.path}", entry, integration)
            _permit(owner, live, route.path, method, entry)
    return entry.address.apply(lambda address: address + routes[0].path)


def _make_route(
    owner: Component, route: HttpEvent, key: str, entry: PublicEntry, integration: apigatewayv2.Integration
) -> None:
    made = owner.child(
        part_of("route", key, key),
        apigatewayv2.Route,
        {
            "api_id": entry.api.id,
            "route_key": key,
            "target": integration.id.apply(lambda id_: f"integrations/{id_}"),
            **_authorization(route, entry),
        },
    )
    entry.add(key, made, route.throttle)


def _permit(owner: Component, live: Live, path: str, method: str, entry: PublicEntry) -> None:
    key = f"{method} {path}"
    caller = "*" if method == "ANY" else method
    owner.child(
        part_of("route-permission", key, key),
        lambda_.Permission,
        {
            "statement_id": part_of("route", key, key),
            "action": "lambda:InvokeFunction",
            "function": live.function.name,
            "qualifier": live.alias.name,
            "principal": "apigateway.amazonaws.com",
            # The API has one stage, so any stage is that one.
            "source_arn": entry.source_arn.apply(lambda arn: f"{arn}/*/{caller}{path}"),
        },
        delete_before_replace=True,  # a policy takes each statement id once, and this one follows from the route alone
    )


def _authorization(route: HttpEvent, entry: PublicEntry) -> dict[str, Any]:
    match route.auth:
        case "token":
            assert entry.authorizer is not None
            return {"authorization_type": "JWT", "authorizer_id": entry.authorizer.id}
        case "iam":
            return {"authorization_type": "AWS_IAM"}
        case _:
            return {"authorization_type": "NONE"}
