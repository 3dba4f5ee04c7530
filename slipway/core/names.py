"""Physical names that have to be known where no state is at hand: before an update, and for what only runs.

The rule is the components' (`components.names`); contract tests in `tests/unit/slipway/core/test_names.py` hold the two
together.
"""

from __future__ import annotations

import hashlib

# AWS Lambda, CreateFunction, and Amazon S3, CreateBucket.
_FUNCTION_LIMIT = 64
_BUCKET_LIMIT = 63
_HASH = 8


def lambda_name(prefix: str, environment: str, function: str) -> str:
    """Physical name of a function on Lambda."""
    return _fit(_FUNCTION_LIMIT, prefix, environment, function)


def sink_bucket(prefix: str, environment: str, sink: str, account: str, region: str) -> str:
    """Name of the bucket that an environment makes for a log sink."""
    return _fit(_BUCKET_LIMIT, prefix, environment, "sink", sink, account, region)


def _fit(limit: int, *parts: str) -> str:
    whole = "-".join(parts)
    if len(whole) <= limit:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_HASH]
    return f"{whole[: limit - _HASH - 1].rstrip('-_./')}-{digest}"
