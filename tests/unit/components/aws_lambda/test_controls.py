"""Controls of AWS on everything that one rich environment creates, one check for each id of docs/security.md.

A check names the types that it looks at and says what is wrong, line by line. A type that no check looks at has its reason
in `controls.WITHOUT`, so that nothing new goes unseen.
"""

import json

import pytest

from tests.iam import Request, allows, items, statements
from tests.unit.components import rich
from tests.unit.components.aws_lambda.controls import (
    BUCKET,
    BUCKET_ACCESS,
    BUCKET_ENCRYPTION,
    BUCKET_OWNERSHIP,
    BUCKET_POLICY,
    BUCKET_VERSIONS,
    CONTROLS,
    EVENT_INVOKE,
    FILTER,
    FIREHOSE,
    FUNCTION,
    KEY,
    LOG_GROUP,
    MAPPING,
    PERMISSION,
    POLICY,
    QUEUE,
    ROLE,
    ROLE_POLICY,
    ROUTE,
    SIGNING,
    STAGE,
    URL,
    WITHOUT,
    World,
    control,
    each,
    unaccepted,
)
from tests.unit.components.conftest import ACCOUNT, REGION


@pytest.fixture(scope="module")
def world():
    return World(rich.deploy())


each("F3", FUNCTION)(lambda f: f["tracingConfig"] == {"mode": "Active"})
each("F5", FUNCTION)(lambda f: bool(f.get("kmsKeyArn")) == ("environment" in f))
each("F7", FUNCTION)(lambda f: f["packageType"] == "Image" or f["runtime"] in {f"python3.{n}" for n in (11, 12, 13)})
each("F8", FUNCTION)(lambda f: f["packageType"] == "Image" or "codeSigningConfigArn" in f)
each("F9", URL)(lambda url: url["authorizationType"] == "AWS_IAM")
each("F10", URL)(lambda url: "*" not in url["cors"]["allowOrigins"])
each("F11", PERMISSION)(lambda permission: permission["principal"].endswith(".amazonaws.com"))
each("F12", PERMISSION)(
    lambda permission: permission["sourceArn"].startswith("arn:aws:") or "sourceAccount" in permission
)
each("F13", FUNCTION)(lambda f: f["timeout"] > 0 and f["memorySize"] > 0)
each("I6", ROLE)(lambda role: "managedPolicyArns" not in role)
each("L1", LOG_GROUP)(lambda group: group["retentionInDays"] > 0)
each("L2", LOG_GROUP)(lambda group: group["retentionInDays"] >= 365)
each("L3", LOG_GROUP)(lambda group: group["kmsKeyId"].startswith("arn:aws:kms:"))
each("S6", BUCKET)(lambda bucket: bucket["logging"]["targetBucket"] == "acme-access-logs")
each("G1", STAGE)(lambda stage: stage["accessLogSettings"]["destinationArn"].startswith("arn:aws:logs:"))
each("Q1", QUEUE)(lambda queue: queue["kmsMasterKeyId"].startswith("arn:aws:kms:"))


@control("F1", FUNCTION)
def bounded(world):
    return [made.name for made in world.deployed if not made.inputs.get("reservedConcurrentExecutions")]


@control("F2", FUNCTION, EVENT_INVOKE)
def failures_go_somewhere(world):
    configured = {
        made.parent: made.inputs["destinationConfig"]["onFailure"]["destination"] for made in world.all(EVENT_INVOKE)
    }
    queues = {f"arn:aws:sqs:{REGION}:{ACCOUNT}:{made.inputs['name']}" for made in world.all(QUEUE)}
    return [
        made.name
        for made in world.all(FUNCTION)
        if not {configured.get(made.parent), made.inputs.get("deadLetterConfig", {}).get("targetArn")} & queues
    ]


@control("F4", FUNCTION)
def in_a_network(world):
    return [made.name for made in world.deployed if len(made.inputs["vpcConfig"]["subnetIds"]) < 2]


