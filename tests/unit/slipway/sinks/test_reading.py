"""The log of a function from its target and from a sink: which is asked for what, and how they are put together."""

import datetime as dt
import threading

import pytest

from slipway.core.errors import EngineError
from slipway.running.records import Record, moment_of, nanos_of
from slipway.running.runner import Kept
from slipway.sinks import reading
from slipway.sinks.reading import Log, Platform
from tests.unit.slipway.sinks.conftest import START, envelope, ids, make_query

SECOND = 1_000_000_000


class Runner:
    """A target that keeps some records."""

    def __init__(self, *envelopes, kept, later=()):
        self.records = [Record.of(one) for one in envelopes]
        self.later = [Record.of(one) for one in later]
        self.kept = lambda name, output, now: kept
        self.asked = []

    def logs(self, name, output, since):
        self.asked.append(since)
        yield from (one for one in self.records if one.nanos >= nanos_of(since))

    def follow(self, name, output, since, stop):
        self.asked.append(since)
        yield from (one for one in self.records + self.later if one.nanos >= nanos_of(since))


class Store:
    sink, where, unreadable = "central", "http://store", 0

    def __init__(self, *envelopes, failure=None):
        self.records = sorted((Record.of(one) for one in envelopes), key=lambda one: one.nanos)
        self.failure = failure
        self.queries = []

    def read(self, query):
        self.queries.append(query)
        if self.failure:
            raise self.failure
        yield from filter(query.takes, self.records)

    def newest(self, query, count):
        found = list(self.read(query))
        return found[-count:] if count else []

    def watch(self, query):
        return lambda start, end: [one for one in self.records if one.nanos >= start and query.takes(one)]


def log(runner=None, store=None):
    said = []
    platform = Platform(runner=runner, name="orders", output={}) if runner else None
    made = Log(name="orders", platform=platform, store=store, say=said.append)
    return made, said


def on_lambda(number, at=0, **more):
    return envelope(number, at=at, target="lambda", **more)


def at(seconds):
    return START + dt.timedelta(seconds=seconds)


PODS = Kept(present=True, limits="pods that are gone are not shown")


def test_a_target_that_has_everything_is_asked_alone():
    runner = Runner(on_lambda(1), on_lambda(2, at=5), kept=Kept(present=True, since=at(-3600)))
    made, said = log(runner, Store(on_lambda(9)))
    assert ids(made.read(make_query())) == ["id-1", "id-2"]
    assert ids(made.read(make_query(), tail=1)) == ["id-2"]
    assert made.store.queries == []
    assert said == []


def test_what_a_target_has_no_more_comes_from_the_sink():
    stored = [on_lambda(1), on_lambda(2, at=SECOND), on_lambda(3, at=20 * SECOND)]
    runner = Runner(stored[2], on_lambda(4, at=30 * SECOND), kept=Kept(present=True, since=at(10)))
    made, said = log(runner, Store(*stored))
    assert ids(made.read(make_query())) == ["id-1", "id-2", "id-3", "id-4"]
    assert made.store.queries[0].until == nanos_of(at(10))
    assert runner.asked == [at(10)]
    for tail in range(6):
        assert ids(made.read(make_query(), tail=tail)) == ["id-1", "id-2", "id-3", "id-4"][4 - min(tail, 4) :]
    assert said == []


@pytest.mark.parametrize("runner", [None, Runner(kept=Kept(present=False))])
def test_a_function_that_is_gone_is_read_from_its_sink(runner):
    made, said = log(runner, Store(envelope(1), envelope(1), envelope(2, at=1)))
    assert ids(made.read(make_query())) == ["id-1", "id-2"]
    assert ids(made.read(make_query(), tail=1)) == ["id-2"]
    assert said == []


def test_pods_and_sink_are_put_together_and_what_both_have_is_shown_once():
    # One pod is gone, what another wrote last has not arrived; both sides have their own ids, the sink has redacted.
    stored = [envelope(1, revision="r"), envelope(2, at=SECOND, revision="r", message="[redacted]")]
    there = [
        envelope(2, at=SECOND, revision="r", key="pod/2", message="a@example.com"),
        envelope(3, at=SECOND, revision="other", key="pod/3"),
        envelope(4, at=2 * SECOND, revision="r", key="pod/4"),
    ]
    made, said = log(Runner(*there, kept=PODS), Store(*stored))
    assert ids(made.read(make_query())) == ["id-1", "id-2", "pod/3", "pod/4"]
    assert ids(made.read(make_query(), tail=3)) == ["id-2", "pod/3", "pod/4"]
    assert said == []


def test_a_sink_that_fails_does_not_hide_what_the_target_has():
    made, said = log(
        Runner(envelope(1), kept=PODS), Store(failure=EngineError("sink central (x): down; what to do: y"))
    )
    assert ids(made.read(make_query())) == ["id-1"]
    (text,) = said
    assert text == (
        "warning: orders: not read: sink central (x): down; what to do: y; what is shown is only what its target still has"
    )


def test_a_sink_that_fails_and_is_alone_ends_it():
    made, _ = log(None, Store(failure=EngineError("down")))
    with pytest.raises(EngineError, match="down"):
        list(made.read(make_query()))


def test_without_a_sink_that_can_be_read_it_is_said_what_is_missing():
    made, said = log(Runner(envelope(1), kept=PODS))
    assert ids(made.read(make_query())) == ["id-1"]
    assert said == ["note: pods that are gone are not shown"]
    made, said = log(Runner(on_lambda(1), kept=Kept(present=True, since=at(0))))
    assert ids(made.read(make_query())) == ["id-1"]
    assert said[0].startswith("note: orders: its target has records from 20")
    with pytest.raises(EngineError, match=r"orders: .*no sink that can be read; what to do: deploy it"):
        list(log()[0].read(make_query()))


@pytest.fixture
def now(monkeypatch):
    moment = nanos_of(at(100))
    monkeypatch.setattr(reading, "now_nanos", lambda: moment)


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (None, ["id-1", "id-2", "id-3", "pod/4", "pod/5"]),
        (3, ["id-2", "id-3", "pod/4", "pod/5"]),
        (1, ["pod/4", "pod/5"]),
        (0, ["pod/5"]),
    ],
)
def test_following_shows_what_was_and_then_what_comes_each_once(now, tail, expected):
    stored = [envelope(number, at=30 * number * SECOND) for number in (1, 2, 3)]
    there = [*(one | {"id": f"pod/{one['message'][-1]}"} for one in stored), envelope(4, at=95 * SECOND, key="pod/4")]
    runner = Runner(*there, kept=PODS, later=[envelope(5, at=101 * SECOND, key="pod/5")])
    made, _ = log(runner, Store(*stored))
    assert ids(made.follow(make_query(), threading.Event(), tail)) == expected


def test_a_function_that_is_gone_is_followed_in_its_sink(now, monkeypatch):
    monkeypatch.setattr("slipway.sinks.store.POLL_S", 0)
    made, _ = log(None, Store(envelope(1), envelope(2, at=SECOND), envelope(3, at=2 * SECOND)))
    stop, seen = threading.Event(), []
    for record in made.follow(make_query(), stop, 2):
        seen.append(record.id)
        if len(seen) == 2:
            stop.set()
    assert seen == ["id-2", "id-3"]


def test_the_target_is_followed_from_shortly_before_now(now):
    runner = Runner(on_lambda(1), kept=Kept(present=True, since=at(-60)))
    made, _ = log(runner)
    assert ids(made.follow(make_query(), threading.Event())) == ["id-1"]
    assert runner.asked == [moment_of(make_query().since), at(40)]
