"""Interrupted creations: what gets into the state, where, and what is left out. AWS is moto in this process."""

import boto3
import moto
import pytest

from slipway.aws.clients import Aws
from slipway.core.errors import EngineError
from slipway.engine import pending
from slipway.engine.adopt import _known
from slipway.engine.clouds import Clouds
from slipway.engine.finders import KNOWN_TYPES, Wanted, find

ACCOUNT, REGION = "123456789012", "eu-central-1"
ROOT = "urn:pulumi:local::slipway::"
PROVIDER = {"urn": f"{ROOT}pulumi:providers:aws::aws", "type": "pulumi:providers:aws", "custom": True, "id": "p1"}
ENVIRONMENT = {"urn": f"{ROOT}slipway:index:Environment::local", "type": "slipway:index:Environment"}


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setattr(pending, "_LOOK_AGAIN_S", 0)
    with moto.mock_aws():
        yield Aws(environment="local", account=ACCOUNT, region=REGION)


@pytest.fixture
def clouds(aws):
    return Clouds(environment="local", aws=aws)


def resource(type_, logical, /, parent=ENVIRONMENT["urn"], **inputs):
    return {
        "urn": f"{ROOT}{type_}::{logical}",
        "type": type_,
        "custom": True,
        "inputs": inputs,
        "parent": parent,
        "provider": f"{PROVIDER['urn']}::p1",
    }


def state(*operations, resources=()):
    return {
        "version": 3,
        "deployment": {
            "resources": [ENVIRONMENT, PROVIDER, *resources],
            "pending_operations": [{"type": kind, "resource": item} for kind, item in operations],
        },
    }


def test_what_may_exist_is_put_into_the_state_for_the_refresh_to_judge(clouds):
    role = resource("aws:iam/role:Role", "hello-role", name="slipway-local-hello")
    before = state(("creating", role))
    settled = pending.settle(before, clouds)
    (*_, added) = settled.state["deployment"]["resources"]
    assert added["id"] == "slipway-local-hello"
    assert added["outputs"] == {"name": "slipway-local-hello", "id": "slipway-local-hello"}
    assert "pending_operations" not in settled.state["deployment"]
    assert settled.guesses == (role["urn"],)
    assert settled.said == (
        "hello-role (aws:iam/role:Role): was interrupted while being created; taken over if it exists",
    )
    assert before["deployment"]["pending_operations"], "the state that was given is not touched"


def test_what_certainly_does_not_exist_is_created_again(clouds):
    queue = resource("aws:sqs/queue:Queue", "orders", name="slipway-local-orders")
    settled = pending.settle(state(("creating", queue)), clouds)
    assert len(settled.state["deployment"]["resources"]) == 2
    assert settled.guesses == ()


def test_an_id_that_only_aws_knows_is_looked_up(aws, clouds):
    url = aws.client("sqs").create_queue(QueueName="slipway-local-orders")["QueueUrl"]
    queue = resource("aws:sqs/queue:Queue", "orders", name="slipway-local-orders")
    settled = pending.settle(state(("creating", queue)), clouds)
    assert settled.state["deployment"]["resources"][-1]["id"] == url


def test_components_and_providers_exist_in_the_state_alone(clouds):
    component = {"urn": f"{ROOT}slipway:index:Function::hello", "type": "slipway:index:Function", "custom": False}
    settled = pending.settle(state(("creating", component), ("creating", {**PROVIDER, "id": ""})), clouds)
    assert (settled.said, settled.guesses) == ((), ())


def test_updates_and_deletions_are_left_to_the_refresh(clouds):
    role = {**resource("aws:iam/role:Role", "r", name="r"), "id": "r"}
    settled = pending.settle(state(("updating", role), ("deleting", role), resources=[role]), clouds)
    assert settled.state["deployment"]["resources"][-1] == role
    assert [line.rpartition("while ")[2] for line in settled.said] == [
        "updating; it is looked at again",
        "deleting; it is looked at again",
    ]


