"""From the pack's report to findings and controls."""

import pytest

from policies.judge.values import UNKNOWN
from slipway.core.findings import Severity
from slipway.engine.controls import controls
from slipway.engine.policies import findings, function_of, read_report, stopped
from tests.unit.slipway.engine.judged import FUNCTION, PARENTS, QUEUE, SHARED, written

WAIVER = {"rule": "F9", "resource": "open", "reason": "old clients", "owner": "team-a", "expires": "2026-12-01"}


def test_failures_are_errors_or_advice_with_who_and_what_to_do(tmp_path):
    found = findings(written(tmp_path, {QUEUE.format("open"): True}), "prod", PARENTS)
    assert [(f.severity, f.function, f.environment, f.property) for f in found] == [
        (Severity.WARNING, "orders", "prod", "open"),
        (Severity.ERROR, "orders", "prod", "open"),
    ]
    assert found[1].render() == "open: F9 closed: open must be false; close it"
    assert stopped(found)


def test_what_passes_or_is_disabled_is_no_finding(tmp_path):
    said = written(
        tmp_path,
        {QUEUE.format("closed"): False, QUEUE.format("open"): True},
        rules={"F9": "disabled", "K10": "disabled"},
    )
    assert findings(said, "prod", PARENTS) == []


def test_what_is_unknown_is_a_finding_without_advice(tmp_path):
    found = findings(written(tmp_path, {QUEUE.format("later"): UNKNOWN}), "prod", PARENTS)
    error, advice = sorted(found, key=lambda one: -one.severity)
    assert error.severity is Severity.ERROR
    assert error.render() == "later: F9 closed: open is known only during the update"
    assert advice.severity is Severity.WARNING


def test_what_several_rules_cannot_tell_for_one_reason_is_one_finding(tmp_path):
    said = written(tmp_path, {QUEUE.format("later"): UNKNOWN}, rules={"K10": "mandatory"})
    [finding] = findings(said, "prod", PARENTS)
    assert finding.rule == "policies-unknown"
    assert finding.function == "orders"
    assert finding.render() == "later: F9, K10: open is known only during the update"


def test_a_waived_failure_is_a_note_with_the_reason(tmp_path):
    said = written(tmp_path, {QUEUE.format("open"): True}, waivers=[WAIVER])
    [_, note] = findings(said, "prod", PARENTS)
    assert note.severity is Severity.INFO
    assert note.render() == ("open: F9 closed: open must be false; excused until 2026-12-01 by team-a: old clients")
    assert said.waivers[0].state == "used"
    assert not stopped([note])


@pytest.mark.parametrize(("changed", "text"), [({"expires": "2026-11-25"}, "expired"), ({"resource": "x"}, "nothing")])
def test_a_waiver_that_stands_for_nothing_is_an_error_in_its_file(tmp_path, changed, text):
    said = written(tmp_path, {QUEUE.format("closed"): False}, waivers=[WAIVER | changed])
    [finding] = findings(said, "prod", PARENTS)
    assert finding.severity is Severity.ERROR
    assert finding.file == "stacks/Pulumi.prod.yaml"
    assert text in finding.message


def test_resources_belong_to_the_function_above_them():
    assert function_of(QUEUE.format("open"), PARENTS) == "orders"
    assert function_of(FUNCTION, PARENTS) == "orders"
    assert function_of(SHARED.format("shared"), PARENTS) is None
    assert function_of("", PARENTS) is None
    assert function_of("a", {"a": "b", "b": "a"}) is None


@pytest.mark.parametrize("text", [None, "", "[]", '{"format": 2}', "{"])
def test_a_report_that_is_not_there_or_of_another_form_is_none(tmp_path, text):
    file = tmp_path / "report.json"
    if text is not None:
        file.write_text(text)
    assert read_report(file) is None


def test_controls_tell_the_worst_state_and_where(tmp_path):
    resources = {
        QUEUE.format("open"): True,
        QUEUE.format("closed"): False,
        QUEUE.format("later"): UNKNOWN,
        SHARED.format("shared"): False,
    }
    by_id = {one.id: one for one in controls(written(tmp_path, resources), PARENTS)}
    assert list(by_id) == ["F9", "K10", "S1"]
    assert by_id["F9"].state == "failing"
    assert by_id["F9"].states == {"(environment)": "met", "orders": "failing"}
    assert by_id["F9"].where("met") == ["(environment)"]
    assert by_id["S1"].state == "no such resource"


@pytest.mark.parametrize(
    ("is_open", "policy", "state"),
    [
        (False, {}, "met"),
        (UNKNOWN, {}, "unknown"),
        (True, {"waivers": [WAIVER]}, "waived"),
        (True, {"rules": {"F9": "disabled"}}, "not checked"),
        (True, {"rules": {"F9": "advisory"}}, "failing"),
    ],
)
def test_states_of_a_control(tmp_path, is_open, policy, state):
    said = written(tmp_path, {QUEUE.format("open"): is_open}, **policy)
    assert controls(said, PARENTS)[0].state == state


def test_a_control_of_which_a_rule_is_broken_has_that_rules_level(tmp_path):
    said = written(tmp_path, {QUEUE.format("open"): True}, rules={"K10": "disabled"})
    by_id = {one.id: one for one in controls(said, PARENTS)}
    assert by_id["F9"].level == "mandatory"
    assert by_id["K10"].level == "disabled"
    assert by_id["K10"].states == {}
