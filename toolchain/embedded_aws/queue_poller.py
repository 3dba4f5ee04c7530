"""Polls the queues of deployed event source mappings and hands their messages to functions."""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import moto.sqs.models as sqs_models
import tenacity
from moto.awslambda_simple import models as lambda_backends_module
from moto.sqs.models import Queue, sqs_backends

from toolchain.embedded_aws import moto_gaps, queue_records
from toolchain.embedded_aws.pool import CannotRunError, ThrottledError

if TYPE_CHECKING:
    from toolchain.embedded_aws.config import Config
    from toolchain.embedded_aws.functions import DeployedFunction
    from toolchain.embedded_aws.invoker import Call, Invoker

_MAX_RECEIVE = 10
_DEFAULT_CONCURRENCY = 5
_WORKERS = 32
_THROTTLE_WAIT_S = 0.5
_log = logging.getLogger(__name__)


class SafeQueue(Queue):
    """A queue whose messages are not lost when one is deleted while another arrives, which moto's may be."""

    @property
    def attributes(self) -> dict[str, Any]:
        """Attributes as GetQueueAttributes gives them."""
        return moto_gaps.compact_redrive_policy(super().attributes)

    def delete_message(self, receipt_handle: str) -> None:
        """Delete a message."""
        with self._messages_lock:
            super().delete_message(receipt_handle)


@dataclasses.dataclass(slots=True)
class _Batch:
    """Messages that wait for their batch to fill."""

    messages: list[Any] = dataclasses.field(default_factory=list)
    since: float = 0.0
    running: int = 0


class QueuePoller:
    """Serves all event source mappings of queues."""

    def __init__(self, config: Config, invoker: Invoker) -> None:
        self._config = config
        self._invoker = invoker
        self._batches: dict[str, _Batch] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="queue")

    def start(self) -> None:
        """Begin to poll in the background."""
        threading.Thread(target=self._run, name="queue-poller", daemon=True).start()

    def close(self) -> None:
        """Poll no more; messages that functions have now become visible again after their visibility timeout."""
        self._closed.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._closed.wait(self._config.poll_s):
            try:
                self.poll()
            except Exception:  # noqa: BLE001 - the poller must outlive whatever is deployed
                _log.exception("polling queues failed")

    def poll(self) -> None:
        """Look once at every mapping."""
        mappings = {mapping.uuid: mapping for mapping in _mappings(self._config.account)}
        for uuid, batch in list(self._batches.items()):
            if uuid not in mappings and not batch.running:
                del self._batches[uuid]
        for uuid, mapping in mappings.items():
            self._serve(mapping, self._batches.setdefault(uuid, _Batch()))

    def _serve(self, mapping: Any, batch: _Batch) -> None:
        """Fill the batch of a mapping, and hand it over when it is full or has waited long enough."""
        limit = int((mapping.scaling_config or {}).get("MaximumConcurrency") or _DEFAULT_CONCURRENCY)
        while batch.running < limit and not self._closed.is_set():
            received = self._receive(mapping, mapping.batch_size - len(batch.messages))
            if received and not batch.messages:
                batch.since = time.monotonic()
            batch.messages += received
            full = len(batch.messages) >= mapping.batch_size
            waited = time.monotonic() - batch.since >= (mapping.max_batch_window or 0)
            if not batch.messages or not (full or waited):
                if not received:
                    return
                continue
            messages, batch.messages = batch.messages, []
            with self._lock:
                batch.running += 1
            self._pool.submit(self._deliver_safely, mapping, batch, messages)

    def _receive(self, mapping: Any, room: int) -> list[Any]:
        backend, name = _queue_of(mapping)
        if name not in backend.queues or room <= 0:
            return []
        queue = backend.get_queue(name)
        count, visibility = min(room, _MAX_RECEIVE), int(queue.visibility_timeout)
        messages: list[Any] = backend.receive_message(name, count, 0, visibility, ["All"])
        patterns = [entry["Pattern"] for entry in (mapping.filter_criteria or {}).get("Filters", [])]
        kept = []
        for message in messages:
            if queue_records.wanted(queue_records.record(message, mapping.event_source_arn), patterns):
                kept.append(message)
            else:
                backend.delete_message(name, message.receipt_handle)
        return kept

    def _deliver_safely(self, mapping: Any, batch: _Batch, messages: list[Any]) -> None:
        try:
            self._deliver(mapping, messages)
        except Exception:  # noqa: BLE001 - a worker thread must say what it lost, whatever the reason
            _log.exception("%d messages of %s could not be delivered", len(messages), mapping.event_source_arn)
        finally:
            with self._lock:
                batch.running -= 1

    def _deliver(self, mapping: Any, messages: list[Any]) -> None:
        backend, name = _queue_of(mapping)
        function = self._invoker.find(mapping.function_arn, region=mapping.region)
        if function is None:
            _log.warning("%s: function %s does not exist", mapping.event_source_arn, mapping.function_arn)
            return
        payload = json.dumps(queue_records.event(messages, mapping.event_source_arn)).encode()
        try:
            call = self._call(function, payload, float(backend.get_queue(name).visibility_timeout))
        except (ThrottledError, CannotRunError) as error:
            _log.warning("%d messages of %s stay in the queue: %s", len(messages), name, error)
            return
        ids = [message.id for message in messages]
        failed = set(ids) if call.outcome.failed else set()
        if not failed and "ReportBatchItemFailures" in (mapping.function_response_types or []):
            failed = queue_records.failures(call.outcome.payload, ids)
        for message in messages:
            if message.id not in failed:
                backend.delete_message(name, message.receipt_handle)
        if failed:
            _log.info("%d of %d messages of %s failed and stay in the queue", len(failed), len(ids), name)

    def _call(self, function: DeployedFunction, payload: bytes, patience_s: float) -> Call:
        """Run the function; while it is throttled, wait as long as the messages stay invisible."""
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ThrottledError),
            wait=tenacity.wait_fixed(_THROTTLE_WAIT_S),
            stop=tenacity.stop_after_delay(patience_s) | tenacity.stop_when_event_set(self._closed),
            sleep=tenacity.sleep_using_event(self._closed),
            reraise=True,
        )
        return attempts(self._invoker.call, function, payload)


def install() -> None:
    """Put the safe queue in the place of moto's, before the first request."""
    sqs_models.Queue = SafeQueue  # type: ignore[misc]


def _mappings(account: str) -> list[Any]:
    backends = dict(lambda_backends_module.lambda_simple_backends[account])
    return [
        mapping
        for backend in backends.values()
        for mapping in list(backend._event_source_mappings.values())  # noqa: SLF001 - moto lists them by queue only
        if mapping.enabled and mapping.event_source_arn.split(":")[2] == "sqs"
    ]


def _queue_of(mapping: Any) -> tuple[Any, str]:
    parts = mapping.event_source_arn.split(":")
    return sqs_backends[parts[4]][parts[3]], parts[5]
