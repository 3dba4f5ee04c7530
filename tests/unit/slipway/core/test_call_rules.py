"""Functions that call other functions of their environment."""

import pytest

HEAD = 'config:\n  slipway:target: lambda\n  slipway:aws: {account: "123456789012", region: eu-central-1}\n'
CALLS = "uses: [{function: pricing, can: [invoke]}]\n"


@pytest.fixture
def caller(box, manifest):
    """The project with a function `orders` that calls another one."""
    box.function("orders", manifest(CALLS))
    box.function("pricing", manifest("events: [event: {type: a}]"))
    return box


def test_a_function_of_the_same_environment_is_called(caller):
    caller.stack("dev", HEAD)
    assert caller.lines() == []


def test_on_knative_too(caller, manifest):
    caller.function("orders", manifest(f"events: [event: {{type: a}}]\n{CALLS}"))
    caller.stack("dev", "config:\n  slipway:target: knative\n")
    assert caller.lines() == []


def test_a_name_that_is_no_function(box, manifest):
    box.function("orders", manifest(CALLS))
    box.function("pricings", manifest("events: [event: {type: a}]"))
    box.stack("dev", HEAD)
    text = box.only("unknown-function")
    assert "'pricing' is no function, did you mean 'pricings'?" in text
    assert text.endswith("functions: orders, pricings")


def test_a_function_that_is_switched_off(caller):
    caller.stack("dev", HEAD + "  slipway:functions: {pricing: {enabled: false}}\n")
    assert "function 'pricing' is not deployed in dev; remove enabled: false there" in caller.only("not-deployed")


def test_a_function_whose_manifest_is_wrong_is_not_told_twice(caller):
    caller.function("pricing", "owner: team-a\n")
    caller.stack("dev", HEAD)
    assert {finding.function for finding in caller.load().findings} == {"pricing"}


@pytest.mark.parametrize(("own", "other"), [("lambda", "Knative"), ("knative", "Lambda")])
def test_a_function_on_the_other_target(caller, manifest, own, other):
    caller.function("orders", manifest(f"events: [event: {{type: a}}]\n{CALLS}target: {own}\n"))
    there = "knative" if own == "lambda" else "lambda"
    caller.function("pricing", manifest(f"events: [event: {{type: a}}]\ntarget: {there}\n"))
    caller.stack(
        "dev", HEAD + "  slipway:cluster: {}\n", sinks="  slipway:sinks: {c: {s3: {create: true}}, d: {loki: {}}}\n"
    )
    text = caller.only("function-on-other-target")
    assert f"function 'pricing' runs on {other} in dev, and this function on" in text


def test_no_entry_of_the_catalogue_is_a_function(box):
    box.stack("dev", HEAD + "  slipway:resources: {function: {orders: {}}}\n")
    assert "function" in box.only("unknown-key")
