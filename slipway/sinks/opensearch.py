"""Logs in OpenSearch or Elasticsearch: each document is an envelope.

Source of facts: OpenSearch 2, search API: sorted pages, of which each begins after the sort values of the last hit of
the one before (`search_after`). Whether a field is a keyword by itself or has one beside it (`id.keyword`) is a matter
of the index's mapping, which `_field_caps` tells.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.running.records import Record, stamp_of
from slipway.sinks.store import distinct, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from slipway.sinks.store import Query
    from slipway.sinks.web import Web

_PAGE = 1000
_KEYWORDS = ("function", "environment", "id")
# Indices keep milliseconds unless they were told otherwise; what is cut off decides about what is wanted.
_MS_NANOS = 1_000_000


class OpenSearchStore:
    """An index; see `slipway.sinks.store.Store`.

    Attributes:
        sink: Name of the sink.
        where: Address for people.
        unreadable: Number of documents that are no envelopes and were left out.
    """

    def __init__(self, web: Web, index: str, page: int = _PAGE) -> None:
        """Take the index.

        Args:
            web: Address of the cluster.
            index: Name of the index; those whose names go on with a hyphen belong to it.
            page: How many documents to ask for at once.
        """
        self.sink = web.sink
        self.where = f"{web.where}/{index}"
        self.unreadable = 0
        self._web = web
        self._path = f"/{index},{index}-*"
        self._page = page
        self._names: dict[str, str] | None = None

    def read(self, query: Query) -> Iterator[Record]:
        """Records page by page, oldest first."""
        for page in self._pages(query, "asc"):
            yield from page

    def newest(self, query: Query, count: int) -> list[Record]:
        """The last records, page by page from the end."""
        found: list[Record] = []
        for page in self._pages(query, "desc") if count else ():
            found = list(distinct([*reversed(page), *found]))
            if len(found) >= count:
                break
        return found[-count:]

    def watch(self, query: Query) -> Callable[[int, int], Iterable[Record]]:
        """What was logged in that time."""

        def look(start: int, end: int) -> Iterator[Record]:
            return self.read(dataclasses.replace(query, since=start, until=end))

        return look

    def _pages(self, query: Query, order: str) -> Iterator[list[Record]]:
        after: list[Any] | None = None
        while True:
            hits = self._search(query, order, after)
            yield [record for hit in hits if (record := self._record(hit["_source"])) and query.takes(record)]
            if len(hits) < self._page:
                return
            after = hits[-1]["sort"]

    def _search(self, query: Query, order: str, after: list[Any] | None) -> list[dict[str, Any]]:
        names = self._names or self._ask_names()
        if names is None:
            return []
        within = {"gte": stamp_of(query.since // _MS_NANOS * _MS_NANOS), "lt": stamp_of(query.until + _MS_NANOS)}
        body: dict[str, Any] = {
            "size": self._page,
            "query": {
                "bool": {
                    "filter": [
                        {"term": {names["function"]: query.function}},
                        {"term": {names["environment"]: query.environment}},
                        {"range": {"timestamp": within}},
                    ]
                }
            },
            # Documents of the same time and id are the same record: that a page ends between them loses nothing.
            "sort": [{"timestamp": order}, {names["id"]: order}],
            "track_total_hits": False,
        }
        if after is not None:
            body["search_after"] = after
        answer = self._web.post(f"{self._path}/_search", body, {"ignore_unavailable": "true"})
        hits: list[dict[str, Any]] = answer["hits"]["hits"]
        return hits

    def _ask_names(self) -> dict[str, str] | None:
        """Names under which whole values can be found and sorted by; None while nothing was ever written."""
        asked = ",".join(f"{name},{name}.keyword" for name in _KEYWORDS)
        options = {"fields": asked, "ignore_unavailable": "true", "allow_no_indices": "true"}
        fields = self._web.get(f"{self._path}/_field_caps", options)["fields"]
        if not fields:
            return None
        found = {
            name: next((one for one in (name, f"{name}.keyword") if "keyword" in fields.get(one, {})), "")
            for name in _KEYWORDS
        }
        missing = [name for name, known in found.items() if not known]
        if missing:
            raise failure(
                self,
                f"its mapping has no keyword for {' and '.join(missing)}",
                "map text to keyword there, which is what OpenSearch does by itself",
            )
        self._names = found
        return found

    def _record(self, source: Any) -> Record | None:
        try:
            return Record.of(source)
        except ValueError:
            self.unreadable += 1
            return None