def test_an_unknown_type_is_said_to_be_not_checked(clouds):
    settled = pending.settle(state(("creating", resource("aws:rds/instance:Instance", "db"))), clouds)
    assert "not checked whether it exists" in settled.said[0]


class Cluster:
    """Stands for the API: holds what exists, by kind, namespace and name."""

    def __init__(self, *held):
        self.held = set(held)

    def find(self, api_version, kind, name, *, namespace=None):
        if (api_version, kind, namespace, name) not in self.held:
            return None
        return {"metadata": {"name": name, **({"namespace": namespace} if namespace else {})}}


def test_objects_of_a_cluster_are_taken_over_if_the_api_has_them():
    kube = Cluster(("serving.knative.dev/v1", "Service", "shop", "hello"), ("v1", "Namespace", None, "shop"))
    provider = {"urn": f"{ROOT}pulumi:providers:kubernetes::k", "type": "pulumi:providers:kubernetes", "id": "p1"}
    made = [
        resource(
            f"kubernetes:{api}:{kind}", name, apiVersion=version, kind=kind, metadata={"name": name, "namespace": space}
        )
        | {"provider": f"{provider['urn']}::p1"}
        for api, version, kind, name, space in (
            ("core/v1", "v1", "Namespace", "shop", None),
            ("serving.knative.dev/v1", "serving.knative.dev/v1", "Service", "hello", "shop"),
            ("serving.knative.dev/v1", "serving.knative.dev/v1", "Service", "orders", "shop"),
        )
    ]
    settled = pending.settle(
        state(*(("creating", item) for item in made), resources=[provider]), Clouds(environment="local", kube=kube)
    )
    assert [item["id"] for item in settled.state["deployment"]["resources"][3:]] == ["shop", "shop/hello"]
    assert settled.guesses == (made[0]["urn"], made[1]["urn"])


def test_without_a_cluster_its_objects_are_not_checked(clouds):
    begun = resource("kubernetes:core/v1:Namespace", "shop", apiVersion="v1", kind="Namespace", metadata={"name": "s"})
    settled = pending.settle(state(("creating", begun)), clouds)
    assert "not checked whether it exists" in settled.said[0]


def test_the_old_one_of_a_replacement_awaits_its_deletion(aws, clouds):
    api = aws.client("apigatewayv2")
    old, new = (
        api.create_api(Name="slipway-local", ProtocolType="HTTP", Tags={"environment": "local"})["ApiId"] for _ in "12"
    )
    item = resource("aws:apigatewayv2/api:Api", "http", name="slipway-local", tags={"environment": "local"})
    settled = pending.settle(state(("creating", item), resources=[{**item, "id": old}]), clouds)
    live, dead = settled.state["deployment"]["resources"][2:]
    assert (live["id"], live.get("delete")) == (new, None)
    assert (dead["id"], dead["delete"]) == (old, True)


def test_planned_creations_come_after_what_they_hang_on(clouds):
    component = {
        "urn": f"{ROOT}slipway:index:Function::hello",
        "type": "slipway:index:Function",
        "custom": False,
        "inputs": {},
        "parent": ENVIRONMENT["urn"],
        "provider": "",
    }
    role = resource("aws:iam/role:Role", "hello-role", parent=component["urn"], name="slipway-local-hello")
    stray = resource("aws:iam/role:Role", "stray", parent=f"{ROOT}slipway:index:Function::gone", name="s")
    other = {**resource("aws:iam/role:Role", "other", name="o"), "provider": f"{PROVIDER['urn']}::another"}
    settled = pending.settle(state(), clouds, [component, role, stray, other])
    assert [item["urn"] for item in settled.state["deployment"]["resources"][2:]] == [component["urn"], role["urn"]]
    assert "inputs" not in settled.state["deployment"]["resources"][2]


def test_aws_that_cannot_be_asked_is_an_error_with_advice(monkeypatch):
    down = Aws(
        environment="local",
        account=ACCOUNT,
        region=REGION,
        endpoint="http://127.0.0.1:9",
        access_key="a",
        secret_key="b",
    )
    with pytest.raises(EngineError, match="the embedded AWS is not running; what to do: run `slipway local start`"):
        pending.settle(
            state(("creating", resource("aws:sqs/queue:Queue", "q", name="q"))), Clouds(environment="local", aws=down)
        )


