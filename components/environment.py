"""Environment: the root of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi

from components.base import Component
from components.environment_args import EnvironmentArgs
from components.errors import InputError, nearest
from components.tags import environment_tags

if TYPE_CHECKING:
    from components.aws_lambda.environment import LambdaEnvironment
    from components.knative.environment import KnativeEnvironment
    from components.log_sink.component import LogSink

TARGETS = ("knative", "lambda")


class Environment(Component):
    """What all functions of a stack share: guardrails first, then what the functions stand on.

    Creates: what the targets of its functions need; an environment may have both at once. For Lambda see
    `LambdaEnvironment`, for Knative `KnativeEnvironment`. Then a `LogSink` for each sink that functions use.

    Example:
        ```python
        args = EnvironmentArgs.from_spec(settings).serving(functions)
        environment = Environment("dev", args)
        for name, function in functions.items():
            Function(name, function, environment)
        environment.complete()
        ```

    Attributes:
        args: Its arguments.
        on_lambda: What functions on Lambda need; None when there are none.
        on_knative: What functions on Knative need; None when there are none.
        log_sinks: Log sinks, by target and name.
        packages_bucket: Name of the bucket for packages; it resolves when the bucket's guards stand. None without
            Lambda.
        packages_bucket_name: The same name, known before the bucket exists.
        api_endpoint: Address of the public routes on Lambda, without a slash at the end; None when there are none. On
            Knative each function has an address of its own.
    """

    KIND = "Environment"

    packages_bucket: pulumi.Output[str] | None
    api_endpoint: pulumi.Output[str] | None

    def __init__(self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            name, opts or pulumi.ResourceOptions(), tags=environment_tags(args), transforms=args.transforms
        )
        targets = args.targets or (args.target,)
        found = [f"{self.label}: unknown target {t!r}; {nearest(t, TARGETS)}" for t in targets if t not in TARGETS]
        if found:
            raise InputError(found)
        self.args = args
        self.on_lambda = self._lambda() if "lambda" in targets else None
        self.on_knative = self._knative() if "knative" in targets else None
        self.log_sinks: Mapping[tuple[str, str], LogSink] = self._log_sinks()
        self.packages_bucket = self.on_lambda.packages_bucket if self.on_lambda else None
        self.packages_bucket_name = self.on_lambda.packages_bucket_name if self.on_lambda else None
        entry = self.on_lambda.entry if self.on_lambda else None
        self.api_endpoint = entry.address if entry else None

    def complete(self) -> None:
        """Create what can only follow the functions, and register the outputs. Call it once, after all functions."""
        if self.on_lambda:
            self.on_lambda.complete()
        self.finish({"packages_bucket": self.packages_bucket, "api_endpoint": self.api_endpoint})

    # Each target is imported only where a function uses it: the classes of a provider take a quarter of a second.

    def _lambda(self) -> LambdaEnvironment:
        from components.aws_lambda.environment import LambdaEnvironment  # noqa: PLC0415 - see above

        return LambdaEnvironment(self, self.args)

    def _log_sinks(self) -> dict[tuple[str, str], LogSink]:
        if not self.args.shipped:
            return {}
        from components.log_sink.component import LogSink  # noqa: PLC0415 - see above

        sinks = [sink for sink in self.args.sinks if sink.name in self.args.shipped]
        return {("lambda", sink.name): LogSink(sink.name, sink, self, "lambda") for sink in sinks}

    def _knative(self) -> KnativeEnvironment:
        from components.knative.environment import KnativeEnvironment  # noqa: PLC0415 - see above

        return KnativeEnvironment(self, self.args)
