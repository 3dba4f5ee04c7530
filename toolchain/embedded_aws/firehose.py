"""Firehose streams that gather, transform and deliver; moto's write each record to the bucket at once, as it is.

Records are on disk before they are acknowledged, and leave it when the state that holds their objects is saved.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import moto.logs.models as logs_models
from moto.firehose.exceptions import ResourceNotFoundException
from moto.firehose.models import FirehoseBackend, firehose_backends
from moto.logs.models import LogEvent, LogGroup

from toolchain.embedded_aws import firehose_delivery, firehose_spool
from toolchain.embedded_aws.firehose_spool import Spool
from toolchain.embedded_aws.firehose_stream import describe
from toolchain.embedded_aws.firehose_transform import Record, Transformer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from toolchain.embedded_aws.config import Config
    from toolchain.embedded_aws.firehose_spool import Segment
    from toolchain.embedded_aws.firehose_stream import Stream
    from toolchain.embedded_aws.invoker import Invoker
    from toolchain.embedded_aws.keeper import Keeper

_LOOK_S = 0.1
_WORKERS = 4
_RETRY_S = 1.0
_END_S = 5.0
_RECORD_EVENTS, _RECORD_BYTES = 10_000, 1024 * 1024  # what one record from CloudWatch Logs holds at the most
_log = logging.getLogger(__name__)
_Key = tuple[str, str, str]


class Firehose:
    """All streams of this AWS.

    Args:
        config: Where records lie, and how long they are gathered at the most.
        invoker: Runs the functions that transform records.
        keeper: Saves the objects that records become.
    """

    def __init__(self, config: Config, invoker: Invoker, keeper: Keeper) -> None:
        self._config = config
        self._keeper = keeper
        self._folder = config.state / "firehose"
        self._closed = threading.Event()
        self._transformer = Transformer(invoker, self._closed)
        self._lock = threading.Lock()
        self._spools: dict[_Key, Spool] = {}
        self._busy: dict[_Key, float] = {}
        self._delivered: list[Segment] = []
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="firehose")
        for folder in self._folder.glob("*/*/*"):
            account, region, name = folder.parts[-3:]
            self._spools[account, region, name] = Spool(folder)
        keeper.on_save(self._saving)

    def start(self) -> None:
        """Begin to deliver in the background."""
        threading.Thread(target=self._run, name="firehose", daemon=True).start()

    def close(self) -> None:
        """Deliver no more; what is not delivered yet stays on disk for the next start."""
        self._closed.set()
        deadline = time.monotonic() + _END_S
        while self._at_work() and time.monotonic() < deadline:
            time.sleep(_LOOK_S / 2)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def put(self, key: _Key, entries: Sequence[dict[str, Any]]) -> None:
        """Take entries for a stream: records, or batches of log events."""
        self._spool(key).put(entries)
        self._keeper.touch()

    def forget(self, key: _Key) -> None:
        """Forget what a stream holds, because it is deleted."""
        with self._lock:
            spool = self._spools.pop(key, None)
            self._delivered = [item for item in self._delivered if item.path.parent != self._folder.joinpath(*key)]
        if spool is not None:
            spool.clear()

    def _spool(self, key: _Key) -> Spool:
        with self._lock:
            if key not in self._spools:
                self._spools[key] = Spool(self._folder.joinpath(*key))
            return self._spools[key]

    def _saving(self) -> Callable[[bool], None]:
        """Called before the state is saved: what is delivered by now may leave the disk once it is."""
        with self._lock:
            delivered, self._delivered = self._delivered, []

        def saved(complete: bool) -> None:
            if complete:
                for segment in delivered:
                    firehose_spool.remove(segment)
            else:
                with self._lock:
                    self._delivered += delivered

        return saved

    def _at_work(self) -> bool:
        with self._lock:
            return any(until == 0 for until in self._busy.values())

    def _run(self) -> None:
        while not self._closed.wait(_LOOK_S):
            try:
                self._look()
            except Exception:  # noqa: BLE001 - the streams must outlive whatever is deployed
                _log.exception("looking after Firehose streams failed")

    def _look(self) -> None:
        """Hand each stream's due segment to a worker; a stream has one at a time, and its records keep their order."""
        now = time.monotonic()
        with self._lock:
            self._busy = {key: until for key, until in self._busy.items() if until == 0 or until > now}
            free = [(key, spool) for key, spool in self._spools.items() if key not in self._busy]
        for key, spool in free:
            account, region, name = key
            model = firehose_backends[account][region].delivery_streams.get(name)
            if model is None:
                continue  # it comes back with the next update, after a restart with an empty AWS
            stream = describe(model, account, region)
            segment = spool.take(min(stream.interval_s, self._config.gather_s), stream.size)
            if segment is not None:
                with self._lock:
                    self._busy[key] = 0
                self._pool.submit(self._deliver, key, spool, stream, segment)

    def _deliver(self, key: _Key, spool: Spool, stream: Stream, segment: Segment) -> None:
        pause = 0.0
        try:
            records, failures = self._transformer.transformed(stream, _records(segment.entries()))
            firehose_delivery.deliver(stream, segment, records, failures)
            with self._lock:
                self._delivered.append(segment)
            self._keeper.touch()
        except Exception as error:  # noqa: BLE001 - nothing may be lost, whatever the reason
            if not self._closed.is_set():
                _log.warning("%s: not delivered, tried again: %s: %s", stream.name, type(error).__name__, error)
            spool.put_back(segment)
            pause = time.monotonic() + _RETRY_S
        finally:
            with self._lock:
                if pause:
                    self._busy[key] = pause
                else:
                    self._busy.pop(key, None)


