"""The delivery canary: what it sends, and what it says of stores that lose, double, or cannot be asked."""

import contextlib
import threading

import pytest

from slipway.core.errors import BadInputError, EngineError
from slipway.core.settings_sinks import Sink
from slipway.running.canary import Run, is_canary
from slipway.running.records import Origin, Record, stamp_of
from slipway.sinks import canary
from slipway.sinks.canary import Canary, Subject
from tests.unit.slipway.sinks.conftest import envelope

NOW = 1_780_000_000_000_000_000
LATE = 250_000_000


class Path:
    """A target and a store behind it: what is planted arrives, but for what happens on the way."""

    sink, where, unreadable = "central", "http://store", 0

    def __init__(self, way=lambda records: records, failure=None):
        self.way, self.failure = way, failure
        self.records, self.runs, self.tidied = [], [], False

    @contextlib.contextmanager
    def planted(self, name, outputs, run):
        if self.failure:
            raise self.failure
        self.runs.append(run)
        origin = Origin(environment="prod", function=name, target="lambda")
        written = [
            origin.record(run.line(n, "x"), timestamp=stamp_of(NOW), id=f"{run.id}/{n}", revision=None)
            for n in range(run.count)
        ]
        self.records += [Record.of(envelope("other")), *self.way(written)]
        yield
        self.tidied = True

    def read(self, query):
        return filter(query.takes, self.records)

    def watch(self, query):
        return lambda start, end: self.read(query)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(canary.time, "time_ns", lambda: NOW + LATE)
    monkeypatch.setattr(canary, "_LOOK_S", 0)


def fly(path, *, count=10, within_s=0.0, sink=None, store=None, sinks=("central",)):
    described = {name: Sink.model_validate({"loki": {}, **(sink or {})}) for name in sinks}
    made = Canary("prod", {}, described, store or (lambda name: path), lambda text: None)
    return made.fly([Subject(name="orders", runner=path, sinks=sinks)], count, within_s)


def test_everything_that_arrives_is_ok():
    path = Path()
    (found,) = fly(path)
    assert found.to_json() == {
        "function": "orders",
        "sink": "central",
        "sent": 10,
        "arrived": 10,
        "duplicated": 0,
        "lost": 0,
        "p50_ms": 250,
        "p99_ms": 250,
        "result": "ok",
    }
    assert path.tidied


def test_what_is_lost_or_doubled_is_counted():
    (found,) = fly(Path(lambda records: [*records[2:], records[5], records[5]]))
    assert (found.arrived, found.lost, found.duplicated, found.result) == (8, 2, 2, "lost: 2")
    (found,) = fly(Path(lambda records: []))
    assert (found.arrived, found.lost, found.p50_ms, found.result) == (0, 10, None, "lost: 10")


def test_lines_of_another_run_do_not_count():
    strangers = Path()
    fly(strangers)
    (found,) = fly(Path(lambda records: strangers.records))
    assert found.arrived == 0


def test_late_lines_are_waited_for_within_the_bound():
    path = Path(lambda records: [])
    looks = []

    def watch(query):
        def look(start, end):
            looks.append(1)
            if len(looks) == 3:
                origin = Origin(environment="prod", function="orders", target="lambda")
                run = path.runs[0]
                path.records += [
                    origin.record(run.line(n, "x"), timestamp=stamp_of(NOW), id=str(n), revision=None)
                    for n in range(10)
                ]
            return path.read(query)

        return look

    path.watch = watch
    (found,) = fly(path, within_s=60)
    assert (found.result, len(looks)) == ("ok", 3)


def test_lines_have_a_severity_that_each_sink_takes():
    path = Path()
    fly(path, sink={"level": "ERROR"})
    assert path.runs[0].level == "ERROR"
    fly(path, sink={"level": "DEBUG"})
    assert path.runs[1].level == "INFO"


def test_what_cannot_be_read_is_not_checked_and_nothing_is_sent():
    def refuse(name):
        raise BadInputError("sink central: kind otlp only takes records")

    path = Path()
    (found,) = fly(path, store=refuse)
    assert found.result == "not checked: sink central: kind otlp only takes records"
    assert (found.sent, found.lost, path.runs) == (0, 0, [])
    (found,) = fly(path, sink={"exclude": ["canary"]})
    assert found.result == "not checked: `exclude` of sink central keeps the canary's lines away"


def test_a_path_that_cannot_be_begun_or_a_store_that_breaks_off_is_a_failure():
    (found,) = fly(Path(failure=EngineError("no quota")))
    assert (found.result, found.sent) == ("failed: no quota", 0)
    path = Path()

    def watch(query):
        def look(start, end):
            raise EngineError("store is down")

        return look

    path.watch = watch
    (found,) = fly(path)
    assert found.result == "failed: store is down"


def test_lines_are_looked_for_while_others_are_still_sent():
    fast, slow = Path(), Path()
    looked = threading.Event()
    real = fast.watch

    def watch(query):
        look = real(query)

        def seen(start, end):
            found = list(look(start, end))
            if found:
                looked.set()
            return found

        return seen

    fast.watch = watch
    planted = slow.planted

    @contextlib.contextmanager
    def late(*arguments):
        assert looked.wait(30)
        with planted(*arguments):
            yield

    slow.planted = late
    described = {"central": Sink.model_validate({"loki": {}}), "other": Sink.model_validate({"loki": {}})}
    made = Canary("prod", {}, described, {"central": fast, "other": slow}.get, lambda text: None)
    subjects = [Subject(name="a", runner=slow, sinks=["other"]), Subject(name="b", runner=fast, sinks=["central"])]
    assert [(one.function, one.result) for one in made.fly(subjects, 5, 0)] == [("a", "ok"), ("b", "ok")]
    assert fast.tidied
    assert slow.tidied


def test_each_sink_of_a_function_is_waited_for():
    good, bad = Path(), Path()

    def store(name):
        return bad if name == "archive" else good

    found = fly(good, store=store, sinks=("central", "archive"))
    assert [(one.sink, one.result) for one in found] == [("archive", "lost: 10"), ("central", "ok")]


def test_percentiles():
    assert canary._percentile([], 50) is None
    assert canary._percentile([1], 99) == 1
    assert canary._percentile(list(range(1, 101)), 50) == 50
    assert canary._percentile(list(range(1, 101)), 99) == 99
    assert canary._percentile(list(range(1, 1001)), 99) == 990


def test_a_line_is_known_by_its_run_and_number_alone():
    run = Run(id="abc", count=2)
    origin = Origin(environment="prod", function="orders", target="knative")
    line = origin.record(run.line(1, "x"), timestamp=stamp_of(NOW), id="i", revision=None)
    assert is_canary(line)
    assert run.number_of(line) == 1
    assert Run(id="other", count=2).number_of(line) is None
    assert Run(id="abc", count=1).number_of(line) is None
    assert not is_canary(origin.record("delivery canary abc", timestamp=stamp_of(NOW), id="i", revision=None))
