"""Ways to break each control in what components create: one small change each, and the controls that must see it."""

import copy
import dataclasses
import json
from collections.abc import Callable

from policies.judge.values import Resource

HERE = "eu-central-1:123456789012"
GONE = object()
FUNCTION, FILTER, GROUP = "lambda/function:Function", "LogSubscriptionFilter", "LogGroup"
POLICY, KNATIVE = "iam/rolePolicy:RolePolicy", "serving.knative.dev/v1:Service"
CONTAINER = "spec.template.spec.containers.0"
SECURITY = f"{CONTAINER}.securityContext"


@dataclasses.dataclass(frozen=True)
class Mutation:
    id: str
    what: str
    change: Callable
    also: frozenset = frozenset()  # what the same change breaks beside it
    on: str = "lambda"

    @property
    def expected(self):
        return {self.id} | self.also


def edited(kind, name, path, value=GONE):
    """Sets or removes a property of one resource."""

    def change(resources):
        found = [one for one in resources if one.type.endswith(kind) and one.name == name]
        assert len(found) == 1, f"{len(found)} of {kind} are named {name}"
        one = found[0]
        new = dataclasses.replace(one, props=_with(one.props, path, value), inputs=_with(one.inputs, path, value))
        return tuple(new if other is one else other for other in resources)

    return change


def without(kind, *names):
    """Removes resources."""

    def change(resources):
        kept = tuple(one for one in resources if not (one.type.endswith(kind) and one.name in names))
        assert len(kept) == len(resources) - len(names)
        return kept

    return change


def added(type_, **props):
    """Adds a resource that somebody wrote by hand."""

    def change(resources):
        urn = f"urn:pulumi:stack::project::{type_}::by-hand"
        return (*resources, Resource(urn=urn, type=type_, name="by-hand", props=props, inputs=props))

    return change


def allowed(kind, name, path="policy", **statement):
    """Adds a statement to a policy document."""

    def change(resources):
        [one] = [one for one in resources if one.type.endswith(kind) and one.name == name]
        document = json.loads(one.inputs[path])
        document["Statement"].append({"Effect": "Allow", **statement})
        return edited(kind, name, path, json.dumps(document))(resources)

    return change


def role(**statement):
    return allowed(POLICY, "work-role-policy", **statement)


def _with(props, path, value):
    made = copy.deepcopy(dict(props))
    keys = path.split() if " " in path else path.split(".")  # blanks between keys that have dots
    *way, last = [int(key) if key.isdigit() else key for key in keys]
    inner = made
    for key in way:
        inner = inner[key]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return made


def _(id_, what, change, *also, on="lambda"):
    return Mutation(id_, what, change, frozenset(also), on)


def k(id_, what, change, *also):
    return Mutation(id_, what, change, frozenset(also), "knative")