def _records(entries: Iterable[dict[str, Any]]) -> Iterator[Record]:
    """Records of entries; neighbouring batches of one log stream travel together, as CloudWatch Logs sends them."""
    for source, group in itertools.groupby(entries, key=lambda entry: entry.get("source")):
        if source is None:
            for entry in group:
                yield Record(base64.b64decode(entry["data"]), entry["at"])
            continue
        for at, events in _parts(group):
            yield Record(_packed("DATA_MESSAGE", source, events), at)


def _parts(entries: Iterable[dict[str, Any]]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    held: list[dict[str, Any]] = []
    size, at = 0, 0
    for entry in entries:
        for event in entry["events"]:
            length = len(event["message"])
            if held and (len(held) == _RECORD_EVENTS or size + length > _RECORD_BYTES):
                yield at, held
                held, size = [], 0
            at = at if held else entry["at"]
            held.append(event)
            size += length
    if held:
        yield at, held


def _packed(kind: str, source: Sequence[str], events: Sequence[dict[str, Any]]) -> bytes:
    owner, group, stream, name = source
    message = {
        "messageType": kind,
        "owner": owner,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [name],
        "logEvents": events,
    }
    return gzip.compress(json.dumps(message, separators=(",", ":")).encode(), mtime=0)


class NumberedEvent(LogEvent):
    """An event of a log group whose id no other has: neither another thread's nor one of a process before."""

    _ids = itertools.count(time.time_ns())

    def __init__(self, ingestion_time: int, log_event: dict[str, Any]) -> None:
        super().__init__(ingestion_time, log_event)
        self.event_id = next(self._ids)


def install(firehose: Firehose) -> None:
    """Put these methods in the place of moto's, before the first request."""
    delete = FirehoseBackend.delete_delivery_stream
    subscribe = LogGroup.put_subscription_filter

    def put_record_batch(self: FirehoseBackend, delivery_stream_name: str, records: Any) -> dict[str, Any]:
        if delivery_stream_name not in self.delivery_streams:
            text = f"Firehose {delivery_stream_name} under account {self.account_id} not found."
            raise ResourceNotFoundException(text)
        now = _now()
        entries = [{"at": now, "data": base64.b64encode(record["Data"]).decode()} for record in records]
        firehose.put((self.account_id, self.region_name, delivery_stream_name), entries)
        answers = [{"RecordId": str(uuid.uuid4())} for _ in entries]
        return {"FailedPutCount": 0, "Encrypted": False, "RequestResponses": answers}

    def send_log_event(  # noqa: PLR0917 - moto's signature
        self: FirehoseBackend,
        delivery_stream_arn: str,
        filter_name: str,
        log_group_name: str,
        log_stream_name: str,
        log_events: list[dict[str, Any]],
    ) -> None:
        stream = self.lookup_name_from_arn(delivery_stream_arn)
        if stream is not None and log_events:
            events = [{**event, "id": str(event["id"])} for event in log_events]
            source = [self.account_id, log_group_name, log_stream_name, filter_name]
            entry = {"at": _now(), "source": source, "events": events}
            firehose.put((self.account_id, self.region_name, stream.delivery_stream_name), [entry])

    def delete_delivery_stream(self: FirehoseBackend, delivery_stream_name: str) -> None:
        delete(self, delivery_stream_name)
        firehose.forget((self.account_id, self.region_name, delivery_stream_name))

    def put_subscription_filter(
        self: LogGroup, filter_name: str, filter_pattern: str, destination_arn: str, role_arn: str
    ) -> None:
        """Moto refuses to change a filter of a group that has two; AWS tries a stream with a message of its own."""
        if filter_name in self.subscription_filters:
            self.subscription_filters[filter_name].update(filter_pattern, destination_arn, role_arn)
        else:
            subscribe(self, filter_name, filter_pattern, destination_arn, role_arn)
        _, _, service, region, account, resource = destination_arn.split(":", maxsplit=5)
        if service == "firehose":
            event = {"id": "", "timestamp": _now(), "message": "CWL CONTROL MESSAGE: Checking health of destination."}
            data = _packed("CONTROL_MESSAGE", ["CloudwatchLogs", "", "", filter_name], [event])
            entry = {"at": _now(), "data": base64.b64encode(data).decode()}
            firehose.put((account, region, resource.rpartition("/")[2]), [entry])

    FirehoseBackend.put_record_batch = put_record_batch  # type: ignore[method-assign]
    FirehoseBackend.send_log_event = send_log_event  # type: ignore[method-assign]
    FirehoseBackend.delete_delivery_stream = delete_delivery_stream  # type: ignore[method-assign]
    LogGroup.put_subscription_filter = put_subscription_filter  # type: ignore[method-assign]
    logs_models.LogEvent = NumberedEvent  # type: ignore[misc]


def _now() -> int:
    return time.time_ns() // 1_000_000