@control("F6", FUNCTION)
def no_secret_in_variables(world):
    variables = {made.name: made.inputs.get("environment", {}).get("variables", {}) for made in world.all(FUNCTION)}
    referenced = json.loads(variables["web"]["SLIPWAY_SECRETS"])["DB"]
    wrong = [] if referenced == {"arn": rich.CATALOGUE[6].arn, "field": "password"} else ["web: SLIPWAY_SECRETS"]
    return wrong + [name for name, values in variables.items() if "DB" in values or rich.SECRET in json.dumps(values)]


@control("F14", FUNCTION, LOG_GROUP)
def logs_are_json_in_an_own_group(world):
    owned = {made.inputs["name"]: made.parent for made in world.all(LOG_GROUP)}
    return [
        made.name
        for made in world.all(FUNCTION)
        if made.inputs["loggingConfig"]["logFormat"] != "JSON"
        or owned[made.inputs["loggingConfig"]["logGroup"]] != made.parent
    ]


def redriven(world):
    """ARNs of queues whose messages go elsewhere after some receives."""
    return {
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:{made.inputs['name']}"
        for made in world.all(QUEUE)
        if json.loads(made.inputs.get("redrivePolicy", "{}")).get("deadLetterTargetArn")
    }


@control("F15", MAPPING, QUEUE)
def what_a_queue_cannot_deliver_goes_somewhere(world):
    """Mappings of SQS take no destination of their own: the queue's redrive policy is it."""
    return [made.name for made in world.all(MAPPING) if made.inputs["eventSourceArn"] not in redriven(world)]


@control("F16", QUEUE, FUNCTION)
def messages_hide_for_long_enough(world):
    timeout = next(made.inputs["timeout"] for made in world.deployed if made.name == "work")
    sources = [made for made in world.all(QUEUE) if "redrivePolicy" in made.inputs]
    return [made.name for made in sources if made.inputs["visibilityTimeoutSeconds"] < 6 * timeout]


def documents(world):
    return {made.name: made.inputs["policy"] for made in world.all(ROLE_POLICY, POLICY)}


def allowed(text):
    return [statement for statement in statements(text) if statement["Effect"] == "Allow"]


@control("I1", ROLE_POLICY, POLICY)
def no_star_star(world):
    return [
        name for name, text in documents(world).items() if allows(Request("any:Thing", "arn:aws:any:r:1:thing"), text)
    ]


@control("I2", ROLE_POLICY, POLICY)
def no_wildcard_in_actions(world):
    return [
        f"{name}: {action}"
        for name, text in documents(world).items()
        for statement in allowed(text)
        for action in items(statement["Action"])
        if "*" in action or "?" in action
    ]


@control("I3", ROLE_POLICY, POLICY)
def no_open_resources(world):
    return [
        f"{name}: {detail}"
        for name, text in documents(world).items()
        for issue, detail in unaccepted(text)
        if issue == "RESOURCE_STAR"
    ]


@control("I4", ROLE_POLICY, POLICY)
def no_way_up(world):
    ways = ("iam:PassRole", "iam:PutRolePolicy", "iam:CreateAccessKey", "sts:AssumeRole", "lambda:UpdateFunctionCode")
    anything = (
        f"arn:aws:iam::{ACCOUNT}:role/slipway-dev-web",
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:slipway-dev-web",
    )
    return [
        f"{name}: {way}"
        for name, text in documents(world).items()
        for way in ways
        for arn in anything
        if allows(Request(way, arn), text)
    ]


@control("I5", ROLE_POLICY, POLICY)
def the_linter_is_silent(world):
    """Escalation, exposed credentials, exfiltration and unknown actions: whatever parliament says."""
    return [f"{name}: {found}" for name, text in documents(world).items() for found in unaccepted(text)]


