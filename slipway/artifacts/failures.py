"""Work on many functions at a time goes on when one fails; this makes one error of all that failed."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
from typing import TYPE_CHECKING

from slipway.core.errors import BadInputError, SlipwayError
from slipway.core.findings import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@contextlib.contextmanager
def workers(jobs: int | None = None) -> Iterator[concurrent.futures.Executor]:
    """A pool of threads (default: one for each processor); leaving it early drops what has not begun."""
    pool = concurrent.futures.ThreadPoolExecutor(jobs or os.cpu_count() or 1)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def combined(failures: Iterable[SlipwayError]) -> SlipwayError:
    """One error that says all that several say (at least one); bad input only if all of them are."""
    failures = sorted(failures, key=str)
    if len(failures) == 1:
        return failures[0]
    text = "\n".join(dict.fromkeys(str(error) for error in failures))
    bad_input = [error for error in failures if isinstance(error, BadInputError)]
    if len(bad_input) == len(failures):
        return BadInputError(text, in_order(finding for error in bad_input for finding in error.findings))
    return SlipwayError(text)
