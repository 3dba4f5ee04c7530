"""Reading Loki: pages of any size, equal times, limits of the server."""

import hypothesis
import hypothesis.strategies as st
import pytest

from slipway.core.errors import EngineError
from slipway.running.records import nanos_of
from slipway.sinks.loki import LokiStore
from slipway.sinks.store import distinct
from slipway.sinks.web import Web
from tests.unit.slipway.sinks.conftest import START, Loki, envelope, ids, make_query

PATH = "GET /loki/api/v1/query_range"
DAY = 86_400_000_000_000

# Few times and many lines, so that pages are cut within a nanosecond; each line may have been delivered twice.
LINES = st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=16)


def pushed(drawn):
    once = [envelope(number, at=moment * (DAY // 2), key=str(number)) for number, (moment, _) in enumerate(drawn)]
    return [*once, *(one for one, (_, again) in zip(once, drawn, strict=True) if again)]


def store(server, loki, **options):
    server.on(PATH, loki)
    return LokiStore(Web("central", server.url), **options)


@hypothesis.settings(max_examples=12, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@hypothesis.given(drawn=LINES, page=st.integers(2, 7))
def test_no_line_is_lost_or_doubled_at_any_page_size(server, drawn, page):
    lines = pushed(drawn)
    found = list(distinct(store(server, Loki(lines), page=page).read(make_query())))
    assert sorted(ids(found)) == sorted({one["id"] for one in lines})
    assert [record.nanos for record in found] == sorted(record.nanos for record in found)


@hypothesis.settings(max_examples=12, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@hypothesis.given(drawn=LINES, page=st.integers(2, 7), count=st.integers(0, 9))
def test_the_newest_are_the_end_of_all(server, drawn, page, count):
    lines = pushed(drawn)
    asked = store(server, Loki(lines), page=page)
    found = asked.newest(make_query(), count)
    everything = list(distinct(asked.read(make_query())))
    assert len(found) == min(count, len(everything))
    assert len({record.id for record in found}) == len(found)
    wanted = everything[len(everything) - len(found) :]
    assert [record.nanos for record in found] == [record.nanos for record in wanted]


def test_even_single_lines_come_to_an_end(clean):
    lines = [envelope(number, key=key) for number, key in enumerate(("a1", "b1", "b2", "b2"))]
    assert set(ids(store(clean, Loki(lines), page=1).read(make_query()))) == {"a1", "b1", "b2"}


def test_what_the_server_allows_is_learnt_from_its_refusal(clean):
    lines = [envelope(number, at=number) for number in range(10)]
    asked = store(clean, Loki(lines, allowed=3), page=5000)
    assert ids(asked.read(make_query())) == [one["id"] for one in lines]
    assert {seen.query["limit"] for seen in clean.seen} == {"5000", "3"}


def test_only_the_function_of_that_environment_is_asked_for(clean):
    lines = [envelope(1), envelope(2, function="hello"), envelope(3, environment="dev")]
    assert ids(store(clean, Loki(lines)).read(make_query())) == ["id-1"]
    query = clean.seen[0].query["query"]
    assert query == '{service_name="orders",deployment_environment_name="prod"}'


def test_the_window_and_the_choice_hold(clean):
    lines = [envelope(number, at=number) for number in range(6)]
    start = nanos_of(START)
    asked = make_query(since=start + 1, until=start + 5, wanted=lambda record: record.id != "id-3")
    assert ids(store(clean, Loki(lines)).read(asked)) == ["id-1", "id-2", "id-4"]
    assert ids(store(clean, Loki(lines)).newest(asked, 2)) == ["id-2", "id-4"]


def test_long_times_are_asked_for_in_parts_that_loki_takes(clean):
    lines = [envelope(number, at=number * 2 * DAY) for number in range(4)]
    assert ids(store(clean, Loki(lines)).read(make_query())) == [one["id"] for one in lines]
    assert max(int(seen.query["end"]) - int(seen.query["start"]) for seen in clean.seen) <= DAY


def test_lines_that_are_no_envelopes_are_counted(clean):
    answer = {"status": "success", "data": {"result": [{"stream": {}, "values": [["1764151200000000000", "hello"]]}]}}
    clean.on(PATH, answer)
    asked = LokiStore(Web("central", clean.url))
    day = make_query()
    assert list(asked.read(make_query(until=day.since + DAY))) == []
    assert asked.unreadable == 1


def test_more_lines_than_can_be_told_apart_are_not_left_out_in_silence(clean):
    lines = [envelope(number, key="é" * (number + 1)) for number in range(5)]
    with pytest.raises(EngineError, match=r"sink central .*more than 2 lines .* raise `max_entries_limit_per_query`"):
        list(store(clean, Loki(lines), page=2).read(make_query()))


def test_another_refusal_is_told(clean):
    clean.on(PATH, (400, "parse error at line 1"))
    with pytest.raises(EngineError, match=r"sink central \(http://127.*\): answered 400: parse error at line 1"):
        list(LokiStore(Web("central", clean.url)).read(make_query()))
