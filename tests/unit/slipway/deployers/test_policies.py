"""Rights of pipelines, judged by an evaluator: an update gets through, and nothing beside it."""

import json
import re

import pytest

from slipway.core.errors import BadInputError
from slipway.deployers.actions import TYPES
from slipway.deployers.declared import Declared, Place
from slipway.deployers.policies import LIMIT, policies
from tests.iam import Request, allows, items, statements
from tests.iam_lint import actions_of, findings, level_of
from tests.unit.components.conftest import ACCOUNT, REGION

HERE = f"{REGION}:{ACCOUNT}"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/slipway-dev-boundary"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/slipway-dev-web"
NEW = {"aws:RequestTag/environment": "dev", "aws:RequestTag/managed-by": "slipway"}
MINE = {"aws:ResourceTag/environment": "dev", "aws:ResourceTag/managed-by": "slipway"}
FUNCTION = f"arn:aws:lambda:{HERE}:function:slipway-dev-web"
MAPPING = f"arn:aws:lambda:{HERE}:event-source-mapping:1b2c"
KEY = f"arn:aws:kms:{HERE}:key/1b2c"
PACKAGES = f"arn:aws:s3:::slipway-dev-packages-{ACCOUNT}-{REGION}"
API = f"arn:aws:apigateway:{REGION}::/apis/a1b2c3d4e5"
VIA = {"kms:ViaService": f"lambda.{REGION}.amazonaws.com"}
# Calls of the provider while it creates the rich environment, by the API references of the services.
UPDATE = [
    Request("kms:CreateKey", "*", NEW),
    Request("kms:TagResource", KEY, NEW),
    Request("kms:PutKeyPolicy", KEY, MINE),
    Request("kms:EnableKeyRotation", KEY, MINE),
    Request("kms:CreateAlias", KEY, MINE),
    Request("kms:CreateAlias", f"arn:aws:kms:{HERE}:alias/slipway-dev"),
    Request("kms:CreateGrant", KEY, MINE | VIA | {"kms:GrantIsForAWSResource": "true"}),
    Request("kms:Encrypt", KEY, MINE | VIA),
    Request("iam:CreatePolicy", BOUNDARY),
    Request("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": BOUNDARY}),
    Request("iam:PutRolePolicy", ROLE, {"iam:PermissionsBoundary": BOUNDARY}),
    Request("iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
    Request("iam:PassRole", f"{ROLE}-schedules", {"iam:PassedToService": "scheduler.amazonaws.com"}),
    Request("iam:PassRole", f"{ROLE}-stream", {"iam:PassedToService": "firehose.amazonaws.com"}),
    Request("iam:PassRole", f"{ROLE}-filter", {"iam:PassedToService": "logs.amazonaws.com"}),
    Request("logs:CreateLogGroup", f"arn:aws:logs:{HERE}:log-group:/slipway/dev/web"),
    Request("logs:PutRetentionPolicy", f"arn:aws:logs:{HERE}:log-group:/slipway/dev/sinks/central/stream"),
    Request("logs:PutSubscriptionFilter", f"arn:aws:logs:{HERE}:log-group:/slipway/dev/web"),
    Request("logs:CreateLogDelivery"),
    Request("s3:CreateBucket", PACKAGES),
    Request("s3:PutBucketPolicy", PACKAGES),
    Request("s3:PutBucketPublicAccessBlock", PACKAGES),
    Request("s3:PutEncryptionConfiguration", PACKAGES),
    Request("s3:PutObject", f"{PACKAGES}/packages/web/abc.zip"),
    Request("s3:GetObject", f"{PACKAGES}/packages/web/abc.zip"),
    Request("s3:DeleteObjectVersion", f"{PACKAGES}/packages/web/abc.zip"),
    Request("sqs:CreateQueue", f"arn:aws:sqs:{HERE}:slipway-dev-orders"),
    Request("sqs:SetQueueAttributes", f"arn:aws:sqs:{HERE}:slipway-dev-line.fifo"),
    Request("lambda:CreateFunction", FUNCTION),
    Request("lambda:UpdateFunctionCode", FUNCTION),
    Request("lambda:UpdateAlias", f"{FUNCTION}:live"),
    Request("lambda:AddPermission", f"{FUNCTION}:live"),
    Request("lambda:CreateFunctionUrlConfig", f"{FUNCTION}:live"),
    Request("lambda:PutProvisionedConcurrencyConfig", f"{FUNCTION}:live"),
    Request(
        "lambda:CreateEventSourceMapping",
        "*",
        {"lambda:FunctionArn": f"arn:aws:lambda:{HERE}:function:slipway-dev-work"},
    ),
    Request("lambda:UpdateEventSourceMapping", MAPPING, {"lambda:FunctionArn": FUNCTION}),
    Request("ec2:DescribeSubnets"),
    Request("events:CreateEventBus", f"arn:aws:events:{HERE}:event-bus/slipway-dev"),
    Request("events:PutRule", f"arn:aws:events:{HERE}:rule/slipway-dev/slipway-dev-work-on-1"),
    Request("events:PutTargets", f"arn:aws:events:{HERE}:rule/slipway-dev/slipway-dev-work-on-1"),
    Request("scheduler:CreateScheduleGroup", f"arn:aws:scheduler:{HERE}:schedule-group/slipway-dev"),
    Request("scheduler:CreateSchedule", f"arn:aws:scheduler:{HERE}:schedule/slipway-dev/slipway-dev-work-at-1"),
    Request("firehose:CreateDeliveryStream", f"arn:aws:firehose:{HERE}:deliverystream/slipway-dev-sink-central"),
    Request("cloudwatch:PutMetricAlarm", f"arn:aws:cloudwatch:{HERE}:alarm:slipway-dev-web-errors"),
    Request("apigateway:POST", f"arn:aws:apigateway:{REGION}::/apis", NEW),
    Request("apigateway:PATCH", API, MINE),
    Request("apigateway:POST", f"{API}/routes"),
    Request("apigateway:POST", f"{API}/stages"),
    Request("apigateway:DELETE", f"{API}/cors"),
]
REFUSED = [
    Request("iam:CreateRole", ROLE),
    Request("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/wide"}),
    Request("iam:PutRolePolicy", ROLE, {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/wide"}),
    Request("iam:PutRolePermissionsBoundary", ROLE, {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/wide"}),
    Request("iam:DeleteRolePermissionsBoundary", ROLE),
    Request("iam:AttachRolePolicy", ROLE, {"iam:PermissionsBoundary": BOUNDARY}),
    Request("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
    Request("iam:PassRole", ROLE),
    Request("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", {"iam:PassedToService": "lambda.amazonaws.com"}),
    Request("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/slipway-dev-me"),
    Request("sts:AssumeRole", ROLE),
    Request("kms:CreateKey", "*", NEW | {"aws:RequestTag/environment": "prod"}),
    Request("kms:TagResource", KEY, NEW | {"aws:ResourceTag/environment": "prod"}),
    Request("kms:PutKeyPolicy", KEY, MINE | {"aws:ResourceTag/environment": "prod"}),
    Request("kms:Decrypt", KEY, MINE),
    Request("kms:CreateGrant", KEY, MINE | VIA),
    Request("apigateway:DELETE", API, MINE | {"aws:ResourceTag/environment": "prod"}),
    Request(
        "lambda:CreateEventSourceMapping",
        "*",
        {"lambda:FunctionArn": f"arn:aws:lambda:{HERE}:function:slipway-prod-work"},
    ),
    Request("lambda:InvokeFunction", f"{FUNCTION}:live"),
    Request("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:db-Ab12Cd"),
    Request("sqs:ReceiveMessage", f"arn:aws:sqs:{HERE}:slipway-dev-orders"),
    Request("logs:GetLogEvents", f"arn:aws:logs:{HERE}:log-group:/slipway/dev/web:log-stream:x"),
    Request("s3:GetObject", f"arn:aws:s3:::slipway-dev-sink-central-{ACCOUNT}-{REGION}/environment=dev/a.gz"),
    Request("ec2:RunInstances"),
]
# What the linter says of pipelines that make roles, keys and buckets; each with its reason.
ACCEPTED = {
    "PERMISSIONS_MANAGEMENT_ACTIONS": "policies of roles, keys and buckets are what it deploys",
    "PRIVILEGE_ESCALATION": "the linter reads no conditions: roles are made below the boundary alone",
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": "it makes these buckets with their policies",
    "MISMATCHED_TYPE_BUT_USABLE": "the IAM guide compares iam:PermissionsBoundary as text",
}
MISMATCHES = (
    "kms:CreateAlias",
    "lambda:PutFunctionCodeSigningConfig",
    "logs:DescribeLogGroups",
)  # two kinds of ARNs each


@pytest.fixture(scope="module")
def documents(place, rich_program):
    return policies(place, rich_program)


@pytest.fixture(scope="module")
def looking(place, rich_program):
    return policies(place, rich_program, read_only=True)


@pytest.mark.parametrize("request_", UPDATE, ids=lambda r: f"{r.action}-{r.resource[-30:]}")
def test_an_update_gets_through(documents, request_):
    assert allows(request_, *documents)


@pytest.mark.parametrize("request_", REFUSED, ids=lambda r: f"{r.action}-{r.resource[-30:]}")
def test_nothing_beside_it_does(documents, request_):
    assert not allows(request_, *documents)


@pytest.mark.parametrize(
    "request_", [r for r in UPDATE if "slipway-dev" in r.resource or "/slipway/dev/" in r.resource]
)
def test_another_environment_is_out_of_reach(documents, request_):
    for other in ("prod", "de", "devel"):
        elsewhere = re.sub(r"(slipway[-/])dev\b", rf"\g<1>{other}", request_.resource)
        assert not allows(Request(request_.action, elsewhere, request_.context), *documents), elsewhere


def test_every_type_that_components_create_has_its_actions(rich_program):
    assert {made.type for made in rich_program if made.type.startswith("aws:")} == set(TYPES)


def test_no_action_is_a_wildcard_and_open_resources_are_the_known_ones(documents, looking):
    for document in (*documents, *looking):
        for statement in statements(document):
            assert not any("*" in action or "?" in action for action in items(statement["Action"]))
            if statement["Resource"] == ["*"] and "Condition" not in statement:
                assert set(statement["Action"]) <= {
                    "kms:ListAliases",
                    "lambda:CreateCodeSigningConfig",
                    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Delete", "Get", "Update")),
                    *("logs:DescribeResourcePolicies", "logs:ListLogDeliveries", "logs:PutResourcePolicy"),
                    *(f"ec2:Describe{what}" for what in ("NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")),
                }


def test_documents_fit_and_are_the_same_every_time(documents, place, rich_program):
    assert all(len(document) <= LIMIT for document in documents)
    assert documents == policies(place, list(reversed(rich_program)))


def test_the_linter_finds_nothing_that_has_no_reason(documents, looking):
    found = [finding for document in (*documents, *looking) for finding in findings(document)]
    open_ = [(issue, detail) for issue, detail in found if issue not in ACCEPTED]
    assert [
        (issue, detail)
        for issue, detail in open_
        if not (issue == "RESOURCE_MISMATCH" and any(action in detail for action in MISMATCHES))
    ] == []


def test_a_preview_changes_nothing_and_reads_no_data(looking):
    actions = {action for document in looking for s in statements(document) for action in items(s["Action"])}
    assert len(actions) > 40
    assert {level_of(action) for action in actions} <= {"List", "Read"}
    data = {"s3:GetObject", "sqs:ReceiveMessage", "logs:GetLogEvents", "secretsmanager:GetSecretValue", "kms:Decrypt"}
    assert not actions & data
    assert not any(action.startswith(("secretsmanager:", "dynamodb:", "ssm:", "sts:")) for action in actions)


def test_every_action_exists(documents, looking):
    for document in (*documents, *looking):
        for statement in statements(document):
            for action in items(statement["Action"]):
                assert action in actions_of(action.partition(":")[0]), action


def test_an_adopted_key_is_named_and_its_tags_do_not_matter(place, rich_program):
    adopted = f"arn:aws:kms:{HERE}:key/theirs"
    own = Place(partition="aws", region=REGION, account=ACCOUNT, prefix="slipway", environment="dev", key=adopted)
    documents = policies(own, [made for made in rich_program if ":kms/" not in f":{made.type}"])
    assert allows(Request("kms:Encrypt", adopted, VIA), *documents)
    assert not allows(Request("kms:Encrypt", KEY, MINE | VIA), *documents)
    assert not allows(Request("kms:PutKeyPolicy", adopted, MINE), *documents)


def raw(type_, **inputs):
    return Declared(type=type_, name="mine", inputs=inputs)


def test_a_type_without_a_table_is_refused_by_its_name(place):
    with pytest.raises(BadInputError, match=r"no table of actions for aws:ec2/instance:Instance \(such as 'mine'\)"):
        policies(place, [raw("aws:ec2/instance:Instance")])


def test_a_resource_beside_the_environments_names_is_named_alone(place):
    [document] = policies(place, [raw("aws:sqs/queue:Queue", name="audit")])
    assert allows(Request("sqs:CreateQueue", f"arn:aws:sqs:{HERE}:audit"), document)
    assert not allows(Request("sqs:CreateQueue", f"arn:aws:sqs:{HERE}:audit-2"), document)


def test_a_name_that_the_engine_would_choose_is_refused(place):
    with pytest.raises(
        BadInputError, match="its name is not known before it exists, so no policy can name it; set name"
    ):
        policies(place, [raw("aws:sqs/queue:Queue")])


def test_roles_without_the_one_boundary_are_refused(place):
    role = {"name": "slipway-dev-x", "assumeRolePolicy": "{}"}
    with pytest.raises(BadInputError, match="role 'mine' has no permissionsBoundary"):
        policies(place, [raw("aws:iam/role:Role", **role)])
    two = [raw("aws:iam/role:Role", permissionsBoundary=f"arn:aws:iam::1:policy/{n}", **role) for n in "ab"]
    with pytest.raises(BadInputError, match="different boundaries; give all of them the same"):
        policies(place, two)


def test_what_is_not_on_aws_needs_nothing_of_it(place):
    assert policies(place, [raw("kubernetes:core/v1:Namespace"), raw("pulumi:providers:aws")]) == []


def test_names_that_aws_would_cut_are_refused():
    with pytest.raises(BadInputError, match="55 characters long, at most 50"):
        Place(partition="aws", region=REGION, account=ACCOUNT, prefix="p" * 20, environment="e" * 34)


def test_nothing_but_json(documents):
    assert all(json.loads(document)["Version"] == "2012-10-17" for document in documents)
