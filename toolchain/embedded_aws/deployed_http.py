"""What is deployed that answers HTTP: HTTP APIs with their routes, and Function URLs."""

from __future__ import annotations

import dataclasses
from typing import Any

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.utils import get_backend

_STAGE = "$default"
_ALL = {"throttlingRateLimit": 10_000.0, "throttlingBurstLimit": 5_000}
"""Bounds of an account without settings, as on AWS."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class FunctionUrl:
    """A Function URL: its function's name and qualifier, region, id, who may call, and CORS settings."""

    function: str
    qualifier: str | None
    region: str
    url_id: str
    auth_type: str
    cors: dict[str, Any] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Api:
    """An HTTP API with its region; `model` is moto's."""

    region: str
    model: Any

    @property
    def id(self) -> str:
        """Id of the API."""
        return str(self.model.api_id)

    @property
    def domain(self) -> str:
        """Host name that AWS would serve it at."""
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"

    @property
    def stage(self) -> Any:
        """The default stage, or None when nothing is served yet."""
        return self.model.stages.get(_STAGE)

    def routes(self) -> dict[str, Any]:
        """Routes by their keys."""
        return {route.route_key: route for route in list(self.model.routes.values())}

    def integration(self, route: Any) -> Any:
        """The integration of a route, or None."""
        return self.model.integrations.get(str(route.target or "").rpartition("/")[2])

    def authorizer(self, route: Any) -> Any:
        """The authoriser of a route, or None."""
        return self.model.authorizers.get(route.authorizer_id)

    def bounds(self, key: str) -> tuple[float, float]:
        """Requests a second and at once that a route takes."""
        stage = self.stage
        settings = {**_ALL, **_set(stage.default_route_settings), **_set((stage.route_settings or {}).get(key))}
        return float(settings["throttlingRateLimit"]), float(settings["throttlingBurstLimit"])


def apis(account: str) -> list[Api]:
    """All HTTP APIs of an account, the oldest first."""
    regions = dict(apigatewayv2_backends[account])
    found = [
        Api(region, model)
        for region, backend in regions.items()
        for model in list(backend.apis.values())
        if model.protocol_type == "HTTP"
    ]
    return sorted(found, key=lambda api: api.model.created_date)


def function_url(account: str, region: str, name: str) -> FunctionUrl | None:
    """The Function URL of a function, by the function's name, or None."""
    backend: Any = get_backend(account, region)
    model = backend.find_url(name)
    if model is None:
        return None
    return FunctionUrl(
        function=name,
        qualifier=model.qualifier,
        region=region,
        url_id=model.url_id,
        auth_type=model.config["AuthType"],
        cors=model.config["Cors"],
    )


def _set(settings: Any) -> dict[str, Any]:
    return {name: value for name, value in (settings or {}).items() if value is not None and name in _ALL}
