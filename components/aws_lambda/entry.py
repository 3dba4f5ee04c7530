"""The public entry of an environment: one HTTP API that the routes of all functions hang on."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_aws import apigatewayv2, cloudwatch

from components.aws_lambda.site import Site
from components.base import Component
from components.canonical import compact
from components.function.args import Cors, Throttle
from components.names import Names

_LOGGED = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "sourceIp": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "route": "$context.routeKey",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "latencyMs": "$context.responseLatency",
    "integrationLatencyMs": "$context.integrationLatency",
    "error": "$context.error.message",
    "integrationError": "$context.integrationErrorMessage",
}


def cors_args(cors: Cors | None) -> dict[str, object] | None:
    """Cross-origin rules as HTTP APIs and Function URLs take them; None when there are none."""
    if cors is None:
        return None
    return {
        "allow_origins": sorted(cors.origins),
        "allow_methods": sorted(cors.methods) or None,
        "allow_headers": sorted(cors.headers) or None,
        "allow_credentials": cors.credentials,
        "max_age": cors.max_age_s,
    }


class PublicEntry:
    """The HTTP API, its authoriser for tokens, and its stage, which comes last because it names routes.

    Attributes:
        api: The HTTP API.
        source_arn: ARN by which permissions name the API as the caller.
        authorizer: Checks tokens; None when the environment has no issuer.
        address: Where the API answers, without a slash at the end.
    """

    def __init__(self, owner: Component, site: Site, key_arn: pulumi.Input[str]) -> None:
        args, names = site.args, site.names
        self._owner = owner
        self._args = args
        self._routes: dict[str, tuple[Throttle, apigatewayv2.Route]] = {}
        group = names.log_group("_http")  # no function can have this name
        self._log_arn = site.arns.log_group(names.take("log-group", group, "access log of the environment"))
        self._logs = owner.child(
            "http-logs",
            cloudwatch.LogGroup,
            {"name": group, "retention_in_days": args.log_retention_days, "kms_key_id": key_arn},
        )
        self.api = owner.child(
            "http",
            apigatewayv2.Api,
            {
                "name": names.physical("api"),
                "protocol_type": "HTTP",
                "description": f"Public routes of {args.environment}",
                "cors_configuration": cors_args(args.cors),
            },
        )
        self.source_arn = self.api.id.apply(site.arns.api)
        self.authorizer = self._authorizer(names)
        entry = site.aws.http_entry
        self.address = pulumi.Output.from_input(entry.rstrip("/")) if entry else self.api.api_endpoint

    def add(self, key: str, route: apigatewayv2.Route, throttle: Throttle | None) -> None:
        """Take note of a route with bounds of its own, or none.

        Args:
            key: Route key, `GET /orders`.
            route: The route.
            throttle: Its bounds; None takes the environment's.
        """
        if throttle is not None:
            self._routes[key] = (throttle, route)

    def open(self) -> apigatewayv2.Stage:
        """Create the stage. API Gateway refuses bounds of a route that does not exist, so all routes come first."""
        settings = [
            {
                "route_key": key,
                "throttling_rate_limit": throttle.rate,
                "throttling_burst_limit": throttle.burst,
                "detailed_metrics_enabled": True,
            }
            for key, (throttle, _) in sorted(self._routes.items())
        ]
        return self._owner.child(
            "http-stage",
            apigatewayv2.Stage,
            {
                "api_id": self.api.id,
                "name": "$default",
                "auto_deploy": True,
                "access_log_settings": {
                    "destination_arn": self._log_arn,
                    "format": compact(_LOGGED),
                },
                "default_route_settings": {
                    "throttling_rate_limit": self._args.throttle_rate,
                    "throttling_burst_limit": self._args.throttle_burst,
                    "detailed_metrics_enabled": True,
                },
                "route_settings": settings or None,
            },
            depends_on=[self._logs, *[route for _, route in self._routes.values()]],
        )

    def _authorizer(self, names: Names) -> apigatewayv2.Authorizer | None:
        tokens = self._args.tokens
        if tokens is None:
            return None
        jwt: Mapping[str, object] = {"issuer": tokens.issuer, "audiences": sorted(tokens.audience)}
        return self._owner.child(
            "http-tokens",
            apigatewayv2.Authorizer,
            {
                "api_id": self.api.id,
                "name": names.physical("authorizer", "tokens"),
                "authorizer_type": "JWT",
                "identity_sources": ["$request.header.Authorization"],
                "jwt_configuration": jwt,
            },
        )
