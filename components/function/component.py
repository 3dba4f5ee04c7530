"""Function: one deployed function, on the target of its environment."""

from __future__ import annotations

import pulumi

from components.aws_lambda.function import LambdaFunction
from components.base import Component
from components.environment import Environment
from components.function.args import FunctionArgs
from components.tags import function_tags


class Function(Component):
    """A function with everything that it needs to run, to be called, to be seen and to be bounded.

    Creates: what its target needs, for Lambda see `LambdaFunction`.

    Example:
        ```python
        code = Code(bucket=environment.packages_bucket, key="packages/orders/1f3a.zip")
        orders = Function("orders", FunctionArgs(owner="team-payments", runtime="python3.11", code=code,
                                                 handler="main:order", http=[HttpEvent(path="/orders")]), environment)
        pulumi.export("orders", orders.url)
        ```

    Attributes:
        args: Its arguments.
        name: Physical name, known before anything exists.
        arn: What callers and grants name, known before anything exists.
        url: Where it answers HTTP; None when it has no route.
        version: Version that callers reach.
        log_group: Where its logs are, known before anything exists.
    """

    KIND = "Function"

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    url: pulumi.Output[str] | None
    version: pulumi.Output[str]
    log_group: pulumi.Output[str]

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
        self.use_provider(environment.target.provider)
        self.args = args
        made = LambdaFunction(self, args, environment.target)
        self.name = pulumi.Output.from_input(made.name)
        self.arn = pulumi.Output.from_input(made.arn)
        self.url = made.url
        self.version = made.version
        self.log_group = pulumi.Output.from_input(made.log_group)
        self.finish(
            {
                "name": self.name,
                "arn": self.arn,
                "url": self.url,
                "version": self.version,
                "log_group": self.log_group,
            }
        )
