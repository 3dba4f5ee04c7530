"""Function: one deployed function, on its own target or that of its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.base import Component
from components.environment import TARGETS, Environment
from components.errors import InputError, nearest
from components.function.args import FunctionArgs
from components.serving import target_of
from components.tags import function_tags

if TYPE_CHECKING:
    from components.aws_lambda.function import LambdaFunction
    from components.knative.function import KnativeFunction


class Function(Component):
    """A function with everything that it needs to run, to be called, to be seen and to be bounded.

    Creates: what its target needs, for Lambda see `LambdaFunction`, for Knative `KnativeFunction`.

    Example:
        ```python
        code = Code(bucket=environment.packages_bucket, key="packages/orders/1f3a.zip")
        orders = Function("orders", FunctionArgs(owner="team-payments", runtime="python3.11", code=code,
                                                 handler="main:order", http=[HttpEvent(path="/orders")]), environment)
        pulumi.export("orders", orders.url)
        ```

    Attributes:
        args: Its arguments.
        target: Where it runs: `lambda` or `knative`.
        name: Physical name, known before anything exists.
        arn: What callers and grants name, known before anything exists; on Knative, the API path of the Service.
        url: Where it answers HTTP; None when it has no route.
        version: Newest version: number of the Lambda version, name of the Knative revision.
        log_group: Where its logs are, known before anything exists; None where the cluster collects them.
    """

    KIND = "Function"

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    url: pulumi.Output[str] | None
    version: pulumi.Output[str]
    log_group: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: FunctionArgs, environment: Environment, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        defaults = pulumi.ResourceOptions(parent=environment)
        super().__init__(
            name,
            pulumi.ResourceOptions.merge(defaults, opts),
            tags=function_tags(name, args, environment.args),
            transforms=args.transforms,
        )
        self.args = args
        self.target = target_of(args, environment.args)
        made = self._made(environment)
        self.name = pulumi.Output.from_input(made.name)
        self.arn = pulumi.Output.from_input(made.arn)
        self.url = made.url
        self.version = made.version
        self.log_group = None if made.log_group is None else pulumi.Output.from_input(made.log_group)
        self.finish(
            {
                "name": self.name,
                "arn": self.arn,
                "url": self.url,
                "version": self.version,
                "log_group": self.log_group,
            }
        )

    def _made(self, environment: Environment) -> LambdaFunction | KnativeFunction:
        if self.target not in TARGETS:
            raise InputError(f"{self.label}: unknown target {self.target!r}; {nearest(self.target, TARGETS)}")
        half = environment.on_lambda if self.target == "lambda" else environment.on_knative
        if half is None:
            raise InputError(
                f"{self.label}: its environment is not made for the target {self.target}; "
                "make its args with EnvironmentArgs.serving(functions)"
            )
        self.use_provider(half.provider)
        # Each target is imported only where a function uses it.
        if environment.on_lambda is half:
            from components.aws_lambda.function import LambdaFunction  # noqa: PLC0415 - see above

            return LambdaFunction(self, self.args, environment.on_lambda)
        from components.knative.function import KnativeFunction  # noqa: PLC0415 - see above

        assert environment.on_knative is not None
        return KnativeFunction(self, self.args, environment.on_knative)
