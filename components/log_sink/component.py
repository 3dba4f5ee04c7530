"""LogSink: one central store of logs, as the functions of one target reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.base import Component
from components.errors import InputError
from components.log_sink.args import LogSinkArgs
from components.tags import environment_tags

if TYPE_CHECKING:
    from components.aws_lambda.sinks.sink import LambdaSink
    from components.environment import Environment


class LogSink(Component):
    """What brings logs of functions on one target to a central store.

    An environment makes one for each sink and target; its logical name is `{sink}-{target}`.

    Creates: what its target needs, for Lambda see `LambdaSink`.

    Example:
        ```python
        sinks = [LogSinkArgs(name="central", kind="s3", create=True)]
        args = EnvironmentArgs.from_spec(settings | {"sinks": sinks}).serving(functions)
        environment = Environment("dev", args)
        environment.log_sinks["lambda", "central"].bucket
        ```

    Attributes:
        args: Its arguments.
        target: Whose functions it serves: `lambda` or `knative`.
        bucket: Bucket that records are written to, or those that the store refused; None when there is none.
        on_lambda: What functions on Lambda need of it; None on another target.
    """

    KIND = "LogSink"

    bucket: pulumi.Output[str] | None

    def __init__(
        self,
        name: str,
        args: LogSinkArgs,
        environment: Environment,
        target: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            f"{name}-{target}",
            pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=environment), opts),
            tags={**environment_tags(environment.args), "sink": name},
            transforms=args.transforms,
        )
        self.args = args
        self.target = target
        self.on_lambda = self._lambda(environment) if target == "lambda" else None
        self.bucket = self.on_lambda.bucket if self.on_lambda else None
        self.finish({"bucket": self.bucket})

    # Each target is imported only where a function uses it.

    def _lambda(self, environment: Environment) -> LambdaSink:
        if environment.on_lambda is None:
            raise InputError(f"{self.label}: its environment is not made for the target lambda; use serving(functions)")
        from components.aws_lambda.sinks.sink import LambdaSink  # noqa: PLC0415 - see above

        self.use_provider(environment.on_lambda.provider)
        sink = LambdaSink(self, self.args, environment.on_lambda)
        environment.on_lambda.sinks[self.args.name] = sink
        return sink
