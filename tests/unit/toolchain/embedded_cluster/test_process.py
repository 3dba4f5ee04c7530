"""Components as real child processes of the test."""

import signal
import sys
import time

import pytest

from toolchain.embedded_cluster.components import Component
from toolchain.embedded_cluster.context import State
from toolchain.embedded_cluster.process import Answer, Process

FOREVER = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")


@pytest.fixture
def make(tmp_path):
    made = []

    def build(command=FOREVER, **more):
        process = Process(Component(name="part", command=command, **more), {}, tmp_path)
        made.append(process)
        return process

    yield build
    for process in made:
        if process.pid:
            process.kill()
            process.ended(0.0)


def test_with_a_probe_it_is_well_only_once_the_probe_says_so(make):
    process = make(probe="http://127.0.0.1/")
    assert process.due(0.0)
    process.start(0.0)
    assert process.state is State.STARTING
    process.heard(Answer(well=False, detail="no answer"), 1.0)
    assert (process.state, process.detail, process.was_well) == (State.STARTING, "no answer", False)
    process.heard(Answer(well=True), 2.0)
    assert (process.state, process.was_well) == (State.OK, True)
    process.heard(Answer(well=False, detail="500"), 3.0)
    assert (process.state, process.was_well) == (State.FAILED, True)


def test_only_what_was_well_in_this_run_can_hang(make):
    process = make(probe="http://127.0.0.1/")
    process.start(0.0)
    process.heard(Answer(well=False), 1.0)
    assert not process.hangs, "it is starting"
    process.heard(Answer(well=True), 2.0)
    assert not process.hangs
    process.heard(Answer(well=False), 3.0)
    assert process.hangs
    process.kill()
    process.ended(4.0)
    process.start(5.0)
    process.heard(Answer(well=False), 6.0)
    assert not process.hangs, "it is starting again"


def test_what_never_answered_is_given_longer(make):
    process = make(probe="http://127.0.0.1/")
    process.start(0.0)
    process.heard(Answer(well=False), 179.0)
    assert process._child.poll() is None
    process.heard(Answer(well=False), 180.0)
    assert process._child.wait() == -signal.SIGKILL


def test_without_a_probe_to_run_is_to_be_well(make):
    process = make()
    process.start(0.0)
    assert process.state is State.OK


def test_pauses_grow_with_each_end_and_shrink_after_a_steady_run(make):
    process = make()
    pauses = []
    now = 0.0
    for ran in (1.0, 1.0, 1.0, 31.0):
        process.start(now)
        now += ran
        process._child.kill()
        process.ended(now)
        assert not process.due(now)
        pauses.append(process._due - now)
    assert pauses == pytest.approx([0.25, 0.5, 1.0, 0.25])
    assert process.state is State.FAILED
    assert process.detail == "ended by SIGKILL; restarted 4 times"


def test_pauses_have_an_end(make):
    process = make()
    now = 0.0
    for _ in range(12):
        process.start(now)
        process._child.kill()
        process.ended(now)
    assert process._due - now == 10.0


def test_a_kill_on_request_is_followed_by_a_start_without_delay(make):
    process = make()
    for _ in range(5):
        process.start(0.0)
        process._child.kill()
        process.ended(0.0)
    process.start(0.0)
    process.kill()
    process.ended(0.0)
    assert process._due == 0.25


def test_what_gives_no_good_answer_for_a_minute_is_killed(make):
    process = make(probe="http://127.0.0.1/")
    process.start(0.0)
    process.heard(Answer(well=True), 10.0)
    process.heard(Answer(well=False), 69.0)
    assert process._child.poll() is None
    process.heard(Answer(well=False), 70.0)
    assert process._child.wait() == -signal.SIGKILL


def test_what_runs_once_is_done_when_it_succeeded_and_is_repeated_when_it_failed(make):
    bad = make((sys.executable, "-c", "raise SystemExit(3)"), once=True)
    bad.start(0.0)
    bad.ended(0.0)
    assert (bad.state, bad.done, bad.was_well, bad.due(1.0)) == (State.FAILED, False, False, True)
    assert "status 3" in bad.detail
    good = make((sys.executable, "-c", ""), once=True)
    good.start(0.0)
    assert good.state is State.STARTING
    good.ended(0.0)
    assert (good.state, good.done, good.was_well, good.due(9.0)) == (State.OK, True, True, False)


def test_a_program_that_is_not_there_is_said_so_and_tried_again(make):
    process = make(("/nowhere/etcd",))
    process.start(0.0)
    assert process.output is None
    assert process.state is State.FAILED
    assert "/nowhere/etcd" in process.detail
    assert process.due(1.0)


def test_what_it_says_is_in_its_log(make, tmp_path):
    process = make((sys.executable, "-c", "import sys; print('hello'); print('trouble', file=sys.stderr)"))
    process.start(time.monotonic())
    output = process.output
    while process.drain_from(output):
        pass
    process.ended(0.0)
    text = (tmp_path / "part.log").read_text()
    assert "hello\n" in text
    assert "trouble\n" in text
    assert "--- ended with status 0" in text
    output.close()
