"""Queues that call a function."""

from __future__ import annotations

from pulumi_aws import lambda_

from components.aws_lambda.environment import LambdaEnvironment
from components.aws_lambda.live import Live
from components.base import Component
from components.function.args import FunctionArgs

_CONCURRENCY = range(2, 1000 + 1)  # what Lambda accepts as the bound of one queue's pollers


def make_mappings(owner: Component, live: Live, args: FunctionArgs, environment: LambdaEnvironment) -> None:
    """Create an event source mapping for each queue; a batch may fail in part.

    The pollers are bounded by the function's own `max_scale`, so that a full queue is throttled at the queue and no
    message spends its receive count on a function that has no instance free.
    """
    for event in args.queues:
        queue = environment.catalogue["queue", event.queue]
        bound = min(args.max_scale or 0, _CONCURRENCY[-1])
        owner.child(
            f"queue-{event.queue}",
            lambda_.EventSourceMapping,
            {
                "event_source_arn": queue.arn,
                "function_name": live.arn,
                "batch_size": event.batch,
                "maximum_batching_window_in_seconds": event.window_s or None,
                "function_response_types": ["ReportBatchItemFailures"],
                "scaling_config": {"maximum_concurrency": bound} if bound in _CONCURRENCY else None,
            },
            depends_on=[live.alias, *queue.made],
        )
