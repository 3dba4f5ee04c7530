"""Environment variables of a function on Knative: the developer's, the catalogue's and the runtime's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from components.canonical import compact
from components.environment_args import EnvironmentArgs
from components.function.args import FunctionArgs, HttpEvent
from components.function.variables import framework_variables
from components.knative.resources import Resource

WHOLE = "value"
"""Key of a Kubernetes Secret that stands for the secret as a whole."""


def variables_of(
    args: FunctionArgs,
    environment: EnvironmentArgs,
    uses: Sequence[Resource],
    resources: Mapping[tuple[str, str], Resource],
) -> Mapping[str, Any]:
    """All variables. What Slipway sets wins, because the function could not be found or served without it.

    Args:
        args: The function.
        environment: Its environment.
        uses: What it uses of the catalogue.
        resources: The catalogue.

    Returns:
        Name to text, or to where Kubernetes takes the value from.
    """
    made: dict[str, Any] = dict(args.environment)
    for resource in uses:
        made.update(resource.variables)
    for secret in args.secrets:
        name = resources["secret", secret.secret].secret
        made[secret.variable] = {"secretKeyRef": {"name": name, "key": secret.field or WHOLE}}
    if args.handler is not None:
        made.update(framework_variables(args))
        made.update(
            {
                "SLIPWAY_CONCURRENCY": str(args.concurrency),
                "SLIPWAY_LOG_LEVEL": environment.log_level,
                "SLIPWAY_ROUTES": _routes(args, environment),
                "SLIPWAY_TIMEOUT": str(args.timeout_s),
            }
        )
        if args.secrets:
            made["SLIPWAY_MASKED"] = ",".join(sorted(secret.variable for secret in args.secrets))
    return made


def _routes(args: FunctionArgs, environment: EnvironmentArgs) -> str:
    """What the server in the image answers; Knative itself knows hosts but neither paths nor tokens."""
    tokens = environment.tokens if any(route.auth == "token" for route in args.http) else None
    return compact(
        {
            "routes": [_route(route) for route in args.http],
            "tokens": {"issuer": tokens.issuer, "audience": list(tokens.audience)} if tokens else None,
        }
    )


def _route(route: HttpEvent) -> dict[str, Any]:
    made = dataclasses.asdict(route)
    del made["throttle"]  # Knative bounds instances, not requests
    return made
