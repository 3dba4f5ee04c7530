"""Environment: the root of a stack."""

from __future__ import annotations

import pulumi

from components.aws_lambda.environment import LambdaEnvironment
from components.base import Component
from components.environment_args import EnvironmentArgs
from components.errors import InputError, nearest
from components.tags import environment_tags

TARGETS = ("lambda",)


class Environment(Component):
    """What all functions of a stack share: guardrails first, then what the functions stand on.

    Creates: what its target needs, for Lambda see `LambdaEnvironment`.

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
        target: What the target's functions need.
        packages_bucket: Name of the bucket for packages; it resolves when the bucket's guards stand.
        packages_bucket_name: The same name, known before the bucket exists.
        api_endpoint: Address of the public routes, without a slash at the end; None when there are none.
    """

    KIND = "Environment"

    packages_bucket: pulumi.Output[str]
    api_endpoint: pulumi.Output[str] | None

    def __init__(self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            name, opts or pulumi.ResourceOptions(), tags=environment_tags(args), transforms=args.transforms
        )
        if args.target not in TARGETS:
            raise InputError(f"{self.label}: unknown target {args.target!r}; {nearest(args.target, TARGETS)}")
        self.args = args
        self.target = LambdaEnvironment(self, args)
        self.packages_bucket = self.target.packages_bucket
        self.packages_bucket_name = self.target.packages_bucket_name
        self.api_endpoint = self.target.entry.address if self.target.entry else None

    def complete(self) -> None:
        """Create what can only follow the functions, and register the outputs. Call it once, after all functions."""
        self.target.complete()
        self.finish({"packages_bucket": self.packages_bucket, "api_endpoint": self.api_endpoint})
