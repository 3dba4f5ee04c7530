"""What `up` does about parts that are not well; the cluster itself is replaced. The real one: tests/integration."""

import dataclasses
import datetime as dt

import pytest

from toolchain.embedded_cluster import lifecycle
from toolchain.embedded_cluster import status as state_of
from toolchain.embedded_cluster.api import ApiError
from toolchain.embedded_cluster.context import Part, State
from toolchain.embedded_cluster.errors import EmbeddedClusterError
from toolchain.embedded_cluster.status import Answer

BOOT = "boot"


class Reporter:
    def __init__(self):
        self.said = []

    def say(self, message):
        self.said.append(message)


class Api:
    """A sequence of answers to /readyz; the node is ready."""

    def __init__(self, readiness=()):
        self.readiness = list(readiness)

    def text(self, path):
        assert path == "/readyz"
        answer = self.readiness.pop(0) if self.readiness else None
        if answer is not None:
            raise answer

    def get(self, path):
        return {"status": {"nodeInfo": {"bootID": BOOT}, "conditions": [{"type": "Ready", "status": "True"}]}}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def answer(*ill, hung=()):
    parts = [Part(name="etcd", state=State.OK, pid=1)]
    parts += [Part(name=name, state=State.FAILED, pid=2, detail="no answer") for name in ill]
    return Answer("digest", BOOT, dt.datetime.now(dt.UTC), tuple(parts), frozenset(hung))


@pytest.fixture
def waits(config, monkeypatch):
    """Wait with given answers of supervisor and API server; returns what was restarted and said."""
    clock = [0.0]
    monkeypatch.setattr(lifecycle.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(lifecycle.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + 6))
    restarted = []
    monkeypatch.setattr(lifecycle.control, "ask", lambda path, request: restarted.append(request["name"]))

    def run(answers, readiness=(), process=None):
        answers = list(answers)
        monkeypatch.setattr(state_of, "ask", lambda config: answers.pop(0) if len(answers) > 1 else answers[0])
        monkeypatch.setattr(lifecycle, "Api", lambda *_: Api(readiness))
        reporter = Reporter()
        lifecycle._Waiting(config, reporter, process).until_ready()
        return restarted, reporter.said

    config.pki.ensure()
    return run


def test_a_whole_cluster_is_left_alone(waits):
    assert waits([answer()]) == ([], [])


def test_a_part_that_hangs_is_restarted_and_said_so(waits):
    ill = answer("kube-apiserver", hung=["kube-apiserver"])
    assert waits([ill, ill, ill, answer()]) == (["kube-apiserver"], ["kube-apiserver hangs: starting it again"])


def test_a_part_that_is_starting_is_waited_for(waits):
    ill = answer("kube-apiserver")
    assert waits([*[ill] * 10, answer()]) == ([], [])


def test_a_part_that_recovers_in_time_is_left_alone(waits):
    ill = answer("kubelet", hung=["kubelet"])
    assert waits([ill, ill, answer("kube-proxy"), ill, ill, answer()]) == ([], [])


def test_when_all_is_well_inside_and_nothing_comes_through_the_relay_hangs(waits):
    lost = [ApiError("no answer")] * 3
    assert waits([answer()], readiness=lost)[0] == ["relay"]


def test_a_refusal_of_the_api_server_is_not_the_relays_fault(waits):
    refusals = [ApiError("500 etcd", 500)] * 5
    assert waits([answer()], readiness=refusals) == ([], [])


def test_a_start_that_ends_says_what_was_said(waits, config):
    class Ended:
        def poll(self):
            return 1

    config.logs.mkdir(parents=True)
    (config.logs / "start.log").write_text("no control groups are mounted\n")
    with pytest.raises(EmbeddedClusterError, match="ended while it started: no control groups are mounted"):
        waits([None], process=Ended())


def test_one_that_is_ended_by_somebody_else_is_not_waited_for(waits):
    with pytest.raises(EmbeddedClusterError, match="ended meanwhile; run the same command again"):
        waits([None])


def test_up_looks_again_when_something_died_meanwhile(config, monkeypatch):
    whole = state_of.look(config)
    looks = [dataclasses.replace(whole, running=True, healthy=healthy) for healthy in (False, True, True)]
    rounds = []
    (config.data / "etcd" / "member").mkdir(parents=True)
    (config.data / "instance").write_text("1")
    monkeypatch.setattr(lifecycle, "_digest", lambda config: "digest")
    monkeypatch.setattr(state_of, "ask", lambda config: answer())
    monkeypatch.setattr(state_of, "look", lambda config: looks.pop(0))
    monkeypatch.setattr(lifecycle, "_make_ready", lambda *_: rounds.append("ready"))
    monkeypatch.setattr(lifecycle, "require_machine", lambda: None)
    found = lifecycle.up(config, Reporter())
    assert found.healthy
    assert rounds == ["ready", "ready"]


def test_what_does_not_become_well_is_named_with_its_log(waits):
    with pytest.raises(
        EmbeddedClusterError, match="not ready after 300 s: kubelet: no answer; see `slipway cluster logs kubelet`"
    ):
        waits([answer("kubelet")])
