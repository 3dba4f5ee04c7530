"""Findings in the forms of other programs."""

import dataclasses

import pytest

from slipway.core.findings import Finding, Severity
from slipway.reports.codequality import code_quality, fingerprint
from slipway.reports.places import place_of
from slipway.reports.sarif import RuleText, sarif
from slipway.reports.terraform import terraform

FINDING = Finding(
    severity=Severity.ERROR,
    rule="closed",
    message="F9 closed: open must be false",
    remedy="close it",
    environment="prod",
    function="orders",
    resource="orders-url",
    property="open",
)
RULE = RuleText(name="closed", title="It is closed", remedy="close it", tags=("F9", "CKV_1"))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({}, ("functions/orders/function.yaml", 1)),
        ({"function": None}, ("stacks/Pulumi.prod.yaml", 1)),
        ({"function": None, "environment": None}, ("Pulumi.yaml", 1)),
        ({"file": "stacks/Pulumi.dev.yaml", "line": 7}, ("stacks/Pulumi.dev.yaml", 7)),
        ({"file": "stacks/Pulumi.dev.yaml"}, ("stacks/Pulumi.dev.yaml", 1)),
    ],
)
def test_every_finding_has_a_place(changes, place):
    assert place_of(dataclasses.replace(FINDING, **changes)) == place


def test_code_quality():
    [issue] = code_quality([FINDING])
    assert issue == {
        "description": "prod orders-url: F9 closed: open must be false; close it",
        "check_name": "closed",
        "fingerprint": fingerprint(FINDING),
        "severity": "critical",
        "location": {"path": "functions/orders/function.yaml", "lines": {"begin": 1}},
    }


def test_a_fingerprint_names_the_place_and_not_what_was_found_there():
    assert fingerprint(dataclasses.replace(FINDING, message="open must be false, found 3")) == fingerprint(FINDING)
    for other in ({"resource": "x"}, {"environment": "dev"}, {"rule": "y"}, {"property": "z"}, {"function": "a"}):
        assert fingerprint(dataclasses.replace(FINDING, **other)) != fingerprint(FINDING)


def test_sarif_has_rules_results_and_excuses():
    log = sarif([(FINDING, None), (dataclasses.replace(FINDING, severity=Severity.INFO), "old clients")], [RULE], [])
    [run] = log["runs"]
    assert log["version"] == "2.1.0"
    assert run["tool"]["driver"]["rules"][0]["id"] == "closed"
    assert run["tool"]["driver"]["rules"][0]["properties"]["tags"] == ["F9", "CKV_1"]
    first, second = run["results"]
    assert first["level"] == "error"
    assert first["suppressions"] == []
    location = first["locations"][0]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "functions/orders/function.yaml"
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "prod/orders/orders-url"
    assert second["level"] == "note"
    assert second["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "old clients"}]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_sarif_says_what_was_not_checked():
    [run] = sarif([], [], ["dev: nothing is deployed"])["runs"]
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "not checked: dev: nothing is deployed"


@pytest.mark.parametrize(
    ("operations", "counts"),
    [
        ([], (0, 0, 0)),
        (["create", "import", "update", "delete"], (2, 1, 1)),
        (["replace", "replace"], (2, 0, 2)),
        (["same", "read", "refresh"], (0, 0, 0)),
    ],
)
def test_terraform_counts_a_replacement_as_a_creation_and_a_deletion(operations, counts):
    assert terraform(operations) == dict(zip(("create", "update", "delete"), counts, strict=True))
