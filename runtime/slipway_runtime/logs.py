"""Log records: AWS's runtime client makes JSON lines of them (level, message, requestId); `function` is added."""

from __future__ import annotations

import logging
import os

log = logging.getLogger("slipway_runtime")


def add_function_name() -> None:
    """Give every record that reaches a handler of the root logger the field `function`.

    The handler that AWS's runtime client installs writes unknown fields of a record into its JSON lines. The name
    is the deployed one, from `AWS_LAMBDA_FUNCTION_NAME`.
    """
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "unknown")

    def add(record: logging.LogRecord) -> bool:
        record.function = name
        return True

    for handler in logging.getLogger().handlers:
        handler.addFilter(add)
