"""Makes of each record of a Firehose stream what its destination takes."""

from __future__ import annotations

import base64
import gzip
import logging
from typing import TYPE_CHECKING, Any

from slipway_shipper import batches
from slipway_shipper.aws import Documents, Owners
from slipway_shipper.batches import NotABatchError
from slipway_shipper.envelope import Envelopes, line, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway_shipper.batches import Batch
    from slipway_shipper.settings import Settings

_log = logging.getLogger("slipway_shipper")


class Shipper:
    """Transforms records for one sink.

    Args:
        settings: What the sink wants.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._envelopes = Envelopes(settings)
        self._owners = Owners(settings.groups)
        self._documents = Documents(settings.stream)

    def transform(self, record: dict[str, Any]) -> dict[str, Any]:
        """What Firehose goes on with in the place of a record.

        A record that cannot be read stays as it is and goes below the error prefix; the others go on.
        """
        try:
            return self._transformed(record)
        except Exception as error:  # noqa: BLE001 - one bad record must not take the others with it
            # Never what the record says: that is not redacted yet.
            reason = str(error) if isinstance(error, NotABatchError) else type(error).__name__
            _log.error("record %s stays as it is and goes below the error prefix: %s", record.get("recordId"), reason)
            return {**_answer(record, "ProcessingFailed"), "data": record.get("data", "")}

    def _transformed(self, record: dict[str, Any]) -> dict[str, Any]:
        content = batches.payload(record["data"])
        if self._documents.is_one(content):
            return {**_answer(record, "Ok"), "data": base64.b64encode(content).decode()}
        batch = batches.read(content)
        envelopes = self._envelopes.of(batch, self._owners.of(batch.group)) if batch is not None else []
        if batch is None or not envelopes:
            return _answer(record, "Dropped")
        lines = [line(envelope) for envelope in envelopes]
        data = base64.b64encode(self._data(lines)).decode()
        answer = {**_answer(record, "Ok"), "data": data}
        if keys := self._keys(batch):
            answer["metadata"] = {"partitionKeys": keys}
        return answer

    def _data(self, lines: Sequence[bytes]) -> bytes:
        match self._settings.form:
            case "gzip":
                # Members of a gzip file may follow each other, so an object of many records is one file.
                return gzip.compress(b"".join(lines), mtime=0)
            case "documents":
                self._documents.put(lines[1:])
                return lines[0]
            case _:
                return b"".join(lines)

    def _keys(self, batch: Batch) -> dict[str, str]:
        """Where in the bucket the record goes; all of a record goes to one place, that of its first event."""
        found = {"function": batch.function, "date": moment(batch.events[0].milliseconds)[:10]}
        return {name: found[name] for name in self._settings.partition}


def _answer(record: dict[str, Any], result: str) -> dict[str, Any]:
    return {"recordId": record.get("recordId", ""), "result": result}
