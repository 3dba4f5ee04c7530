"""Environment variables of a function on Lambda: the developer's, the catalogue's and the runtime's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.aws_lambda.grants import Resource
from components.canonical import compact
from components.function.args import FunctionArgs
from components.function.variables import framework_variables, variable_of

ADAPTER = "slipway_runtime.lambda_handler.handle"
LIMIT = 4096  # bytes of all names and values together: a quota of Lambda


def handler_of(args: FunctionArgs) -> str:
    """The Lambda property `handler` of a package: the adapter for Functions Framework, else the function itself."""
    assert args.handler is not None
    return args.handler.replace(":", ".") if args.signature == "lambda" else ADAPTER


def variables_of(
    args: FunctionArgs,
    uses: Sequence[tuple[Resource, Sequence[str]]],
    catalogue: Mapping[tuple[str, str], Resource],
) -> Mapping[str, str]:
    """All variables. What Slipway sets wins, because the function could not be found or served without it."""
    made: dict[str, str] = dict(args.environment)
    for resource, _ in uses:
        made.update(_of_resource(resource))
    if args.secrets:
        made["SLIPWAY_SECRETS"] = compact(
            {
                secret.variable: {"arn": catalogue["secret", secret.secret].arn, "field": secret.field}
                for secret in args.secrets
            }
        )
    made.update(framework_variables(args))
    return made


def _of_resource(resource: Resource) -> Mapping[str, str]:
    kind, name = resource.kind, resource.name
    last = resource.arn.rsplit(":", 1)[-1]
    match kind:
        case "queue":
            return {variable_of(kind, name, "url"): resource.url, variable_of(kind, name, "arn"): resource.arn}
        case "bucket":
            return {variable_of(kind, name): last}
        case "table":
            return {variable_of(kind, name): last.removeprefix("table/")}
        case "topic" | "key" | "function":
            return {variable_of(kind, name, "arn"): resource.arn}
        case "service":
            return {variable_of(kind, name, "url"): resource.url}
        case _:
            return {}
