"""What each verb permits, judged by an evaluator on the policies that functions really get: all of it, and nothing else."""

import dataclasses
import json

import pytest

from components.environment_args import CatalogueEntry
from components.function.args import Grant
from components.security.grants import VERBS
from tests.iam import Request, allows, statements
from tests.iam_lint import actions_of, findings
from tests.unit.components.conftest import ACCOUNT, REGION, Engine, environment_args, function_args

HERE = f"{REGION}:{ACCOUNT}"
KEY = f"arn:aws:kms:{HERE}:key/theirs"
ARNS = {
    "queue": f"arn:aws:sqs:{HERE}:it",
    "bucket": "arn:aws:s3:::it",
    "table": f"arn:aws:dynamodb:{HERE}:table/it",
    "topic": f"arn:aws:sns:{HERE}:it",
    "secret": f"arn:aws:secretsmanager:{HERE}:secret:it-Ab12Cd",
    "key": f"arn:aws:kms:{HERE}:key/it",
}
CALLEE = f"arn:aws:lambda:{HERE}:function:slipway-dev-it:live"
SERVICES = {"queue": "sqs", "bucket": "s3", "table": "dynamodb", "topic": "sns", "secret": "secretsmanager"}
READ, WRITTEN = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")


@dataclasses.dataclass(frozen=True)
class Call:
    """A call that a function makes, with what the service then asks of the key that encrypts the resource."""

    action: str
    inside: str = ""
    key: tuple[str, ...] = ()


# From the API reference of each service: what a verb is for. Nothing here is taken from the table of verbs.
CALLS = {
    ("queue", "send"): [
        Call("sqs:GetQueueUrl"),
        Call("sqs:GetQueueAttributes"),
        Call("sqs:SendMessage", key=WRITTEN),
    ],
    ("queue", "receive"): [
        Call("sqs:GetQueueUrl"),
        Call("sqs:GetQueueAttributes"),
        Call("sqs:ReceiveMessage", key=READ),
        Call("sqs:ChangeMessageVisibility"),
        Call("sqs:DeleteMessage"),
    ],
    ("queue", "inspect"): [Call("sqs:GetQueueUrl"), Call("sqs:GetQueueAttributes")],
    ("bucket", "read"): [Call("s3:GetObject", "/a/b.csv", READ)],
    ("bucket", "write"): [Call("s3:PutObject", "/a/b.csv", WRITTEN), Call("s3:AbortMultipartUpload", "/a/b.csv")],
    ("bucket", "delete"): [Call("s3:DeleteObject", "/a/b.csv")],
    ("bucket", "list"): [Call("s3:ListBucket")],
    ("table", "read"): [
        Call("dynamodb:GetItem", key=READ),
        Call("dynamodb:BatchGetItem", key=READ),
        Call("dynamodb:ConditionCheckItem", key=READ),
        Call("dynamodb:Query", key=READ),
        Call("dynamodb:Scan", key=READ),
        Call("dynamodb:Query", "/index/by-day", READ),
        Call("dynamodb:Scan", "/index/by-day", READ),
    ],
    ("table", "write"): [
        Call("dynamodb:PutItem", key=WRITTEN),
        Call("dynamodb:UpdateItem", key=WRITTEN),
        Call("dynamodb:DeleteItem", key=WRITTEN),
        Call("dynamodb:BatchWriteItem", key=WRITTEN),
    ],
    ("topic", "publish"): [Call("sns:Publish", key=WRITTEN)],
    ("secret", "read"): [Call("secretsmanager:GetSecretValue", key=READ)],
    ("key", "encrypt"): [Call("kms:Encrypt"), Call("kms:GenerateDataKey")],
    ("key", "decrypt"): [Call("kms:Decrypt")],
    ("key", "sign"): [Call("kms:Sign")],
    ("key", "verify"): [Call("kms:Verify"), Call("kms:GetPublicKey")],
    ("function", "invoke"): [Call("lambda:InvokeFunction")],
}
ALL = [pytest.param(kind, verb, id=f"{kind}-{verb}") for kind, verb in CALLS]
ANYTHING = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def arn_of(kind):
    return CALLEE if kind == "function" else ARNS[kind]


def requests_of(kind, call, *, arn=None):
    """The requests of one call: its own, and those that the service makes for it with the resource's key."""
    found = [Request(call.action, (arn or arn_of(kind)) + call.inside)]
    via = {"kms:ViaService": f"{SERVICES.get(kind)}.{REGION}.amazonaws.com"}
    return found + [Request(action, KEY, via) for action in call.key]


def served(kind, call, policy, boundary=None):
    return all(allows(request, policy, boundary=boundary) for request in requests_of(kind, call))


@pytest.fixture(scope="module")
def policies():
    """Policy of a function with each verb on `it`, of one with none, and the boundary of all."""
    from components.environment import Environment
    from components.function.component import Function

    catalogue = [
        CatalogueEntry(kind=kind, name="it", arn=arn, kms_key=None if kind == "key" else KEY)
        for kind, arn in ARNS.items()
    ]
    functions = {
        f"{kind}-{verb}": function_args(grants=[Grant(kind=kind, name="it", verbs=[verb])]) for kind, verb in CALLS
    }
    functions |= {"it": function_args(), "none": function_args()}
    engine = Engine()

    def program():
        environment = Environment("dev", environment_args(catalogue=catalogue).serving(functions))
        for name, args in functions.items():
            Function(name, args, environment)

    engine.run(program)
    found = {name: engine.named(f"{name}-role-policy").inputs["policy"] for name in functions}
    return found | {"boundary": engine.named("dev-boundary").inputs["policy"]}