MUTATIONS = (
    _("F1", "no bound of instances", edited(FUNCTION, "work", "reservedConcurrentExecutions")),
    _("F2", "no destination on failure", without("FunctionEventInvokeConfig", "work-failure-destination")),
    _(
        "F2",
        "another function's destination",
        edited("FunctionEventInvokeConfig", "work-failure-destination", "functionName", "web"),
    ),
    _("F3", "no tracing", edited(FUNCTION, "work", "tracingConfig.mode", "PassThrough")),
    _("F4", "one subnet", edited(FUNCTION, "work", "vpcConfig.subnetIds", ["subnet-1"])),
    _("F5", "no key", edited(FUNCTION, "web", "kmsKeyArn")),
    _("F6", "a password", edited(FUNCTION, "web", "environment.variables.DB_PASSWORD", "hunter2")),
    _(
        "F6",
        "a key in an innocent variable",
        edited(FUNCTION, "web", "environment.variables.LEVEL", "AKIAIOSFODNN7EXAMPLE"),
    ),
    _("F7", "an old runtime", edited(FUNCTION, "work", "runtime", "python3.8")),
    _("F8", "no signature", edited(FUNCTION, "work", "codeSigningConfigArn")),
    _("F9", "an open URL", edited("FunctionUrl", "web-url", "authorizationType", "NONE")),
    _("F10", "any origin", edited("FunctionUrl", "web-url", "cors.allowOrigins", ["*"])),
    _("F11", "anybody may call", added("aws:lambda/permission:Permission", principal="*", function="work")),
    _(
        "F12",
        "any rule may call",
        added("aws:lambda/permission:Permission", principal="events.amazonaws.com", function="work"),
    ),
    _("F13", "no timeout", edited(FUNCTION, "report", "timeout")),
    _("F13", "no memory", edited(FUNCTION, "report", "memorySize")),
    _("F14", "plain text", edited(FUNCTION, "work", "loggingConfig.logFormat", "Text")),
    _("F14", "a log group of nobody", edited(FUNCTION, "work", "loggingConfig.logGroup", "/elsewhere"), "L4"),
    _(
        "F15",
        "a stream without a destination",
        edited("EventSourceMapping", "work-queue-orders", "eventSourceArn", f"arn:aws:kinesis:{HERE}:stream/clicks"),
    ),
    _("F16", "messages come back too early", edited("Queue", "dev-queue-orders", "visibilityTimeoutSeconds", 30)),
    _("I1", "everything", role(Action="*", Resource="*"), "I2", "I3", "I4", "I5", "I9"),
    _("I2", "a whole service", role(Action="sqs:*", Resource=f"arn:aws:sqs:{HERE}:jobs")),
    _("I3", "any queue", role(Action="sqs:GetQueueAttributes", Resource="*")),
    _("I4", "any role", role(Action="iam:PassRole", Resource="arn:aws:iam::123456789012:role/*")),
    _("I5", "any secret", role(Action="secretsmanager:GetSecretValue", Resource="arn:aws:secretsmanager:*:*:secret:*")),
    _("I5", "any log group", role(Action="logs:PutLogEvents", Resource="arn:aws:logs:*:*:*")),
    _(
        "I6",
        "administrators",
        added(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            role="work",
            policyArn="arn:aws:iam::aws:policy/AdministratorAccess",
        ),
    ),
    _(
        "I7",
        "anybody's role",
        allowed("iam/role:Role", "work-role", "assumeRolePolicy", Principal="*", Action="sts:AssumeRole"),
    ),
    _(
        "I7",
        "any pipeline",
        allowed(
            "iam/role:Role",
            "work-role",
            "assumeRolePolicy",
            Principal={"Federated": "arn:aws:iam::123456789012:oidc-provider/gitlab.example.com"},
            Action="sts:AssumeRoleWithWebIdentity",
        ),
    ),
    _("I8", "all but", role(NotAction="iam:*", Resource=f"arn:aws:sqs:{HERE}:jobs")),
    _("I9", "any key", role(Action="kms:Decrypt", Resource="arn:aws:kms:*:*:key/*")),
    _("I10", "no boundary", edited("iam/role:Role", "work-role", "permissionsBoundary")),
    _(
        "I10",
        "another function's role",
        edited(FUNCTION, "work", "role", "arn:aws:iam::123456789012:role/slipway-dev-web"),
    ),
    _("L1", "for ever", edited(GROUP, "work-logs", "retentionInDays")),
    _("L2", "a month", edited(GROUP, "work-logs", "retentionInDays", 30)),
    _("L3", "no key", edited(GROUP, "work-logs", "kmsKeyId")),
    _("L4", "no filter", without(FILTER, "report-sink-central")),
    _("L4", "only errors", edited(FILTER, "report-sink-central", "filterPattern", "ERROR")),
    _("L4", "a class that cannot", edited(GROUP, "work-logs", "logGroupClass", "INFREQUENT_ACCESS")),
    _(
        "L4",
        "a loop",
        added(
            "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
            logGroup="/slipway/dev/sinks/central/shipper",
            filterPattern="",
            destinationArn=f"arn:aws:firehose:{HERE}:deliverystream/slipway-dev-sink-central",
        ),
    ),
    _(
        "L4",
        "a function by hand",
        added(
            "aws:lambda/function:Function",
            name="mine",
            role="arn:aws:iam::123456789012:role/mine",
            runtime="python3.13",
            timeout=3,
            memorySize=128,
            reservedConcurrentExecutions=1,
            tracingConfig={"mode": "Active"},
            codeSigningConfigArn="arn",
            vpcConfig={"subnetIds": ["a", "b"]},
            deadLetterConfig={"targetArn": "arn"},
            loggingConfig={"logFormat": "JSON", "logGroup": "/slipway/dev/sinks/central/stream"},
        ),
    ),
    _("L5", "no encryption", edited("FirehoseDeliveryStream", "central-lambda-stream", "serverSideEncryption")),
    _(
        "L6",
        "no prefix",
        edited("FirehoseDeliveryStream", "central-lambda-stream", "extendedS3Configuration.errorOutputPrefix"),
    ),
    _(
        "L6",
        "no log",
        edited(
            "FirehoseDeliveryStream",
            "search-lambda-stream",
            "opensearchConfiguration.cloudwatchLoggingOptions.enabled",
            False,
        ),
    ),
    _("S1", "public policies", edited("BucketPublicAccessBlock", "dev-packages-access", "blockPublicPolicy", False)),
    _("S1", "no block", without("BucketPublicAccessBlock", "dev-packages-access")),
    _("S2", "no policy", without("BucketPolicy", "dev-packages-policy")),
    _(
        "S3",
        "a key of S3",
        edited(
            "BucketServerSideEncryptionConfiguration",
            "dev-packages-encryption",
            "rules.0.applyServerSideEncryptionByDefault.sseAlgorithm",
            "AES256",
        ),
    ),
    _(
        "S4",
        "suspended",
        edited("BucketVersioning", "dev-packages-versions", "versioningConfiguration.status", "Suspended"),
    ),
    _("S4", "none", without("BucketVersioning", "dev-packages-versions")),
    _("S5", "none", edited("bucket:Bucket", "dev-packages", "lifecycleRules")),
    _("S6", "none", edited("bucket:Bucket", "dev-packages", "logging")),
    _(
        "S7",
        "ACLs",
        edited("BucketOwnershipControls", "dev-packages-ownership", "rule.objectOwnership", "ObjectWriter"),
    ),
    _("S8", "no lock", edited("bucket:Bucket", "central-lambda-bucket", "objectLockEnabled")),
    _("Q1", "no key", edited("Queue", "dev-queue-orders", "kmsMasterKeyId")),
    _(
        "Q2",
        "anybody sends",
        allowed("Queue", "dev-queue-orders", Principal="*", Action="sqs:SendMessage", Resource="*"),
    ),
    _("Q3", "no dead letters", edited("Queue", "dev-queue-orders", "redrivePolicy")),
    _("Q3", "without TLS", edited("Queue", "dev-queue-orders", "policy")),
    _("E1", "no rotation", edited("kms/key:Key", "dev-key", "enableKeyRotation", False)),
    _(
        "E1",
        "anybody's key",
        allowed("kms/key:Key", "dev-key", Principal={"AWS": "*"}, Action="kms:Decrypt", Resource="*"),
    ),
    _("G1", "no log", edited("Stage", "dev-http-stage", "accessLogSettings")),
    _("G2", "nothing said", added("aws:apigatewayv2/route:Route", routeKey="GET /by-hand")),
    _("G2", "open", added("aws:apigatewayv2/route:Route", routeKey="GET /by-hand", authorizationType="NONE")),
    k("K1", "root", edited(KNATIVE, "web", f"{SECURITY}.runAsNonRoot", False)),
    k("K2", "more rights", edited(KNATIVE, "web", f"{SECURITY}.allowPrivilegeEscalation", True)),
    k("K3", "capabilities", edited(KNATIVE, "web", f"{SECURITY}.capabilities.drop")),
    k("K4", "no seccomp", edited(KNATIVE, "web", f"{SECURITY}.seccompProfile")),
    k("K5", "a writable root", edited(KNATIVE, "web", f"{SECURITY}.readOnlyRootFilesystem", False)),
    k("K6", "a token", edited(KNATIVE, "web", "spec.template.spec.automountServiceAccountToken")),
    k("K7", "no limits", edited(KNATIVE, "web", f"{CONTAINER}.resources")),
    k("K8", "a tag", edited(KNATIVE, "web", f"{CONTAINER}.image", "registry.example.com/team/orders:latest")),
    k(
        "K9",
        "a secret in a variable",
        edited(
            KNATIVE,
            "web",
            f"{CONTAINER}.env",
            [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}],
        ),
    ),
    k("K10", "a low user", edited(KNATIVE, "web", f"{SECURITY}.runAsUser", 1000)),
    k("K11", "no level", edited("Namespace", "dev-namespace", "metadata labels pod-security.kubernetes.io/enforce")),
    k("K12", "no network policy", without("NetworkPolicy", "dev-deny")),
    k("K12", "no quota", without("ResourceQuota", "dev-quota")),
    k("K13", "all verbs", edited("v1:Role", "dev-logs-reader", "rules.0.verbs", ["*"])),
    k("K14", "public", edited(KNATIVE, "inner", "metadata labels networking.knative.dev/visibility")),
    k("L4", "no agent", without("DaemonSet", "dev-logs"), "K11"),  # for which alone its namespace may be as it is
    k(
        "L4",
        "an agent that reads nothing",
        edited("ConfigMap", "dev-logs-config", "data", {"agent.yaml": "service: {pipelines: {}}"}),
    ),
)
