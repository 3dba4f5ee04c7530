"""What triggers and alarms need to know about the function that they belong to."""

from __future__ import annotations

import dataclasses

from pulumi_aws import lambda_, sqs


@dataclasses.dataclass(frozen=True, slots=True)
class Live:
    """The live version of a function and what surrounds it.

    Attributes:
        name: Physical name of the function.
        arn: ARN of the alias, known before it exists.
        dlq_name: Physical name of the queue for failed and undelivered events.
        dlq_arn: Its ARN.
        function: The function.
        alias: The alias that callers reach.
        dlq: The queue.
    """

    name: str
    arn: str
    dlq_name: str
    dlq_arn: str
    function: lambda_.Function
    alias: lambda_.Alias
    dlq: sqs.Queue
