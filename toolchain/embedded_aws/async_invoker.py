"""Asynchronous invocations: a queue in memory, retries, and where events go that fail for good.

Facts: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import heapq
import itertools
import json
import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from toolchain.embedded_aws import async_settings
from toolchain.embedded_aws.pool import CannotRunError, ThrottledError

if TYPE_CHECKING:
    from toolchain.embedded_aws.config import Config
    from toolchain.embedded_aws.functions import DeployedFunction
    from toolchain.embedded_aws.invoker import Call, Invoker
    from toolchain.embedded_aws.targets import Targets

_WORKERS = 8
_THROTTLE_DELAY_S = 1.0
_log = logging.getLogger(__name__)


@dataclasses.dataclass(kw_only=True, slots=True)
class _Event:
    reference: str
    region: str
    payload: bytes
    request_id: str
    accepted: float
    attempts: int = 0
    throttled: int = 0


class AsyncInvoker:
    """Runs accepted events in the background, each until it succeeds or is given up."""

    def __init__(self, config: Config, invoker: Invoker, targets: Targets) -> None:
        self._config = config
        self._invoker = invoker
        self._targets = targets
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="async-invoke")
        self._waiting: list[tuple[float, int, _Event]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._dispatch, name="async-dispatch", daemon=True).start()

    def submit(self, function: DeployedFunction, payload: bytes) -> str:
        """Accept an event for a function; returns the id of its invocation."""
        event = _Event(
            reference=function.arn,
            region=function.region,
            payload=payload,
            request_id=str(uuid.uuid4()),
            accepted=time.time(),
        )
        self._later(event, 0)
        return event.request_id

    def close(self) -> None:
        """Take no more events; those that wait are given up."""
        with self._changed:
            self._closed = True
            if self._waiting:
                _log.warning("%d asynchronous invocations were given up: the embedded AWS stops", len(self._waiting))
            self._waiting.clear()
            self._changed.notify_all()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _later(self, event: _Event, delay_s: float) -> None:
        with self._changed:
            if not self._closed:
                heapq.heappush(self._waiting, (time.monotonic() + delay_s, next(self._order), event))
                self._changed.notify_all()

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._waiting or self._waiting[0][0] > time.monotonic()):
                    pause = self._waiting[0][0] - time.monotonic() if self._waiting else None
                    self._changed.wait(None if pause is None else max(pause, 0))
                if self._closed:
                    return
                event = heapq.heappop(self._waiting)[2]
                self._pool.submit(self._attempt_safely, event)

    def _attempt_safely(self, event: _Event) -> None:
        try:
            self._attempt(event)
        except Exception:  # noqa: BLE001 - a worker thread must say what it lost, whatever the reason
            _log.exception("asynchronous invocation %s of %s was lost", event.request_id, event.reference)

    def _attempt(self, event: _Event) -> None:
        function = self._invoker.find(event.reference, region=event.region)
        if function is None:
            _log.warning("asynchronous invocation %s: %s is gone", event.request_id, event.reference)
            return
        settings = async_settings.read(function)
        expired = time.time() - event.accepted > settings.max_age_s
        try:
            call = self._invoker.call(function, event.payload, request_id=event.request_id)
        except ThrottledError:
            if expired:
                self._give_up(event, function, settings, "EventAgeExceeded", None)
                return
            event.throttled += 1
            self._later(event, min(_THROTTLE_DELAY_S * 2 ** min(event.throttled, 8), 300))
            return
        except CannotRunError:
            _log.exception("asynchronous invocation %s", event.request_id)
            self._give_up(event, function, settings, "RetriesExhausted", None)
            return
        event.attempts += 1
        if not call.outcome.failed:
            if settings.on_success:
                self._targets.send(settings.on_success, _record(event, function, "Success", call), {})
        elif event.attempts <= settings.retries and not expired:
            self._later(event, self._config.retry_delay_s * 2 ** (event.attempts - 1))
        else:
            condition = "EventAgeExceeded" if expired else "RetriesExhausted"
            self._give_up(event, function, settings, condition, call)

    def _give_up(
        self,
        event: _Event,
        function: DeployedFunction,
        settings: async_settings.AsyncSettings,
        condition: str,
        call: Call | None,
    ) -> None:
        _log.warning("asynchronous invocation %s of %s failed: %s", event.request_id, event.reference, condition)
        if settings.on_failure:
            self._targets.send(settings.on_failure, _record(event, function, condition, call), {})
        if settings.dead_letter:
            message = json.loads(call.outcome.payload).get("errorMessage", "") if call else condition
            attributes = {"RequestID": event.request_id, "ErrorCode": "200", "ErrorMessage": str(message)[:1024]}
            self._targets.send(settings.dead_letter, event.payload.decode(), attributes)


def _record(event: _Event, function: DeployedFunction, condition: str, call: Call | None) -> str:
    """An invocation record, as destinations receive it."""
    moment = dt.datetime.now(tz=dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    arn = function.arn if function.arn.count(":") > 6 else f"{function.arn}:$LATEST"  # noqa: PLR2004 - parts of an ARN
    context: dict[str, Any] = {"requestId": event.request_id, "functionArn": arn, "condition": condition}
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": moment,
        "requestContext": {**context, "approximateInvokeCount": event.attempts},
        "requestPayload": json.loads(event.payload),
    }
    if call:
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": call.version}
        if call.outcome.failed:
            response["functionError"] = "Unhandled"
        record |= {"responseContext": response, "responsePayload": json.loads(call.outcome.payload or b"null")}
    return json.dumps(record)
