"""Logs in a bucket: gzip JSON lines under a prefix for each environment, function and day.

Objects are immutable, and hold what was logged before they were written. A record lies under the day on which it was
logged, the first of its batch was, or it was written: the days before and after one are read with it.
"""

from __future__ import annotations

import bisect
import concurrent.futures
import contextlib
import dataclasses
import datetime as dt
import functools
import gzip
import itertools
import json
import zlib
from typing import TYPE_CHECKING, Any

import botocore.exceptions

from slipway.aws.causes import AWS_CAUSES
from slipway.aws.clients import error_code
from slipway.running.causes import first_cause
from slipway.running.records import Record, moment_of, nanos_of
from slipway.sinks.store import distinct, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from slipway.sinks.store import Query

_GZIP = b"\x1f\x8b"
_AT_ONCE = 8
_DAY = dt.timedelta(days=1)
_DAY_NANOS = 86_400_000_000_000
# A clock of the writer may be ahead of that of the store, which says when an object was written.
_CLOCKS_NANOS = 60_000_000_000
_REMEDY = "check the network and the credentials (AWS_PROFILE, `aws sso login`)"
_REMEDIES = {
    "AccessDenied": "get s3:ListBucket and s3:GetObject for it, and kms:Decrypt for its key",
    "NoSuchBucket": "run `slipway up`, which makes it, or compare slipway:sinks with the bucket's name",
}


class S3Store:
    """A bucket; see `slipway.sinks.store.Store`.

    Attributes:
        sink: Name of the sink.
        where: Address for people.
        unreadable: Number of lines that are no envelopes and were left out.
    """

    def __init__(
        self, sink: str, bucket: str, *, prefix: str, partition: Sequence[str], client: Callable[[], Any]
    ) -> None:
        """Take the bucket.

        Args:
            sink: Name of the sink.
            bucket: Name of the bucket.
            prefix: What all keys begin with.
            partition: `environment`, `function` and `date` in the order of the keys' parts.
            client: Makes the boto3 client.
        """
        self.sink = sink
        self.where = f"s3://{bucket}/{prefix}"
        self.unreadable = 0
        self._bucket = bucket
        self._prefix = prefix
        self._partition = partition
        self._make_client = client

    @functools.cached_property
    def _client(self) -> Any:
        return self._make_client()

    def read(self, query: Query) -> Iterator[Record]:
        """Records day by day, oldest first."""
        waiting: list[Record] = []
        for day in self._days(query):
            for found in self._fetch(query, (key for _, key in self._objects(query, day))):
                waiting += found
            waiting.sort(key=_time)
            over = bisect.bisect_left(waiting, nanos_of(_midnight(day)), key=_time)
            yield from waiting[:over]
            del waiting[:over]
        yield from waiting

    def newest(self, query: Query, count: int) -> list[Record]:
        """The last records, by the newest objects: what an older object holds was logged before it was written."""
        found: list[Record] = []
        written = sorted((one for day in self._days(query) for one in self._objects(query, day)), reverse=True)
        for start in range(0, len(written) if count else 0, _AT_ONCE):
            some = written[start : start + _AT_ONCE]
            if len(found) == count and found[0].nanos > some[0][0] + _CLOCKS_NANOS:
                break
            read = itertools.chain(*self._fetch(query, (key for _, key in some)))
            found = list(distinct(sorted([*found, *read], key=_time)))[-count:]
        return found

    def watch(self, query: Query) -> Callable[[int, int], Iterable[Record]]:
        """What new objects hold."""
        known: set[str] = set()

        def look(start: int, end: int) -> list[Record]:
            # What is older than a day and the newest record has been read by the first look, if it ever came.
            listed = dataclasses.replace(query, since=max(query.since, min(start, end - _DAY_NANOS)), until=end)
            keys = [key for day in self._days(listed) for _, key in self._objects(query, day) if key not in known]
            found = list(itertools.chain(*self._fetch(dataclasses.replace(query, until=end), keys)))
            known.update(keys)
            return sorted(found, key=_time)

        return look

    def _days(self, query: Query) -> Iterator[dt.date]:
        """Days under which records may lie, oldest first; only one where keys name none."""
        day, last = moment_of(query.since).date() - _DAY, moment_of(query.until).date() + _DAY
        if "date" not in self._partition:
            day = last
        while day <= last:
            yield day
            day += _DAY

    def _objects(self, query: Query, day: dt.date) -> Iterator[tuple[int, str]]:
        """When an object was written, and its key, of each that may hold such records."""
        values = {"environment": query.environment, "function": query.function, "date": day.isoformat()}
        prefix = self._prefix + "".join(f"{part}={values[part]}/" for part in self._partition)
        with self._readable(query):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for one in (one for page in pages for one in page.get("Contents", [])):
                written = nanos_of(one["LastModified"])
                if written + _CLOCKS_NANOS >= query.since:
                    yield written, one["Key"]

    def _fetch(self, query: Query, keys: Iterable[str]) -> Iterator[list[Record]]:
        with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
            yield from pool.map(functools.partial(self._records, query), keys)

    def _records(self, query: Query, key: str) -> list[Record]:
        with self._readable(query):
            data: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        try:
            text = gzip.decompress(data) if data.startswith(_GZIP) else data
        except (OSError, EOFError, zlib.error) as error:
            raise failure(self, f"{key} is no whole gzip file ({error})", "look at it, and move it away") from error
        return [record for line in text.splitlines() if (record := self._record(line)) and query.takes(record)]

    def _record(self, line: bytes) -> Record | None:
        try:
            return Record.of(json.loads(line))
        except ValueError:
            self.unreadable += bool(line.strip())
            return None

    @contextlib.contextmanager
    def _readable(self, query: Query) -> Iterator[None]:
        try:
            yield
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            code = error_code(error) if isinstance(error, botocore.exceptions.ClientError) else ""
            known = first_cause(AWS_CAUSES, str(error))
            remedy = _REMEDIES.get(code) or (known.remedy.format(stack=query.environment) if known else _REMEDY)
            raise failure(self, str(error), remedy) from error


def _time(record: Record) -> int:
    return record.nanos


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
