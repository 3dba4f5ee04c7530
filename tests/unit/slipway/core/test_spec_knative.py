"""The dictionaries that components take for functions and environments on Knative."""

import json

import pytest

from components.environment_args import CatalogueEntry, Egress, EnvironmentArgs, TokenIssuer
from components.function.args import Code, FunctionArgs, Rollout, ScheduleEvent, SecretVariable
from components.knative_args import BrokerConfig, Channel, DeadLetters, KnativeArgs, Quota, Subjects
from slipway.core.spec import environment_spec, function_spec

KNATIVE = f"""\
config:
  slipway:target: knative
  slipway:kubeContext: team-dev
  slipway:namespace: functions
  slipway:registry: registry.example.com/team
  slipway:domain: dev.example.com
  slipway:ingressNamespace: istio-system
  slipway:http: {{port: 8443, tokens: {{issuer: https://login.example.com, audience: [x]}}}}
  slipway:images:
    base: {{python3.11: "registry.example.com/python@sha256:{"0" * 64}"}}
    collector: "registry.example.com/log-agent@sha256:{"0" * 64}"
  slipway:eventing:
    broker: {{class: Kafka, config: {{apiVersion: v1, kind: ConfigMap, name: kafka, namespace: knative-eventing}}}}
    channel: {{apiVersion: messaging.knative.dev/v1beta1, kind: KafkaChannel, spec: {{numPartitions: 3}}}}
    deadLetters: {{storageClass: fast, size: 5Gi}}
    retry: {{attempts: 3, backoff: PT2S}}
  slipway:resources:
    queue: {{receipts: {{create: true}}, out: {{address: "http://10.1.2.3/out"}}}}
    bucket: {{files: {{address: "https://files.example/a", kubernetes: files, egress: [{{cidr: 10.0.0.0/8, ports: [443]}}]}}}}
    secret: {{db: {{kubernetes: orders-db}}}}
    service: {{billing: {{address: "https://[fd00::1]", secret: db/token}}}}
  slipway:guardrails:
    quota: {{cpu: 4, memory: 8Gi, pods: 30}}
    developers: {{groups: [shop]}}
    deployers: {{serviceAccounts: [ci/deployer]}}
    previewers: {{users: [preview]}}
    admission: false
  slipway:policy: {{rules: {{K8: mandatory, F1: disabled}}}}
  slipway:functions: {{orders: {{hosts: [orders.example.com]}}}}
"""


def test_an_environment_on_knative(box, manifest):
    box.stack("dev", KNATIVE)
    box.function(
        "orders",
        manifest(
            "rollout: {canary: 10}\nsecrets: {DB_PW: db/password}\nuses: [{service: billing, can: [call]}]\n"
            "events: [http: {path: /a, auth: token, visibility: public}]"
        ),
    )
    box.function("jobs", manifest("events: [schedule: rate(5 minutes)]"))
    loaded = box.load()
    assert [finding.render() for finding in loaded.findings] == []
    spec = environment_spec(loaded.settings["dev"])
    assert json.loads(json.dumps(spec)) == spec
    args = EnvironmentArgs.from_spec(spec)
    assert args.aws is None
    assert args.knative == KnativeArgs(
        namespace="functions",
        domain="dev.example.com",
        registry="registry.example.com/team",
        context="team-dev",
        cluster_identifier="team-dev",
        scheme="https",
        port=8443,
        broker_class="Kafka",
        broker_config=BrokerConfig(api_version="v1", kind="ConfigMap", name="kafka", namespace="knative-eventing"),
        channel=Channel(api_version="messaging.knative.dev/v1beta1", kind="KafkaChannel", spec={"numPartitions": 3}),
        dead_letters=DeadLetters(storage_class="fast", size="5Gi"),
        retry_attempts=3,
        retry_backoff="PT2S",
        ingress_namespace="istio-system",
        quota=Quota(cpu=4, memory="8Gi", pods=30),
        developers=Subjects(groups=("shop",)),
        deployers=Subjects(service_accounts=("ci/deployer",)),
        previewers=Subjects(users=("preview",)),
        admission=False,
        levels={"K8": "mandatory"},
    )
    assert args.tokens == TokenIssuer(issuer="https://login.example.com", audience=["x"])
    assert args.catalogue == (
        CatalogueEntry(
            kind="queue", name="out", address="http://10.1.2.3/out", egress=(Egress(cidr="10.1.2.3/32", ports=[80]),)
        ),
        CatalogueEntry(kind="queue", name="receipts", create=True),
        CatalogueEntry(
            kind="bucket",
            name="files",
            address="https://files.example/a",
            kubernetes_secret="files",
            egress=(Egress(cidr="10.0.0.0/8", ports=[443]),),
        ),
        CatalogueEntry(kind="secret", name="db", kubernetes_secret="orders-db"),
        CatalogueEntry(
            kind="service",
            name="billing",
            address="https://[fd00::1]",
            egress=(Egress(cidr="fd00::1/128", ports=[443]),),
        ),
    )
    orders = FunctionArgs.from_spec(function_spec(loaded.functions["orders"], loaded.settings["dev"]), Code(image="x"))
    assert (orders.target, orders.rollout, orders.hosts) == ("knative", Rollout(canary=10), ["orders.example.com"])
    assert orders.secrets == (
        SecretVariable(variable="DB_PW", secret="db", field="password"),
        SecretVariable(variable="SERVICE_BILLING_SECRET", secret="db", field="token"),
    )
    jobs = FunctionArgs.from_spec(function_spec(loaded.functions["jobs"], loaded.settings["dev"]), Code(image="x"))
    assert jobs.schedules == (ScheduleEvent(expression="rate(5 minutes)", cron="*/5 * * * *"),)


def test_the_embedded_cluster_needs_no_settings(box):
    box.stack("dev", "config:\n  slipway:target: knative\n  slipway:cluster: {httpPort: 5013, registryPort: 5014}\n")
    settings = box.load().settings["dev"]
    assert EnvironmentArgs.from_spec(environment_spec(settings)).knative == KnativeArgs(
        namespace="slipway-dev",
        domain="localhost",
        registry="127.0.0.1:5014",
        context="slipway",
        cluster_identifier="embedded-slipway",
        scheme="http",
        port=5013,
    )
    assert settings.knative.url("orders") == "http://orders.slipway-dev.localhost:5013"
    assert settings.knative.internal_url("orders") == "http://orders.slipway-dev.svc.cluster.local"
    assert settings.knative.entry == "http://127.0.0.1:5013"


@pytest.mark.parametrize(
    ("events", "signature"),
    [("http: {path: /a, auth: none, visibility: public}", "http"), ("queue: receipts", "cloudevent")],
)
def test_an_image_on_knative_is_called_as_its_events_say(box, manifest, events, signature):
    image = "registry.example.com/x@sha256:" + "0" * 64
    box.stack("dev", "config:\n  slipway:target: knative\n  slipway:resources: {queue: {receipts: {create: true}}}\n")
    box.function("orders", manifest(f"events: [{events}]", runtime="container", handler=None, image=image))
    loaded = box.load()
    assert function_spec(loaded.functions["orders"], loaded.settings["dev"])["signature"] == signature
