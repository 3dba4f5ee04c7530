"""Queues that call a function."""

from __future__ import annotations

from pulumi_aws import lambda_

from components.aws_lambda.environment import LambdaEnvironment
from components.aws_lambda.live import Live
from components.base import Component
from components.function.args import FunctionArgs

_LEAST, _MOST = 2, 1000  # what Lambda accepts as the bound of one queue's pollers


def make_mappings(owner: Component, live: Live, args: FunctionArgs, environment: LambdaEnvironment) -> None:
    """Create an event source mapping for each queue; a batch may fail in part.

    The queues share the function's own `max_scale` as bounds of their pollers, so that a full queue is throttled at the
    queue and no message spends its receive count on a function that has no instance free.
    """
    bound = None
    if args.queues and args.max_scale is not None and args.max_scale >= _LEAST:
        bound = min(max(args.max_scale // len(args.queues), _LEAST), _MOST)
    for event in args.queues:
        queue = environment.catalogue["queue", event.queue]
        owner.child(
            f"queue-{event.queue}",
            lambda_.EventSourceMapping,
            {
                "event_source_arn": queue.arn,
                "function_name": live.arn,
                "batch_size": event.batch,
                "maximum_batching_window_in_seconds": event.window_s or None,
                "function_response_types": ["ReportBatchItemFailures"],
                "scaling_config": {"maximum_concurrency": bound} if bound else None,
            },
            depends_on=[live.alias, *queue.made],
        )
