"""What a log sink on Lambda is made from, and what its things are called before any of them exists."""

from __future__ import annotations

import dataclasses

from components.aws_lambda.environment import LambdaEnvironment
from components.base import Component
from components.log_sink.args import LogSinkArgs

GROUPS = "sinks"
"""Part of log groups' names below which no function's group lies: `/slipway/{environment}/sinks/{sink}/...`."""


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """What every part of one sink is made from.

    Attributes:
        owner: The component that the parts belong to.
        environment: Its environment.
        args: The sink.
    """

    owner: Component
    environment: LambdaEnvironment
    args: LogSinkArgs

    @property
    def bucket(self) -> str:
        """Bucket of the records, or of those that the store refused."""
        arns = self.environment.arns
        return self.args.bucket or self.named("bucket", arns.account, arns.region)

    @property
    def stream(self) -> str:
        """Firehose stream."""
        return self.named("delivery-stream")

    @property
    def shipper(self) -> str:
        """Function that makes envelopes."""
        return self.named("function")

    @property
    def failures(self) -> str:
        """Queue of events that the shipper failed on, should anybody send it one asynchronously."""
        return self.named("queue", "failures")

    @property
    def groups(self) -> str:
        """What the names of log groups of all sinks begin with."""
        return self.environment.names.log_group(GROUPS)

    @property
    def stream_log(self) -> str:
        """Log group of the stream."""
        return self.environment.names.log_group(GROUPS, self.args.name, "stream")

    @property
    def shipper_log(self) -> str:
        """Log group of the shipper."""
        return self.environment.names.log_group(GROUPS, self.args.name, "shipper")

    def named(self, kind: str, *parts: str) -> str:
        """Physical name of something that belongs to the sink."""
        return self.environment.names.physical(kind, "sink", self.args.name, *parts)

    def take(self, kind: str, name: str) -> str:
        """Note that the sink has something of that kind and name; raises InputError when somebody else has it."""
        return self.environment.names.take(kind, name, self.owner.label)