@control("I7", ROLE)
def trust_is_one_service(world):
    trusted = {made.name: statements(made.inputs["assumeRolePolicy"]) for made in world.all(ROLE)}
    return [
        name
        for name, found in trusted.items()
        if len(found) != 1 or found[0]["Principal"].keys() != {"Service"} or found[0]["Action"] != "sts:AssumeRole"
    ]


@control("I8", ROLE_POLICY, POLICY)
def nothing_is_said_by_what_it_is_not(world):
    return [name for name, text in documents(world).items() if "NotAction" in text or "NotResource" in text]


@control("I9", ROLE_POLICY, POLICY)
def no_decryption_with_all_keys(world):
    foreign = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/of-somebody-else"
    context = {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}
    actions = ("kms:Decrypt", "kms:ReEncryptFrom")
    return [
        name
        for name, text in documents(world).items()
        if any(allows(Request(a, foreign, context), text) for a in actions)
    ]


@control("I10", ROLE, FUNCTION)
def a_role_for_each_below_the_boundary(world):
    roles = [made.inputs["role"] for made in world.all(FUNCTION)]
    unbound = [made.name for made in world.all(ROLE) if not made.inputs["permissionsBoundary"].endswith("-boundary")]
    return unbound + [role for role in roles if roles.count(role) > 1]


@control("L4", LOG_GROUP, FILTER, FUNCTION)
def logs_are_forwarded(world):
    standard = {made.inputs["name"] for made in world.all(LOG_GROUP) if made.inputs.get("logGroupClass") == "STANDARD"}
    forwarded = {made.inputs["logGroup"] for made in world.all(FILTER)}
    groups = {made.inputs["loggingConfig"]["logGroup"] for made in world.deployed}
    return sorted((groups - forwarded) | (forwarded - standard))


@control("L5", FIREHOSE)
def streams_are_encrypted(world):
    wanted = {"enabled": True, "keyType": "CUSTOMER_MANAGED_CMK"}
    found = {made.name: made.inputs["serverSideEncryption"] for made in world.all(FIREHOSE)}
    return [name for name, sse in found.items() if not (wanted.items() <= sse.items() and sse["keyArn"])]


@control("L6", FIREHOSE)
def what_streams_cannot_deliver_is_kept_and_told(world):
    wrong = []
    for made in world.all(FIREHOSE):
        kind = next(name for name in made.inputs if name.endswith("Configuration"))
        there = made.inputs[kind]
        bucket = there.get("s3Configuration", there)
        if not (bucket["errorOutputPrefix"] and there["cloudwatchLoggingOptions"]["enabled"] and bucket["kmsKeyArn"]):
            wrong.append(made.name)
    return wrong


def guarded(world, type_, holds):
    """Buckets without a guard of that type, or with one that does not hold."""
    guards = {made.name.rpartition("-")[0] for made in world.all(type_) if holds(made.inputs)}
    return [made.name for made in world.all(BUCKET) if made.name not in guards]


@control("S1", BUCKET, BUCKET_ACCESS)
def not_public(world):
    blocks = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    return guarded(world, BUCKET_ACCESS, lambda access: all(access[block] is True for block in blocks))


@control("S2", BUCKET, BUCKET_POLICY)
def tls_only(world):
    return guarded(world, BUCKET_POLICY, lambda policy: refuses_plain(policy["policy"], "s3:GetObject"))


def refuses_plain(text, action):
    """Whether a policy denies everybody what does not come through TLS, and allows nobody anything by that."""
    [arn] = {resource.removesuffix("/*") for statement in statements(text) for resource in items(statement["Resource"])}
    arn += "/a" if action.startswith("s3:") else ""
    denials = [json.dumps({"Statement": [s]}) for s in statements(text) if s["Effect"] == "Deny"]
    anyone = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    plain, secure = (Request(action, arn, {"aws:SecureTransport": way}) for way in ("false", "true"))
    return not allows(plain, anyone, *denials) and allows(secure, anyone, *denials)