def test_every_verb_has_its_calls_here():
    there = {(kind, verb) for kind, verbs in VERBS.items() for verb in verbs}
    assert there - set(CALLS) == {("service", "call")}  # an address and a way through the network, nothing of IAM


@pytest.mark.parametrize(("kind", "verb"), ALL)
def test_it_permits_what_it_is_for_also_below_the_boundary(policies, kind, verb):
    for call in CALLS[kind, verb]:
        assert served(kind, call, policies[f"{kind}-{verb}"], policies["boundary"]), call


@pytest.mark.parametrize(("kind", "verb"), ALL)
def test_it_permits_no_other_action_of_the_service(policies, kind, verb):
    policy, own = policies[f"{kind}-{verb}"], {(call.action, call.inside) for call in CALLS[kind, verb]}
    insides = {"", *(call.inside for (other, _), calls in CALLS.items() if other == kind for call in calls)}
    prefix = CALLS[kind, verb][0].action.partition(":")[0]
    assert len(actions_of(prefix)) > 15
    for action in actions_of(prefix):
        for inside in insides:
            permitted = allows(Request(action, arn_of(kind) + inside), policy)
            assert permitted is ((action, inside) in own), (action, inside)


@pytest.mark.parametrize(("kind", "verb"), ALL)
def test_it_permits_nothing_on_anything_else(policies, kind, verb):
    policy = policies[f"{kind}-{verb}"]
    for other, calls in CALLS.items():
        for call in calls:
            if other[0] != kind:
                assert not allows(Request(call.action, arn_of(other[0]) + call.inside), policy), (other, call)
            elsewhere = arn_of(other[0]).replace("it", "it2", 1)
            assert not allows(Request(call.action, elsewhere + call.inside), policy), (other, call)


def test_a_function_is_invoked_by_its_alias_alone(policies):
    policy = policies["function-invoke"]
    for other in (CALLEE.removesuffix(":live"), CALLEE.replace(":live", ":7"), CALLEE.replace("-it:", "-none:")):
        assert not allows(Request("lambda:InvokeFunction", other), policy)
    assert not allows(Request("lambda:InvokeFunctionUrl", CALLEE), policy)


@pytest.mark.parametrize(("kind", "verb"), [p for p in ALL if p.values[0] in SERVICES])
def test_the_key_of_a_resource_is_used_through_its_service_alone(policies, kind, verb):
    policy = policies[f"{kind}-{verb}"]
    other = next(service for name, service in SERVICES.items() if name != kind)
    for action in WRITTEN:
        assert not allows(Request(action, KEY), policy)
        assert not allows(Request(action, KEY, {"kms:ViaService": f"{other}.{REGION}.amazonaws.com"}), policy)
        assert not allows(Request(action, KEY, {"kms:ViaService": f"{SERVICES[kind]}.us-east-1.amazonaws.com"}), policy)


@pytest.mark.parametrize(("kind", "verb"), ALL)
def test_each_action_is_needed(policies, kind, verb):
    """Without any one of its actions, something that the verb is for no longer works."""
    policy, plain = policies[f"{kind}-{verb}"], statements(policies["none"])
    everyones = {statement["Sid"] for statement in plain if "Sid" in statement}
    rest = [s for s in statements(policy) if s.get("Sid") not in everyones and s not in plain]
    assert rest
    for statement in rest:
        for action in statement["Action"]:
            others = [{**statement, "Action": [a for a in statement["Action"] if a != action]}]
            without = json.dumps({"Statement": [s for s in statements(policy) if s != statement] + others})
            assert not all(served(kind, call, without) for call in CALLS[kind, verb]), action


@pytest.mark.parametrize(("kind", "verb"), ALL)
def test_the_linter_has_nothing_to_say(policies, kind, verb):
    everyones = {("RESOURCE_STAR", "['xray:PutTelemetryRecords', 'xray:PutTraceSegments']")}  # X-Ray has no resources
    assert set(findings(policies[f"{kind}-{verb}"])) <= everyones


def test_no_verb_leads_out_of_the_boundary(policies):
    """Whatever a role's policy says, the boundary stops at the environment, its catalogue and their keys."""
    boundary = policies["boundary"]
    via = {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}
    inside = [request for (kind, _), calls in CALLS.items() for call in calls for request in requests_of(kind, call)]
    outside = [
        Request(call.action, arn_of(kind).replace("it", "other-it") + call.inside)
        for (kind, _), calls in CALLS.items()
        for call in calls
        if kind != "function"
    ]
    outside += [
        Request("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:slipway-prod-it:live"),
        Request("kms:Decrypt", f"arn:aws:kms:{HERE}:key/of-somebody-else", via),
        Request("kms:Decrypt", KEY),
        Request("kms:CreateGrant", KEY, via),
        Request("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/slipway-dev-it"),
        Request("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/admin"),
        Request("sqs:PurgeQueue", ARNS["queue"]),
        Request("lambda:UpdateFunctionCode", CALLEE),
        Request("ec2:RunInstances"),
    ]
    assert all(allows(request, ANYTHING, boundary=boundary) for request in inside)
    assert [request for request in outside if allows(request, ANYTHING, boundary=boundary)] == []
