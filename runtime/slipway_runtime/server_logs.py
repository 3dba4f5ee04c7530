"""JSON lines on standard output, with the fields that AWS's runtime client writes on Lambda."""

from __future__ import annotations

import contextvars
import json
import logging
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_ID: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
"""Id of the request or event that is being served."""

_LEVELS = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}
# What every record has; anything else was given by the caller as `extra`.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object for each record: timestamp, level, message, logger, requestId, function, and `extra`.

    Args:
        function: The deployed name of the function.
    """

    converter = staticmethod(time.gmtime)

    def __init__(self, function: str) -> None:
        super().__init__(datefmt="%Y-%m-%dT%H:%M:%SZ")
        self._function = function

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, without its end."""
        structured = isinstance(record.msg, dict) and not record.args
        found: dict[str, Any] = {
            "timestamp": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "message": record.msg if structured else record.getMessage(),
            "logger": record.name,
            **_failure(record),
            "requestId": REQUEST_ID.get(),
            "function": self._function,
        }
        extra = {name: value for name, value in vars(record).items() if name not in _OWN and name not in found}
        # What JSON cannot hold becomes text: a line must never be lost.
        return json.dumps(
            {name: value for name, value in (found | extra).items() if value is not None},
            ensure_ascii=False,
            default=str,
        )


def configure(environ: Mapping[str, str]) -> None:
    """Send all records to standard output.

    Args:
        environ: `K_SERVICE` is the function's name, `SLIPWAY_LOG_LEVEL` the lowest level that is kept (`INFO`).
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(environ.get("K_SERVICE") or "unknown"))
    level = (environ.get("SLIPWAY_LOG_LEVEL") or "INFO").upper()
    logging.basicConfig(level=_LEVELS.get(level, level), handlers=[handler], force=True)


def _failure(record: logging.LogRecord) -> dict[str, Any]:
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, error, trace = record.exc_info
    return {
        "stackTrace": traceback.format_tb(trace),
        "errorType": kind.__name__,
        "errorMessage": str(error),
        "location": f"{record.pathname}:{record.funcName}:{record.lineno}",
    }