@control("S3", BUCKET, BUCKET_ENCRYPTION)
def kms(world):
    def holds(config):
        default = config["rules"][0]["applyServerSideEncryptionByDefault"]
        return default["sseAlgorithm"] == "aws:kms" and default["kmsMasterKeyId"]

    return guarded(world, BUCKET_ENCRYPTION, holds)


@control("S4", BUCKET, BUCKET_VERSIONS)
def versions(world):
    return guarded(world, BUCKET_VERSIONS, lambda config: config["versioningConfiguration"]["status"] == "Enabled")


@control("S5", BUCKET)
def objects_end(world):
    rules = {made.name: made.inputs["lifecycleRules"] for made in world.all(BUCKET)}
    return [
        name
        for name, [rule] in rules.items()
        if not (rule["enabled"] and rule["abortIncompleteMultipartUploadDays"] and rule["noncurrentVersionExpiration"])
    ]


@control("S7", BUCKET, BUCKET_OWNERSHIP)
def no_acls(world):
    return guarded(world, BUCKET_OWNERSHIP, lambda o: o["rule"]["objectOwnership"] == "BucketOwnerEnforced")


@control("S8", BUCKET)
def records_are_locked(world):
    [archive] = [made.inputs for made in world.all(BUCKET) if made.name == "central-lambda-bucket"]
    return [] if archive["objectLockConfiguration"]["rule"]["defaultRetention"]["days"] == 20 else ["central"]


@control("Q2", QUEUE)
def queues_are_not_public(world):
    """Nobody but the rules of the function itself may send to a queue by the queue's own policy."""
    wrong = []
    for made in world.all(QUEUE):
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{made.inputs['name']}"
        for principal in (
            {"AWS": "999999999999"},
            {"Service": "events.amazonaws.com"},
            {"Service": "sns.amazonaws.com"},
        ):
            context = {
                "aws:SecureTransport": "true",
                "aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/b/other",
            }
            if allows(Request("sqs:SendMessage", arn, context, principal), made.inputs["policy"]):
                wrong.append(made.name)
    return wrong


@control("Q3", QUEUE, MAPPING)
def queues_hand_over_and_speak_tls(world):
    plain = [made.name for made in world.all(QUEUE) if not refuses_plain(made.inputs["policy"], "sqs:SendMessage")]
    return plain + sorted({made.inputs["eventSourceArn"] for made in world.all(MAPPING)} - redriven(world))


@control("E1", KEY)
def keys_rotate_and_name_who(world):
    return [
        made.name
        for made in world.all(KEY)
        if made.inputs["enableKeyRotation"] is not True
        or any(s["Principal"] in ("*", {"AWS": "*"}) for s in statements(made.inputs["policy"]))
    ]


@control("G2", ROUTE)
def routes_say_who(world):
    """Open is only what its function says is: the one route with `auth: none`."""
    found = {made.inputs["routeKey"]: made.inputs["authorizationType"] for made in world.all(ROUTE)}
    expected = {"GET /": "NONE", "ANY /mine": "JWT", "ANY /admin": "AWS_IAM"}
    return [key for key in found if found[key] != expected[key]]


IDS = [
    *(f"F{number}" for number in range(1, 17)),
    *(f"I{number}" for number in range(1, 11)),
    *(f"L{number}" for number in range(1, 7)),
    *(f"S{number}" for number in range(1, 9)),
    *("Q1", "Q2", "Q3", "E1", "G1", "G2"),
]


@pytest.mark.parametrize("id_", IDS)
def test_control(world, id_):
    assert CONTROLS[id_].judge(world) == []


def test_every_type_is_looked_at_or_has_its_reason(world):
    looked_at = {type_ for found in CONTROLS.values() for type_ in found.types} | {SIGNING}
    assert looked_at & WITHOUT.keys() == set()
    assert {made.type for made in world.registered} == looked_at | WITHOUT.keys()
