"""Logs on Lambda from function to bucket and back: what the deployed path delivers is what `slipway logs` shows."""

import json
import re
import shutil

import pytest
from jsonschema import Draft202012Validator

from tests.integration.slipway.engine.conftest import ROOT

pytestmark = pytest.mark.timeout(900)
FUNCTIONS = ("hello", "orders")
SCHEMA = Draft202012Validator(json.loads((ROOT / "docs/schema/log.schema.json").read_text()))


@pytest.fixture(scope="module")
def deployed(checkout):
    for folder in (checkout.root / "functions").iterdir():
        if folder.name not in {*FUNCTIONS, "shared"}:
            shutil.rmtree(folder)
    stack = checkout.root / "stacks/Pulumi.local.yaml"
    stack.write_text(re.sub(r"  slipway:functions:\n(?:    .*\n)+", "", stack.read_text()))
    checkout.run("up")
    return checkout


def envelopes(checkout, *arguments):
    return [json.loads(line) for line in checkout.run("logs", *arguments, "--json").stdout.splitlines()]


def test_the_canary_finds_every_line_of_every_function(deployed):
    found = json.loads(deployed.run("verify", "sinks", "--count", "2000", "--json").stdout)["deliveries"]
    assert [(one["function"], one["sink"]) for one in found] == [("hello", "central"), ("orders", "central")]
    for one in found:
        assert (one["sent"], one["arrived"], one["lost"], one["result"]) == (2000, 2000, 0, "ok")
        assert one["p50_ms"] <= one["p99_ms"]
    # They are in the log of the function, and told apart from its own.
    assert envelopes(deployed, "hello", "--sink", "central") == []
    canaries = envelopes(deployed, "hello", "--sink", "central", "--canary")
    assert sorted(one["fields"]["slipway_canary_number"] for one in canaries) == list(range(2000))
    # Nothing of it is left in the log group.
    assert envelopes(deployed, "hello", "--canary") == []


def test_verify_ends_with_what_the_sink_has(deployed):
    done = json.loads(deployed.run("verify", "--logs", "--json").stdout)
    assert {row["result"] for row in done["functions"]} == {"ok"}
    logs = {one["function"]: one for one in done["logs"]}
    assert sorted(logs) == sorted(FUNCTIONS)
    for one in logs.values():
        assert (one["sink"], one["missing"]) == ("central", None)
        assert one["records"]


def test_both_sources_have_the_same_records(deployed):
    deployed.run("invoke", "orders", "--example")
    there = envelopes(deployed, "orders")
    assert any(one["message"] == "order accepted" for one in there)
    deployed.run("verify", "sinks", "-f", "orders", "--count", "1")  # what came before it has arrived with it
    stored = envelopes(deployed, "orders", "--sink", "central")
    by_id = {one["id"]: one for one in stored}
    assert {one["id"] for one in there} == set(by_id)
    for one in there:
        # What the sink has went through its redaction.
        assert by_id[one["id"]] == one or "[redacted]" in json.dumps(by_id[one["id"]])
        assert not list(SCHEMA.iter_errors(one))
        assert not list(SCHEMA.iter_errors(by_id[one["id"]]))


def test_options_choose_among_them(deployed):
    for source in ((), ("--sink", "central")):
        accepted = envelopes(deployed, "orders", *source, "--grep", "order accepted")
        assert {one["message"] for one in accepted} == {"order accepted"}
        reports = envelopes(deployed, "orders", *source, "--source", "platform")
        assert reports
        assert {one["source"] for one in reports} == {"platform"}
        everything = envelopes(deployed, "orders", *source)
        assert envelopes(deployed, "orders", *source, "--tail", "2") == everything[-2:]


@pytest.fixture(scope="module")
def lost(deployed):
    """What the sink had of both functions when the log group of one was gone, and the other was removed."""
    before = {name: envelopes(deployed, name, "--sink", "central") for name in FUNCTIONS}
    logs = deployed.client("logs")
    logs.delete_log_group(logGroupName="/slipway/local/orders")
    assert envelopes(deployed, "orders") == before["orders"]
    shutil.move(deployed.root / "functions/hello", deployed.root / "hello")
    deployed.run("up", "--refresh")
    return before


def test_what_a_group_has_lost_comes_from_the_sink_and_what_is_new_from_the_group(deployed, lost):
    deployed.run("invoke", "orders", "--example")
    found = envelopes(deployed, "orders")
    count = len(lost["orders"])
    assert found[:count] == lost["orders"]
    assert any(one["message"] == "order accepted" for one in found[count:])


def test_a_function_that_is_gone_is_read_from_its_sink(deployed, lost):
    done = deployed.run("logs", "hello", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert lost["hello"]
    assert found[: len(lost["hello"])] == lost["hello"]
    assert "note: hello is not deployed in local; what sink central has of it is shown" in done.stderr


def test_list_shows_sinks(deployed, lost):
    rows = json.loads(deployed.run("list", "--json").stdout)["functions"]
    assert {row["name"]: row["sinks"] for row in rows} == {"orders": ["central"]}
