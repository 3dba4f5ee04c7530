"""The program of this project, run without an engine: what it declares, and the rights that follow from that."""

import json
import subprocess
import sys
from pathlib import Path

from slipway.core.project import Project
from slipway.engine.declared import declared
from tests.iam import Request, allows

ROOT = Path(__file__).parents[4]
ACCOUNT = "111122223333"


def test_the_whole_program_is_declared_without_engine_and_cloud():
    found = declared(Project(ROOT), "prod", "aws", ACCOUNT)
    names = {(made.type, made.inputs.get("name")) for made in found}
    assert ("aws:lambda/function:Function", "shop-prod-orders") in names
    assert ("aws:sqs/queue:Queue", "shop-prod-receipts") in names
    roles = [made.inputs for made in found if made.type == "aws:iam/role:Role"]
    assert {role["permissionsBoundary"] for role in roles} == {f"arn:aws:iam::{ACCOUNT}:policy/functions-boundary"}


def test_the_command_prints_what_its_pipeline_needs():
    done = subprocess.run(
        [Path(sys.executable).with_name("slipway"), "deployer", "-s", "prod", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    policies = [json.dumps(policy) for policy in json.loads(done.stdout)["policies"]]
    function = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:shop-{{}}-orders"
    assert allows(Request("lambda:UpdateFunctionCode", function.format("prod")), *policies)
    assert not allows(Request("lambda:UpdateFunctionCode", function.format("staging")), *policies)
    # The boundary is the security team's there, and so nothing that the pipeline may touch.
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/functions-boundary"
    assert not allows(Request("iam:CreatePolicyVersion", boundary), *policies)
