"""What the shipper asks of AWS itself: whose a log group is, and to take further documents."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_KNOWN_S = 300.0
_BATCH_RECORDS, _BATCH_BYTES = 500, 4_000_000  # what PutRecordBatch takes at the most
_ATTEMPTS = 5
_CONNECT_S, _READ_S, _CALLS = 2, 5, 3
_log = logging.getLogger("slipway_shipper")


class Owners:
    """Owners of log groups, from their tags; each is asked for every five minutes.

    Args:
        groups: ARN of a log group up to its name; None knows no owners.
    """

    def __init__(self, groups: str | None) -> None:
        self._groups = groups
        self._known: dict[str, tuple[str | None, float]] = {}
        self._client: Any = None

    def of(self, group: str) -> str | None:
        """Who answers for what writes to this group; None when its tags do not tell or cannot be read."""
        if self._groups is None:
            return None
        owner, since = self._known.get(group, (None, 0.0))
        if group not in self._known or time.monotonic() - since > _KNOWN_S:
            owner = self._asked(group, owner)
            self._known[group] = (owner, time.monotonic())
        return owner

    def _asked(self, group: str, last: str | None) -> str | None:
        try:
            self._client = self._client or _client("logs")
            tags = self._client.list_tags_for_resource(resourceArn=f"{self._groups}{group}")["tags"]
        except Exception as error:  # noqa: BLE001 - logs go on without their owner, whatever AWS says
            _log.warning("the owner of %s is not known: %s", group, type(error).__name__)
            return last
        owner = tags.get("owner")
        return None if owner is None else str(owner)


class Documents:
    """Puts documents to a stream one by one, for a destination that takes one JSON object in each record.

    Args:
        stream: Name of the stream; None for destinations that take many.
    """

    def __init__(self, stream: str | None) -> None:
        self._stream = stream
        self._client: Any = None

    def is_one(self, content: bytes) -> bool:
        """Whether a record is a document that was put here before."""
        if self._stream is None:
            return False
        try:
            found = json.loads(content)
        except ValueError:
            return False
        return isinstance(found, dict) and found.get("target") == "lambda" and "messageType" not in found

    def put(self, lines: Sequence[bytes]) -> None:
        """Put documents; those that were not taken are put again.

        Raises:
            OSError: Some are still not taken.
        """
        waiting = list(lines)
        for attempt in range(_ATTEMPTS):
            failed: list[bytes] = []
            for group in _groups(waiting):
                failed += self._refused(group)
            if not failed:
                return
            waiting = failed
            time.sleep(0.2 * 2**attempt)
        raise OSError(f"{len(waiting)} documents were not taken by the stream")

    def _refused(self, group: Sequence[bytes]) -> list[bytes]:
        self._client = self._client or _client("firehose")
        records = [{"Data": item} for item in group]
        answer = self._client.put_record_batch(DeliveryStreamName=self._stream, Records=records)
        results = answer["RequestResponses"]
        return [item for item, result in zip(group, results, strict=True) if result.get("ErrorCode")]


def _groups(lines: Sequence[bytes]) -> list[list[bytes]]:
    found: list[list[bytes]] = []
    size = _BATCH_BYTES + 1
    for item in lines:
        if size + len(item) > _BATCH_BYTES or len(found[-1]) == _BATCH_RECORDS:
            found.append([])
            size = 0
        found[-1].append(item)
        size += len(item)
    return found


def _client(service: Any) -> Any:  # any of the names that boto3 has overloads for
    # boto3 comes with the Lambda runtime; importing it costs a third of a second.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    # Records wait meanwhile: an AWS that does not answer must not take the whole time of the call.
    retries: Any = {"total_max_attempts": _CALLS, "mode": "standard"}
    return boto3.client(service, config=Config(connect_timeout=_CONNECT_S, read_timeout=_READ_S, retries=retries))