@pytest.mark.parametrize("type_", sorted(KNOWN_TYPES))
def test_no_finder_answers_while_its_inputs_are_unknown(aws, type_):
    assert find(aws, Wanted(type=type_, inputs={}, taken=frozenset())) is None


IDS = [
    ("aws:cloudwatch/eventRule:EventRule", {"name": "r", "eventBusName": "b"}, "b/r"),
    ("aws:cloudwatch/eventRule:EventRule", {"name": "r"}, "r"),
    ("aws:cloudwatch/eventTarget:EventTarget", {"rule": "r", "targetId": "t", "eventBusName": "b"}, "b-r-t"),
    ("aws:iam/policy:Policy", {"name": "p"}, f"arn:aws:iam::{ACCOUNT}:policy/p"),
    ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "name": "n"}, "r:n"),
    ("aws:lambda/functionUrl:FunctionUrl", {"functionName": "f", "qualifier": "live"}, "f/live"),
    ("aws:lambda/functionUrl:FunctionUrl", {"functionName": "f"}, "f"),
    (
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        {"functionName": "f", "qualifier": "live"},
        "f:live",
    ),
    (
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
        {"functionName": "f", "qualifier": "live"},
        "f,live",
    ),
    ("aws:scheduler/schedule:Schedule", {"name": "s", "groupName": "g"}, "g/s"),
]


@pytest.mark.parametrize(("type_", "inputs", "expected"), IDS)
def test_ids_that_follow_from_the_inputs_are_terraforms(aws, type_, inputs, expected):
    assert find(aws, Wanted(type=type_, inputs=inputs, taken=frozenset())) == expected


def test_a_key_is_found_by_description_and_tags_and_not_when_it_goes(aws):
    kms = boto3.client("kms", region_name=REGION)
    kms.create_key(Description="ours")
    gone = kms.create_key(Description="ours", Tags=[{"TagKey": "environment", "TagValue": "local"}])["KeyMetadata"][
        "KeyId"
    ]
    kms.schedule_key_deletion(KeyId=gone)
    right = kms.create_key(Description="ours", Tags=[{"TagKey": "environment", "TagValue": "local"}])["KeyMetadata"][
        "KeyId"
    ]
    inputs = {"description": "ours", "tags": {"environment": "local"}}
    assert find(aws, Wanted(type="aws:kms/key:Key", inputs=inputs, taken=frozenset())) == right
    assert find(aws, Wanted(type="aws:kms/key:Key", inputs=inputs, taken=frozenset({right}))) is None


def test_parts_of_an_api_are_found_by_what_they_are(aws):
    api = aws.client("apigatewayv2")
    one = api.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    integration = api.create_integration(
        ApiId=one, IntegrationType="AWS_PROXY", IntegrationUri="arn:x", PayloadFormatVersion="2.0"
    )["IntegrationId"]
    route = api.create_route(ApiId=one, RouteKey="GET /x")["RouteId"]
    for type_, inputs, expected in (
        ("aws:apigatewayv2/integration:Integration", {"apiId": one, "integrationUri": "arn:x"}, integration),
        ("aws:apigatewayv2/route:Route", {"apiId": one, "routeKey": "GET /x"}, route),
        ("aws:apigatewayv2/route:Route", {"apiId": one, "routeKey": "GET /y"}, None),
        ("aws:apigatewayv2/route:Route", {"apiId": "gone", "routeKey": "GET /x"}, None),
    ):
        assert find(aws, Wanted(type=type_, inputs=inputs, taken=frozenset())) == expected


def test_secret_and_unknown_inputs_of_a_preview_do_not_get_into_the_state():
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
    assert _known({"a": 1, "b": unknown, "c": secret, "d": {"e": unknown, "f": [1]}, "g": [unknown]}) == {
        "a": 1,
        "d": {"f": [1]},
    }
