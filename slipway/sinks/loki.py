"""Logs in Loki: each line is an envelope, found by the labels of its function and its environment.

Source of facts: HTTP API of Loki 3, `query_range`: nanoseconds from `start` on and before `end`, at most `limit` lines,
those of the beginning (`forward`) or of the end (`backward`). There is no cursor: a page that is full is followed by
one that begins with its last nanosecond. When a nanosecond alone has more lines than a page may have, its lines are
asked for in parts, by how their ids end.
"""

from __future__ import annotations

import dataclasses
import json
import re
import string
from typing import TYPE_CHECKING, NamedTuple

from slipway.running.records import Record, stamp_of
from slipway.sinks.store import distinct, failure
from slipway.sinks.web import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from slipway.sinks.store import Query
    from slipway.sinks.web import Web

_PATH = "/loki/api/v1/query_range"
_PAGE = 5000
# Loki refuses ranges that are too long (`max_query_length`, by default 30 days).
_WINDOW_NANOS = 86_400_000_000_000
_LIMIT = re.compile(r"limit.*?\(\d+ > (?P<limit>\d+)\)")
_CHARS = string.digits + string.ascii_letters + "-_/=.:"


class _Line(NamedTuple):
    """A line as Loki keeps it, with Loki's own time of it."""

    nanos: int
    text: str


class LokiStore:
    """A Loki; see `slipway.sinks.store.Store`.

    Attributes:
        sink: Name of the sink.
        where: Address for people.
        unreadable: Number of lines that are no envelopes and were left out.
    """

    def __init__(self, web: Web, page: int = _PAGE) -> None:
        """Take the address.

        Args:
            web: The address.
            page: How many lines to ask for at once, unless the server allows fewer.
        """
        self.sink = web.sink
        self.where = web.where
        self.unreadable = 0
        self._web = web
        self._page = page

    def read(self, query: Query) -> Iterator[Record]:
        """Records of one day after the other, oldest first."""
        start = query.since
        while start < query.until:
            end = min(start + _WINDOW_NANOS, query.until)
            yield from self._records(query, self._forward(query, start, end))
            start = end

    def newest(self, query: Query, count: int) -> list[Record]:
        """The last records, from the end backwards."""
        found: list[Record] = []
        end = query.until
        while end > query.since and len(found) < count:
            start = max(end - _WINDOW_NANOS, query.since)
            page = self._ask(query, start, end, backward=True)
            if len(page) == self._page:
                # The nanosecond at which the page was cut is read whole.
                start = page[0].nanos
                page = [*self._at(query, start), *(line for line in page if line.nanos > start)]
            end = start
            found = list(distinct([*self._records(query, page), *found]))
        return found[-count:] if count else []

    def watch(self, query: Query) -> Callable[[int, int], Iterable[Record]]:
        """What was logged in that time."""

        def look(start: int, end: int) -> Iterator[Record]:
            return self.read(dataclasses.replace(query, since=start, until=end))

        return look

    def _records(self, query: Query, lines: Iterable[_Line]) -> Iterator[Record]:
        for line in lines:
            try:
                record = Record.of(json.loads(line.text))
            except ValueError:
                self.unreadable += 1
                continue
            if query.takes(record):
                yield record

    def _forward(self, query: Query, start: int, end: int) -> Iterator[_Line]:
        while start < end:
            page = self._ask(query, start, end)
            if len(page) < self._page:
                yield from page
                return
            cut = page[-1].nanos
            yield from (line for line in page if line.nanos < cut)
            yield from self._at(query, cut)
            start = cut + 1

    def _at(self, query: Query, nanos: int) -> list[_Line]:
        """All lines of one nanosecond."""
        page = self._ask(query, nanos, nanos + 1)
        return page if len(page) < self._page else self._parts(query, nanos, "")

    def _parts(self, query: Query, nanos: int, ending: str) -> list[_Line]:
        """All lines of one nanosecond whose ids end so, which are more than a page has."""
        end = re.escape(ending)
        whole = self._ask(query, nanos, nanos + 1, having=end) if ending else []
        others = self._ask(query, nanos, nanos + 1, having=f'[^"]*[^{re.escape(_CHARS)}"]{end}')
        if len(others) == self._page:
            raise failure(
                self,
                f"more than {self._page} lines have the time {stamp_of(nanos)} and ids that cannot be told apart",
                "raise `max_entries_limit_per_query` of that Loki",
            )
        return [*whole, *others, *self._part(query, nanos, _CHARS, ending)]

    def _part(self, query: Query, nanos: int, chars: str, ending: str) -> list[_Line]:
        """Those of them that have one of some characters before that end."""
        page = self._ask(query, nanos, nanos + 1, having=f'[^"]*[{re.escape(chars)}]{re.escape(ending)}')
        if len(page) < self._page:
            return page
        if len(chars) == 1:
            return self._parts(query, nanos, chars + ending)
        half = len(chars) // 2
        return [*self._part(query, nanos, chars[:half], ending), *self._part(query, nanos, chars[half:], ending)]

    def _ask(self, query: Query, start: int, end: int, *, having: str = "", backward: bool = False) -> list[_Line]:
        """One page of lines, oldest first; of those whose ids match where that is given."""
        labels = {"service_name": query.function, "deployment_environment_name": query.environment}
        selector = ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items())
        of_ids = " |~ " + json.dumps(f'"id": ?"{having}"') if having else ""
        wanted: dict[str, str | int] = {
            "query": f"{{{selector}}}{of_ids}",
            "start": start,
            "end": end,
            "direction": "backward" if backward else "forward",
        }
        try:
            answer = self._web.get(_PATH, {**wanted, "limit": self._page})
        except RefusedError as error:
            allowed = _LIMIT.search(error.said)
            if allowed is None or int(allowed["limit"]) >= self._page:
                raise
            self._page = int(allowed["limit"])
            return self._ask(query, start, end, having=having, backward=backward)
        values = [value for stream in answer["data"]["result"] for value in stream["values"]]
        return sorted(_Line(int(value[0]), value[1]) for value in values)
