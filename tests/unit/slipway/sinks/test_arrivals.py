"""The newest records in sinks: waited for, and said where they are missing."""

import pytest

from slipway.core.errors import EngineError
from slipway.core.settings_sinks import Sink
from slipway.running.records import Record
from slipway.sinks import arrivals
from tests.unit.slipway.sinks.conftest import envelope, ids, make_query


class Store:
    """A store that has its records after some looks."""

    sink, where, unreadable = "central", "http://store", 0

    def __init__(self, *envelopes, after=0):
        self.records, self.after = [Record.of(one) for one in envelopes], after

    def newest(self, query, count):
        self.after -= 1
        return [] if self.after >= 0 else list(filter(query.takes, self.records))[-count:]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(arrivals, "_LOOK_S", 0)


def wait(*stores, within_s=60.0):
    wanted = [(f"f{number}", lambda store=store: store, make_query()) for number, store in enumerate(stores)]
    return arrivals.wait_for(wanted, 2, within_s)


def test_each_function_is_waited_for_until_it_has_something():
    found = wait(Store(envelope(1), envelope(2), envelope(3)), Store(envelope(4), after=3))
    assert [(one.function, one.sink, ids(one.records), one.missing) for one in found] == [
        ("f0", "central", ["id-2", "id-3"], None),
        ("f1", "central", ["id-4"], None),
    ]


def test_the_bound_ends_it_and_is_said():
    (found,) = wait(Store(), within_s=0)
    assert (found.records, found.missing) == ([], "nothing arrived within 0 s")
    assert found.to_json()["missing"] == "nothing arrived within 0 s"


def test_events_and_canaries_are_no_sign_of_a_function():
    (found,) = wait(Store(envelope(1, source="event"), envelope(2, fields={"slipway_canary": "r"})), within_s=0)
    assert found.missing is not None


def test_a_sink_that_cannot_be_asked_is_not_checked_and_not_waited_for():
    class Broken(Store):
        def newest(self, query, count):
            raise EngineError("sink central: down")

    (found,) = wait(Broken())
    assert (found.sink, found.missing) == (None, "not checked: sink central: down")


def test_patience_follows_the_slowest_sink():
    sinks = [Sink.model_validate({"loki": {}, "buffer": {"age": age}}) for age in (1, 300)]
    assert arrivals.patience_s(sinks) == 660
    assert arrivals.patience_s(sinks[:1]) == arrivals.patience_s([]) == 180
