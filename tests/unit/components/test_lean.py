import asyncio

import psutil
import pulumi
import pytest
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime import stack as sdk_stack
from pulumi_aws import sqs

from components import lean


@pytest.fixture(autouse=True)
def _restore(monkeypatch):
    monkeypatch.setattr(pulumi.log, "debug", pulumi.log.debug)
    monkeypatch.setattr(sdk_resource, "_get_stack_trace", sdk_resource._get_stack_trace)
    monkeypatch.setattr(sdk_stack, "asyncio", sdk_stack.asyncio)
    monkeypatch.delenv(lean.DEBUG_VARIABLE, raising=False)


def engine_above(monkeypatch, *command):
    class Above:
        def parents(self):
            return [Process(["/usr/bin/python3", "-d"]), Process(list(command)), Process([])]

    class Process:
        def __init__(self, words):
            self.words = words

        def cmdline(self):
            return self.words

    monkeypatch.setattr(psutil, "Process", Above)


@pytest.mark.parametrize(
    "arguments",
    [["up", "--debug"], ["up", "-d"], ["up", "-yd"], ["preview", "--debug=true"], ["up", "-s", "dev", "-d"]],
)
def test_debug_is_found_in_the_engines_command(arguments):
    assert lean.asks_for_debug(["/opt/pulumi", *arguments])


@pytest.mark.parametrize(
    "arguments",
    [
        ["up"],
        ["up", "--debug=false"],
        ["up", "-sdev"],
        ["up", "--", "-d"],
        ["up", "--diff"],
        ["up", "-y"],
        ["up", "-Cdir"],
        ["destroy"],
    ],
)
def test_other_flags_are_not_taken_for_debug(arguments):
    assert not lean.asks_for_debug(["/opt/pulumi", *arguments])


def test_the_launchers_variable_wins(monkeypatch):
    engine_above(monkeypatch, "pulumi", "up")
    monkeypatch.setenv(lean.DEBUG_VARIABLE, "1")
    assert lean.debug_wanted()
    assert not lean.lean_engine_calls()


def test_without_debug_nothing_is_sent_that_nobody_reads(monkeypatch, engine):
    engine_above(monkeypatch, "/home/u/.venv/bin/pulumi", "up", "-y")
    assert lean.lean_engine_calls()
    logged = []
    monkeypatch.setattr(pulumi.log, "_log", lambda *args: logged.append(args))
    engine.run(lambda: sqs.Queue("one"))
    assert engine.named("one").frames == 0
    assert logged == []


def test_with_debug_everything_is_sent(monkeypatch, engine):
    engine_above(monkeypatch, "/home/u/.venv/bin/pulumi", "up", "--debug")
    assert not lean.lean_engine_calls()
    logged = []
    monkeypatch.setattr(pulumi.log, "_log", lambda *args: logged.append(args))
    engine.run(lambda: sqs.Queue("one"))
    assert engine.named("one").frames > 0, "the SDK no longer sends stack traces: drop_stack_traces has no purpose"
    assert logged, "the SDK no longer sends debug messages: quiet_debug_logs has no purpose"


def test_warnings_and_errors_still_reach_the_engine(monkeypatch, engine):
    engine_above(monkeypatch, "pulumi", "up")
    lean.lean_engine_calls()
    logged = []
    monkeypatch.setattr(pulumi.log, "_log", lambda engine, severity, *rest: logged.append(rest[0]))
    engine.run(lambda: pulumi.log.warn("careful"))
    assert logged == ["careful"]


def test_processes_that_cannot_be_read_mean_no_debug(monkeypatch):
    class Gone:
        def parents(self):
            raise psutil.AccessDenied(1)

    monkeypatch.setattr(psutil, "Process", Gone)
    assert not lean.debug_wanted()


class Waits:
    """Counts how often the SDK waits for outputs, and for how many."""

    def __init__(self, monkeypatch):
        self.sizes = []
        wait = asyncio.wait

        def counted(tasks, *, return_when):
            self.sizes.append(len(tasks))
            return wait(tasks, return_when=return_when)

        monkeypatch.setattr(asyncio, "wait", counted)


def many():
    """Outputs that are done one after the other, and so each alone."""
    previous = pulumi.Output.from_input(0)
    for _ in range(50):
        previous = previous.apply(lambda value: value + 1)
    return [sqs.Queue(f"q{index}", name=f"q{index}") for index in range(5)], previous


def test_outputs_are_waited_for_together(monkeypatch, engine, resolved):
    before = Waits(monkeypatch)
    engine.run(many)
    after = Waits(monkeypatch)
    lean.wait_once()
    _, last = engine.run(many)
    assert resolved(last) == 50
    assert sum(after.sizes) < sum(before.sizes) / 2, "the SDK no longer waits for each alone: wait_once has no purpose"


def test_an_output_that_fails_still_ends_the_program(engine):
    lean.wait_once()

    def program():
        sqs.Queue("q").name.apply(lambda name: 1 / 0)
        pulumi.Output.from_input(1).apply(lambda one: pulumi.Output.from_input(one + 1))

    with pytest.raises(ZeroDivisionError):
        engine.run(program)


def test_an_output_that_fails_is_told_without_waiting_for_one_that_never_comes(engine):
    lean.wait_once()

    def program():
        never = asyncio.get_event_loop().create_future()
        pulumi.Output.from_input(never)
        pulumi.Output.from_input(1).apply(lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        engine.run(program)


def test_resources_made_inside_an_apply_are_still_waited_for(engine):
    lean.wait_once()
    engine.run(lambda: sqs.Queue("a").id.apply(lambda _: sqs.Queue("b").id.apply(lambda _: sqs.Queue("c"))) and None)
    assert {r.name for r in engine.kinds("Queue")} == {"a", "b", "c"}


def test_the_rest_of_asyncio_is_the_real_one():
    lean.wait_once()
    assert sdk_stack.asyncio.sleep is asyncio.sleep
    assert sdk_stack.asyncio.FIRST_COMPLETED == asyncio.FIRST_COMPLETED
