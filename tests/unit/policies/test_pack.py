"""The pack as the SDK calls it: which policy tells which verdict, and the report that it writes."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pulumi_policy import EnforcementLevel, PolicyResource, ResourceValidationArgs, StackValidationArgs
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.host.environment import settings_of, stack_of
from policies.host.pack import REPORT_VARIABLE, Run, policies

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]
URL = "aws:lambda/functionUrl:FunctionUrl"
URN = f"urn:pulumi:dev::shop::{URL}::open"


def arguments(urn=URN, **props):
    return ResourceValidationArgs(
        URL, unknown_checking_proxy(props), urn, urn.rpartition("::")[2], None, None, None, {}
    )


def stack_arguments(*types):
    resources = [
        PolicyResource(
            type_, unknown_checking_proxy({}), f"urn:pulumi:dev::shop::{type_}::x", "x", None, None, None, [], {}
        )
        for type_ in types
    ]
    return StackValidationArgs(resources, None, {})


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """The four policies of an environment `dev`, whose settings a test writes first."""
    monkeypatch.setenv(REPORT_VARIABLE, str(tmp_path / "report.json"))

    def made(config=None):
        if config is not None:
            (tmp_path / "Pulumi.dev.yaml").write_text(json.dumps({"config": config}))
        return policies(Run(tmp_path))

    return made


def told(policy, args):
    said = []
    policy.validate(args, lambda message, urn=None: said.append((message, urn)))
    return said


def test_there_are_two_levels_of_each_kind(pack):
    assert [(p.name, p.enforcement_level) for p in pack()] == [
        ("slipway-resource-mandatory", EnforcementLevel.MANDATORY),
        ("slipway-resource-advisory", EnforcementLevel.ADVISORY),
        ("slipway-stack-mandatory", EnforcementLevel.MANDATORY),
        ("slipway-stack-advisory", EnforcementLevel.ADVISORY),
    ]


def test_a_failure_is_told_by_the_policy_of_its_level_and_by_no_other(pack, tmp_path):
    mandatory, advisory, *_ = pack({})
    [(message, _)] = told(mandatory, arguments(authorizationType="NONE"))
    assert message.startswith("F9 function-url-authorization: open: authorizationType must be AWS_IAM, found NONE")
    assert told(advisory, arguments(authorizationType="NONE")) == []
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["stack"] == "dev"
    assert [(v["rule"], v["outcome"]) for v in report["verdicts"]] == [("F9", "fail")]


def test_an_environment_that_says_nothing_is_judged_strictly(pack):
    mandatory, *_ = pack()
    [(message, _)] = told(mandatory, arguments(authorizationType=UNKNOWN_STRING_VALUE))
    assert "authorizationType is known only during the update" in message


def test_an_environment_may_let_what_is_unknown_be_reported(pack):
    mandatory, advisory, *_ = pack({"slipway:policy": {"unknown": "report"}})
    args = arguments(authorizationType=UNKNOWN_STRING_VALUE)
    assert told(mandatory, args) == []
    assert len(told(advisory, args)) == 1


def test_protected_environments_fail_on_what_is_unknown(tmp_path):
    for protect, unknown in ((True, "fail"), ("true", "fail"), (False, "report"), ("false", "report")):
        (tmp_path / "Pulumi.dev.yaml").write_text(json.dumps({"config": {"slipway:protect": protect}}))
        assert settings_of(tmp_path, "dev").unknown == unknown


def test_a_resource_that_no_rule_is_about_is_not_even_unpacked(pack):
    class Untouchable(dict):
        def __getitem__(self, key):
            raise AssertionError(key)

    args = ResourceValidationArgs("a:b:C", Untouchable(a=1), URN, "x", None, None, None, {})
    assert told(pack({})[0], args) == []


def test_waivers_that_stand_for_nothing_are_told_once_everything_is_judged(pack, tmp_path):
    waiver = {"rule": "F9", "resource": "x", "reason": "r", "owner": "o", "expires": "2999-01-01"}
    mandatory, _, stack, stack_advisory = pack({"slipway:policy": {"waivers": [waiver]}})
    assert told(mandatory, arguments(authorizationType="AWS_IAM")) == []
    args = stack_arguments("pulumi:pulumi:Stack")
    assert [message for message, _ in told(stack, args)] == [
        "waiver of F9 for 'x', owned by o: excuses nothing that fails; remove it"
    ]
    assert told(stack_advisory, args) == []
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["waivers"][0]["state"] == "unused"
    assert len(report["mistakes"]) == 1


def test_what_the_program_no_longer_declares_is_not_judged_with_the_stack(pack, tmp_path):
    bucket = "aws:s3/bucket:Bucket"
    urn = f"urn:pulumi:dev::shop::{bucket}::x"
    mandatory, _, stack, _ = pack({})
    assert told(stack, stack_arguments(bucket)) == []
    mandatory, _, stack, _ = pack({})
    told(mandatory, ResourceValidationArgs(bucket, unknown_checking_proxy({}), urn, "x", None, None, None, {}))
    assert any("S1 bucket-private: x" in message for message, _ in told(stack, stack_arguments(bucket)))


def test_settings_of_another_form_end_the_run(pack):
    mandatory, *_ = pack({"slipway:policy": {"unknown": "maybe"}})
    with pytest.raises(ValueError, match="slipway validate"):
        told(mandatory, arguments(authorizationType="NONE"))


def test_the_stack_of_a_urn():
    assert stack_of(URN) == "dev"


def test_the_engine_is_told_the_port_at_once_also_where_python_keeps_what_it_writes():
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, ROOT / "policies", "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        told = threading.Timer(60, process.kill)
        told.start()
        try:
            assert int(process.stdout.readline()) > 0
        finally:
            told.cancel()
            process.kill()
