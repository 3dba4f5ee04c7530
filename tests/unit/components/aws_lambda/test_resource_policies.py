"""Policies of resources and trust of roles that a rich environment creates, judged by an evaluator and by the linter."""

import json

import pytest

from tests.iam import Request, allows
from tests.iam_lint import findings
from tests.unit.components import rich
from tests.unit.components.conftest import ACCOUNT, REGION

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/dev-key"
LOGS = {"Service": f"logs.{REGION}.amazonaws.com"}
EVENTS = {"Service": "events.amazonaws.com"}
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/slipway/{{}}/web"
# What the linter says of a key's policy; each with its reason.
ACCEPTED = {
    "PERMISSIONS_MANAGEMENT_ACTIONS": "without the account itself nobody could ever change the key",
    "RESOURCE_STAR": "in the policy of a key, * is that key",
    "UNKNOWN_CONDITION_FOR_ACTION": "the guide of CloudWatch Logs names all of them under one condition",
    "MISMATCHED_TYPE": "the same guide compares the ARN of the group so",
}


@pytest.fixture(scope="module")
def made():
    return rich.deploy().registered


@pytest.fixture(scope="module")
def key_policy(made):
    return next(m.inputs["policy"] for m in made if m.kind == "Key")


def encrypts(group):
    return Request("kms:Encrypt", KEY, {"kms:EncryptionContext:aws:logs:arn": group}, LOGS)


def test_the_key_serves_logs_of_this_environment_and_rules_of_this_account(key_policy):
    assert allows(encrypts(GROUP.format("dev")), key_policy)
    assert not allows(encrypts(GROUP.format("prod")), key_policy)
    assert not allows(Request("kms:Encrypt", KEY, principal=LOGS), key_policy)
    here, elsewhere = ({"aws:SourceAccount": account} for account in (ACCOUNT, "999999999999"))
    assert allows(Request("kms:GenerateDataKey", KEY, here, EVENTS), key_policy)
    assert not allows(Request("kms:GenerateDataKey", KEY, elsewhere, EVENTS), key_policy)


def test_nobody_else_is_named_by_the_key(key_policy):
    for principal in ({"AWS": "arn:aws:iam::999999999999:root"}, {"Service": "sns.amazonaws.com"}):
        assert not allows(Request("kms:Decrypt", KEY, {"aws:SourceAccount": ACCOUNT}, principal), key_policy)
    for action in ("kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "kms:CreateGrant"):
        assert not allows(Request(action, KEY, {"aws:SourceAccount": ACCOUNT}, EVENTS), key_policy)


TAKERS = {"stream-role": "firehose", "filter-role": "logs", "scheduler-role": "scheduler"}
SOURCES = {
    "logs": {"aws:SourceArn": GROUP.format("dev")},
    "scheduler": {
        "aws:SourceAccount": ACCOUNT,
        "aws:SourceArn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/slipway-dev",
    },
    "firehose": {"sts:ExternalId": ACCOUNT},
}


def test_each_role_is_taken_by_its_service_alone(made):
    for role in (m for m in made if m.kind == "Role"):
        own = next((service for end, service in TAKERS.items() if role.name.endswith(end)), "lambda")
        for service in ("lambda", "scheduler", "firehose", "logs", "ec2", "sns"):
            principal = {"Service": f"{service}.amazonaws.com"}
            request = Request("sts:AssumeRole", "*", SOURCES.get(service, {}), principal)
            assert allows(request, role.inputs["assumeRolePolicy"]) is (service == own), (role.name, service)
        if own in SOURCES:
            bare = Request("sts:AssumeRole", "*", {}, {"Service": f"{own}.amazonaws.com"})
            assert not allows(bare, role.inputs["assumeRolePolicy"]), role.name


def test_the_groups_of_sinks_themselves_cannot_forward(made):
    trust = next(m.inputs["assumeRolePolicy"] for m in made if m.name == "central-lambda-filter-role")
    source = {"aws:SourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/slipway/dev/sinks/central/shipper"}
    assert not allows(Request("sts:AssumeRole", "*", source, {"Service": "logs.amazonaws.com"}), trust)


def test_the_linter_finds_nothing_that_has_no_reason(made):
    documents = {m.name: m.inputs["policy"] for m in made if m.kind in {"Key", "Queue", "BucketPolicy"}}
    assert len(documents) > 10
    found = {name: findings(text) for name, text in documents.items()}
    assert {name for name, said in found.items() if said} == {"dev-key"}
    assert {issue for issue, _ in found["dev-key"]} <= set(ACCEPTED)
    assert json.loads(documents["dev-key"])["Version"] == "2012-10-17"
