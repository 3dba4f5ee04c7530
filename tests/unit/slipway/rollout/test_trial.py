import pytest

from slipway.core.errors import EngineError
from slipway.rollout import trial
from slipway.running.calls import Answer, Call, Plain, Request
from slipway.running.releases import Release

RELEASE = Release(function="orders", stable="1", candidate="2", percent=10)
EVENT = Call(what=Plain(value={}))


def answer(error=None, status=200, **more):
    return Answer(status=status, body=None, headers={}, error=error, log="", duration_ms=10, version="2", **more)


class Runner:
    def __init__(self, *answers, alarms=([], None)):
        self.answers, self.found, self.called = list(answers), alarms, []

    def invoke(self, name, output, call, *, version):
        self.called.append((name, version))
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Exception):
            raise found
        return found

    def alarms(self, release):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def hold(runner, times=4, call=EVENT):
    return trial.hold(runner, RELEASE, {}, call, times)


def test_the_candidate_is_called_so_many_times():
    runner = Runner(answer())
    verdict = hold(runner)
    assert runner.called == [("orders", "2")] * 4
    assert (verdict.calls, verdict.error_rate, verdict.latency_ms, verdict.status) == (4, 0, 10, 200)
    assert verdict.problem(0) is None


def test_failures_count_by_their_share():
    verdict = hold(Runner(answer("KeyError: 'x'"), answer()))
    assert verdict.error_rate == 25
    assert verdict.problem(0) == "1 of 4 calls failed: KeyError: 'x'"
    assert verdict.problem(24) is not None
    assert verdict.problem(25) is None


def test_an_answer_other_than_the_example_promises_is_a_failure():
    verdict = hold(Runner(answer(status=404)), times=1, call=Call(what=Request(), status=200))
    assert verdict.problem(0) == "1 of 1 calls failed: answered 404, its example promises 200"


def test_an_alarm_is_enough():
    verdict = hold(Runner(answer(), alarms=(["alarm errors is on"], None)))
    assert verdict.problem(100) == "alarm errors is on"


@pytest.mark.parametrize(
    ("runner", "unchecked"),
    [
        (Runner(EngineError("down")), "calls: down"),
        (Runner(answer(unchecked="wants a token")), "calls: wants a token"),
        (Runner(answer(), alarms=([], "no data")), "alarms: no data"),
        (Runner(answer(), alarms=EngineError("not allowed")), "alarms: not allowed"),
    ],
)
def test_what_could_not_be_checked_is_no_failure_and_no_success(runner, unchecked):
    verdict = hold(runner)
    assert verdict.unchecked == (unchecked,)
    assert verdict.problem(0) is None


def test_calls_end_with_the_first_that_cannot_be_made():
    runner = Runner(answer(), EngineError("down"))
    verdict = hold(runner)
    assert (verdict.calls, len(runner.called)) == (1, 2)
