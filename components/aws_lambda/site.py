"""Where an environment lies and what its things are called."""

from __future__ import annotations

import dataclasses

from components.aws_lambda.arns import Arns
from components.environment_args import AwsArgs, EnvironmentArgs
from components.names import Names


@dataclasses.dataclass(frozen=True, slots=True)
class Site:
    """What every part of an environment is made from.

    Attributes:
        args: The environment as its operators describe it.
        aws: Its account and region.
        names: Its physical names.
        arns: ARNs of its account and region.
    """

    args: EnvironmentArgs
    aws: AwsArgs
    names: Names
    arns: Arns

    @property
    def tls(self) -> bool:
        """Whether AWS is reached through TLS; an embedded one is not, but takes policies literally."""
        return self.aws.endpoint is None or self.aws.endpoint.startswith("https:")

    @classmethod
    def of(cls, args: EnvironmentArgs, aws: AwsArgs) -> Site:
        """The site that these arguments describe."""
        return cls(args, aws, Names(args.prefix, args.environment), Arns(aws))
