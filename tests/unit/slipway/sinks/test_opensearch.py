"""Reading OpenSearch: pages of any size, equal times, mappings."""

import hypothesis
import hypothesis.strategies as st
import pytest

from slipway.core.errors import EngineError
from slipway.running.records import nanos_of
from slipway.sinks.opensearch import OpenSearchStore
from slipway.sinks.store import distinct
from slipway.sinks.web import Web
from tests.unit.slipway.sinks.conftest import START, OpenSearch, envelope, ids, make_query

BASE = "/functions,functions-*"
MS = 1_000_000
LINES = st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=20)
SLOW = [hypothesis.HealthCheck.too_slow]


def store(server, documents, **options):
    answers = OpenSearch(documents)
    server.on(f"GET {BASE}/_field_caps", answers.capabilities)
    server.on(f"POST {BASE}/_search", answers.search)
    return OpenSearchStore(Web("search", server.url), "functions", **options)


@hypothesis.settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@hypothesis.given(drawn=LINES, page=st.integers(1, 7), count=st.integers(0, 9))
def test_no_document_is_lost_or_doubled_at_any_page_size(server, drawn, page, count):
    once = [envelope(number, at=moment * MS // 2) for number, (moment, _) in enumerate(drawn)]
    documents = [*once, *(one for one, (_, again) in zip(once, drawn, strict=True) if again)]
    asked = store(server, documents, page=page)
    found = list(distinct(asked.read(make_query())))
    assert sorted(ids(found)) == sorted({one["id"] for one in documents})
    assert [record.nanos // MS for record in found] == sorted(record.nanos // MS for record in found)
    newest = asked.newest(make_query(), count)
    assert ids(newest) == ids(found)[len(found) - min(count, len(found)) :]


def test_only_what_is_wanted_is_asked_for_and_taken(clean):
    documents = [envelope(n, at=n) for n in range(4)] + [envelope(7, function="hello"), envelope(8, environment="dev")]
    start = nanos_of(START)
    asked = make_query(since=start + 1, until=start + 3)
    assert ids(store(clean, documents).read(asked)) == ["id-1", "id-2"]
    body = clean.requests("POST")[0].json
    assert {"term": {"function.keyword": "orders"}} in body["query"]["bool"]["filter"]
    assert body["sort"] == [{"timestamp": "asc"}, {"id.keyword": "asc"}]


def test_nothing_is_there_before_the_first_document_and_then_it_is(clean):
    answers = OpenSearch([])
    clean.on(f"GET {BASE}/_field_caps", answers.capabilities)
    clean.on(f"POST {BASE}/_search", answers.search)
    asked = OpenSearchStore(Web("search", clean.url), "functions")
    assert list(asked.read(make_query())) == []
    answers.documents.append(envelope(1))
    assert ids(asked.read(make_query())) == ["id-1"]


def test_a_mapping_of_keywords_alone_is_understood(clean):
    asked = store(clean, [envelope(1)])
    keyword = {"keyword": {"type": "keyword", "searchable": True, "aggregatable": True}}
    clean.on(f"GET {BASE}/_field_caps", {"fields": dict.fromkeys(("function", "environment", "id"), keyword)})
    assert ids(asked.read(make_query())) == ["id-1"]
    assert clean.requests("POST")[0].json["sort"][1] == {"id": "asc"}


def test_a_mapping_that_cannot_be_sorted_says_what_to_do(clean):
    clean.on(f"GET {BASE}/_field_caps", {"fields": {"id": {"text": {"type": "text"}}}})
    asked = OpenSearchStore(Web("search", clean.url), "functions")
    with pytest.raises(EngineError, match=r"sink search .*no keyword for function and environment and id; what to do"):
        list(asked.read(make_query()))


def test_documents_that_are_no_envelopes_are_counted(clean):
    asked = store(clean, [envelope(1)])
    hit = {"_source": {"message": "x"}, "sort": [1, "x"]}
    clean.on(f"POST {BASE}/_search", {"hits": {"hits": [hit]}})
    assert list(asked.read(make_query())) == []
    assert asked.unreadable == 1
