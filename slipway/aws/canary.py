"""Writes lines of the delivery canary into a function's log group, in a stream of their own, as Lambda would.

Everything behind the log group is the real path: subscription filters, streams, shippers, stores. The function is not
called, so the canary costs no invocation and does nothing that the function does.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING

from slipway.aws.clients import readable_errors
from slipway.running.records import stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slipway.aws.clients import Aws
    from slipway.running.canary import Run

# CloudWatch Logs, PutLogEvents: 10,000 events and 1 MB with 26 bytes for each; a line has less than 300.
_BATCH = 1000


@contextlib.contextmanager
def planted(aws: Aws, function: str, group: str, run: Run, now: Callable[[], int]) -> Iterator[None]:
    """Write the lines; at the end, the stream is removed again.

    Args:
        aws: The account.
        function: Name of the function, for messages.
        group: Its log group.
        run: The lines.
        now: The time, in nanoseconds since 1970.

    Raises:
        EngineError: There is no such group, or AWS refused or failed.
    """
    client = aws.client("logs")
    day = dt.datetime.fromtimestamp(now() / 1_000_000_000, tz=dt.UTC)
    # As Lambda calls its streams: the version stands in brackets.
    where = {"logGroupName": group, "logStreamName": f"{day:%Y/%m/%d}/[canary]{run.id}"}
    with readable_errors(aws.environment, f"{function}: log group {group}"):
        client.create_log_stream(**where)
        try:
            for start in range(0, run.count, _BATCH):
                moment = now()
                events = [
                    {"timestamp": moment // 1_000_000, "message": run.line(number, stamp_of(moment, 3))}
                    for number in range(start, min(start + _BATCH, run.count))
                ]
                client.put_log_events(**where, logEvents=events)
            yield
        finally:
            client.delete_log_stream(**where)
