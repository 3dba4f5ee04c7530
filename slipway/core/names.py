"""Physical names that have to be known where no state is at hand: before an update, and for what only runs.

The rule is the components' (`components.names`); contract tests in `tests/unit/slipway/core/test_names.py` hold the two
together.
"""

from __future__ import annotations

import hashlib

# AWS Lambda, CreateFunction: 64 characters.
_LIMIT = 64
_HASH = 8


def lambda_name(prefix: str, environment: str, function: str) -> str:
    """Physical name of a function on Lambda."""
    whole = f"{prefix}-{environment}-{function}"
    if len(whole) <= _LIMIT:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_HASH]
    return f"{whole[: _LIMIT - _HASH - 1].rstrip('-_./')}-{digest}"
