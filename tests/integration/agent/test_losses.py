"""Every line is counted on its way through the real agent, whatever happens to it, to its store and to the pods.

SLIPWAY_SOAK_LINES sets how many lines each test sends (default 20000), SLIPWAY_SOAK_SECONDS for how long it sends at most,
SLIPWAY_SOAK_SEED another series than the default's; `make soak` sends many more and takes a new seed each time.
"""

import collections
import json
import logging
import os
import random
import threading
import time

import pytest

from tests.log_agent import sink
from tests.log_pods import Function
from tests.log_store import account

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

_log = logging.getLogger(__name__)

LINES = int(os.environ.get("SLIPWAY_SOAK_LINES", "20000"))
SECONDS = float(os.environ.get("SLIPWAY_SOAK_SECONDS", "600"))
SEED = int(os.environ.get("SLIPWAY_SOAK_SEED", "42"))
FAULTS = max(2, LINES // 20_000)
"""How often a fault happens while lines are written."""
DOWN_S = 3.0
"""Longer than the agent's first retries."""
WAIT_S = max(300.0, LINES / 100)
"""Nothing is timed: this only ends a test that hangs."""
NAMES = ("orders", "receipts", "hello", "audit")


def functions(agent, count=LINES, **options):
    """Functions that log at once; started."""
    until = time.monotonic() + SECONDS
    found = [Function(agent.pod(name), count // len(NAMES), seed=SEED, until=until, **options) for name in NAMES]
    for one in found:
        one.start()
    return found


def sent(writers):
    """What functions wrote, as soon as they are done."""
    for one in writers:
        one.join()
    return [message for one in writers for message in one.sent]


def settled(messages, shelf, *others):
    """Wait until each message is there, and account for it."""
    wanted = collections.Counter(messages)
    shelf.wait(wanted.total(), WAIT_S)
    found = account(messages, shelf.records)
    _log.info("seed %s: %s", SEED, found)
    found.settled()
    return found


def moments(number=FAULTS, count=LINES):
    """Numbers of lines, in order, at which something happens: one at random in each part of what is sent."""
    chance = random.Random(SEED)
    part = count // (number + 1)
    return [part * index + chance.randrange(part) for index in range(1, number + 1)]


def arrived(shelf, count, writers):
    """Wait until so many records are there, or all that will ever be."""

    def enough(_):
        return len(shelf.ids) >= count or not any(one.is_alive() for one in writers)

    shelf.until(enough, WAIT_S)


def wait(condition):
    """Wait until something is so."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def test_an_agent_that_is_killed_in_the_middle_loses_nothing(agents, store):
    agent = agents(sink("central", store.address))
    writers = functions(agent, per_second=1500)
    for moment in moments():
        arrived(store, moment, writers)
        agent.kill()
        agent.start()
    settled(sent(writers), store)


def test_files_that_are_rotated_and_compressed_in_the_middle_lose_nothing(agents, store):
    agent = agents(sink("central", store.address))
    writers = functions(
        agent,
        per_second=1500,
        rotation=LINES // len(NAMES) // 8,
        arrived=lambda message: message in store.messages_seen,
    )
    for moment in moments():
        arrived(store, moment, writers)
        agent.kill()  # one file may be rotated while it is away
        agent.start()
    settled(sent(writers), store)
    assert len(list(agent.pods.rglob("*.gz"))) >= len(NAMES) * 5


def test_a_store_that_is_down_for_a_while_gets_everything_later(agents, store):
    agent = agents(sink("central", store.address, kind="loki"))
    writers = functions(agent, per_second=1500)
    for moment in moments():
        arrived(store, moment, writers)
        store.close()
        time.sleep(DOWN_S)
        store.open()
    settled(sent(writers), store)


@pytest.mark.parametrize("status", [429, 500])
def test_a_store_that_refuses_for_a_while_gets_everything_later(agents, store, status):
    agent = agents(sink("central", store.address, kind="loki"))
    writers = functions(agent, per_second=1500)
    for moment in moments():
        arrived(store, moment, writers)
        store.answer(status)
        refused = store.refused
        wait(lambda refused=refused: store.refused >= refused + 3)
        agent.kill()  # what is refused lies on disk, not in memory
        agent.start()
        wait(lambda refused=refused: store.refused >= refused + 5)
        store.answer(200)
    settled(sent(writers), store)


def test_a_full_queue_stops_the_reading_and_drops_nothing(agents, store):
    quota = 2**20
    agent = agents(sink("central", store.address, buffer_bytes=quota))
    store.close()
    writers = functions(agent)
    everything = sent(writers)
    size, capacity = "otelcol_exporter_queue_size", "otelcol_exporter_queue_capacity"
    wait(lambda: agent.metric(size, exporter="patient/central") > quota * 0.7)
    assert agent.metric(capacity, exporter="patient/central") == quota
    assert agent.metric(size, exporter="patient/central") <= quota
    agent.kill()
    agent.start()
    wait(lambda: agent.metric(size, exporter="patient/central") > quota * 0.7)
    failed = "otelcol_exporter_send_failed_log_records_total"
    wait(lambda: agent.metric(failed, exporter="otlphttp/central") > 0)  # attempts
    dropped = ("otelcol_exporter_enqueue_failed", "otelcol_exporter_send_failed")
    names = [name for name, value in agent.metrics().items() if name.startswith(dropped) and value]
    assert [name for name in names if 'exporter="patient/central"' in name] == []
    held = sum(path.stat().st_size for path in (agent.folder / "state" / "central").iterdir())
    _log.info("%d bytes on disk for a queue of %d", held, quota)
    assert held < sum(path.stat().st_size for path in agent.pods.rglob("*.log"))
    store.open()
    settled(everything, store)


def test_pods_that_live_for_two_seconds_lose_nothing(agents, store):
    agent = agents(sink("central", store.address))
    assert agent.configuration()["receivers"]["filelog/central"]["poll_interval"] == "200ms"
    each, at_once = 500, 10
    messages = [[f"pod {pod} line {number}" for number in range(each)] for pod in range(LINES // each)]

    def live(number):
        pod = agent.pod(f"short-{number}")
        born = time.monotonic()
        pod.write_many(messages[number][: each // 2])
        time.sleep(max(0.0, born + 2 - time.monotonic()))
        pod.write_many(messages[number][each // 2 :])
        # The kubelet looks once a second for what has ended. Here it waits for the agent to have looked, for which a
        # machine with nothing to spare may take longer than that: what was read last arrives later than this.
        wait(lambda: messages[number][-2] in store.messages_seen)
        pod.remove()

    def line(first):
        for number in range(first, len(messages), at_once):
            live(number)

    lives = [threading.Thread(target=line, args=(first,), daemon=True) for first in range(at_once)]
    for one in lives:
        one.start()
    for one in lives:
        one.join()
    settled([message for lines in messages for message in lines], store)
    assert list(agent.pods.iterdir()) == []


def test_lines_of_a_megabyte_and_binary_bytes_arrive_whole_or_marked(agents, store):
    agent = agents(sink("central", store.address))
    writers = functions(agent, per_second=1500)
    chance = random.Random(SEED)
    long = {f"long {number} ": "é" * 500_000 for number in range(LINES // 1000)}
    each = 50
    numbers = len(long) * each
    pod = agent.pod("odd")
    for place, (start, rest) in enumerate(long.items()):
        pod.write(start + rest)
        for number in range(place * each, (place + 1) * each):
            pod.write(f"binary {number} ".encode() + chance.randbytes(300).replace(b"\n", b""))
    everything = sent(writers)
    records = store.wait(len(everything) + len(long) + numbers, WAIT_S)
    odd = {record["id"]: record for record in records if record["function"] == "odd"}
    found = account(everything, [record for record in records if record["function"] != "odd"])
    _log.info("seed %s: %s", SEED, found)
    found.settled()
    for record in odd.values():
        json.dumps(record, ensure_ascii=False).encode()  # valid UTF-8
        kind, number, text = record["message"].split(" ", 2)
        if kind == "long":
            whole = long.pop(f"long {number} ")
            assert record["cut"] is True
            assert whole.startswith(text)
            assert len(text) > 40_000
    seen = sorted(int(record["message"].split(" ", 2)[1]) for record in odd.values() if record["message"][0] == "b")
    assert (long, seen) == ({}, list(range(numbers)))


def test_five_thousand_lines_a_second_arrive(agents, store):
    agent = agents(sink("central", store.address))
    began = time.monotonic()
    everything = sent(functions(agent, per_second=5000 / len(NAMES)))
    written = time.monotonic()
    settled(everything, store)
    _log.info(
        "%.0f lines a second; the last one %.1f s later",
        len(everything) / (written - began),
        time.monotonic() - written,
    )


def test_a_slow_store_holds_up_no_other(agents, store):
    slow, good = store.tenant("slow"), store.tenant("good")
    agent = agents(
        sink("slow", store.address, kind="loki", tenant="slow", buffer_bytes=2**20),
        sink("good", store.address, kind="loki", tenant="good"),
    )
    slow.slow(WAIT_S)
    everything = sent(functions(agent))
    settled(everything, good)
    assert slow.records == []
    slow.slow(0)
    settled(everything, slow)


def test_equal_messages_keep_different_ids_and_the_same_when_read_again(agents, store):
    agent = agents(sink("central", store.address))
    pods = [agent.pod(name) for name in NAMES]
    for _ in range(LINES // len(NAMES) // 100):
        for pod in pods:
            pod.write_many(["always the same"] * 100)
    everything = ["always the same"] * LINES
    settled(everything, store)
    agent.kill()
    for path in (agent.folder / "state").rglob("*"):
        if path.is_file():
            path.unlink()
    agent.start()
    store.until(lambda records: len(records) >= 2 * LINES and min(store.ids.values()) > 1, WAIT_S)
    found = account(everything, store.records)
    found.settled()
    assert found.again >= LINES
