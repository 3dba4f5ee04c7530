"""Policies on a real update: a resource that somebody adds by hand is judged before anything is changed."""

import json
import subprocess

import pytest
import yaml
from botocore.exceptions import ClientError

pytestmark = [pytest.mark.timeout(900)]
BY_HAND = """
from pulumi_aws import cloudwatch, lambda_

by_hand = pulumi.ResourceOptions(parent=functions["hello"], provider=environment.on_lambda.provider)
deployed = functions["hello"].version.apply(lambda version: "slipway-local-hello")
lambda_.FunctionUrl("by-hand", function_name=deployed, authorization_type={value}, opts=by_hand)
"""
WAIVER = {
    "rule": "F9",
    "resource": "by-hand",
    "reason": "old clients cannot sign",
    "owner": "team-payments",
    "expires": "2999-12-31",
}


@pytest.fixture(scope="module")
def policed(checkout):
    """A checkout with one function, whose program a test adds a resource to."""
    checkout.environment = {"SLIPWAY_SKIP_PREVIEW": "false"}
    checkout.settings_file = checkout.root / "stacks" / "Pulumi.local.yaml"
    checkout.program = (checkout.root / "__main__.py").read_text()
    content = yaml.safe_load(checkout.settings_file.read_text())
    others = {path.parent.name for path in (checkout.root / "functions").glob("*/function.yaml")} - {"hello"}
    content["config"]["slipway:functions"] = {name: {"enabled": False} for name in sorted(others)}
    checkout.settings_file.write_text(yaml.safe_dump(content))
    return checkout


def add(checkout, value, **policy):
    """Put the resource into the program, with this authorization, and what the environment says about policies."""
    (checkout.root / "__main__.py").write_text(checkout.program + BY_HAND.format(value=value))
    content = yaml.safe_load(checkout.settings_file.read_text())
    levels = content["config"]["slipway:policy"]["rules"]  # what the embedded AWS cannot have
    content["config"]["slipway:policy"] = {"rules": levels, **policy}
    checkout.settings_file.write_text(yaml.safe_dump(content))


def test_what_a_mandatory_rule_refuses_is_never_begun(policed):
    add(policed, '"NONE"')
    done = policed.run("up", status=1)
    [line] = [line for line in done.stdout.splitlines() if line.startswith("by-hand: F9")]
    assert line == (
        "by-hand: F9 function-url-authorization: authorizationType must be AWS_IAM, found NONE; "
        "set authorizationType to AWS_IAM, or publish the function by a route with auth: token"
    )
    assert "local: policies refuse this update; nothing was changed" in done.stderr
    assert "Traceback" not in done.stderr
    assert policed.everything() == set()


def test_plain_pulumi_gives_the_same_verdict(policed):
    done = subprocess.run(
        [policed.root / ".venv/bin/pulumi", "preview", "-s", "local", "--policy-pack", "policies", "--non-interactive"],
        cwd=policed.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode != 0
    assert "F9 function-url-authorization: by-hand: authorizationType must be AWS_IAM, found NONE" in done.stdout


@pytest.mark.parametrize(("unknown", "status"), [("fail", 1), ("report", 0)])
def test_what_nobody_knows_yet_is_never_taken_for_safe(policed, unknown, status):
    add(policed, 'cloudwatch.EventBus("by-hand", opts=by_hand).arn', unknown=unknown)
    done = policed.run("preview", "--json", status=status)
    [finding] = [f for f in json.loads(done.stdout)["findings"] if f.get("resource") == "by-hand"]
    assert finding["severity"] == ("error" if status else "warning")
    assert finding["function"] == "hello"
    assert "authorizationType is known only during the update" in finding["message"]


def test_an_update_that_is_not_planned_first_stops_at_the_resource(policed):
    add(policed, '"NONE"')
    done = policed.run("up", "--skip-preview", status=1)
    assert "by-hand: F9" in done.stdout
    assert "what was done before is in the state" in done.stderr
    with pytest.raises(ClientError, match="ResourceNotFound"):
        policed.client("lambda").get_function_url_config(FunctionName="slipway-local-hello")


def test_a_waiver_lets_it_through_and_is_told_until_it_expires(policed):
    add(policed, '"NONE"', waivers=[WAIVER])
    done = policed.run("up", "--json")
    report = json.loads(done.stdout)
    [finding] = [f for f in report["findings"] if f.get("resource") == "by-hand" and "F9" in f["message"]]
    assert finding["severity"] == "info"
    assert finding["excuse"] == "until 2999-12-31 by team-payments: old clients cannot sign"
    [environment] = json.loads(policed.run("security", "-s", "local", "--json").stdout)["environments"]
    [f9] = [control for control in environment["controls"] if control["id"] == "F9"]
    assert f9["state"] == "waived"
    assert f9["states"] == {"hello": "waived"}

    add(policed, '"NONE"', waivers=[WAIVER | {"expires": "2020-01-31"}])
    done = policed.run("security", "-s", "local", status=1)
    assert "waiver of F9 for 'by-hand', owned by team-payments: expired on 2020-01-31" in done.stdout
    assert "by-hand: F9" in done.stdout
    assert "waiver (expired): F9 for 'by-hand' until 2020-01-31, team-payments" in done.stdout
