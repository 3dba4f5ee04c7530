"""Settings of the Knative half: one message for each mistake, with its place."""

import pytest

from slipway.core.findings import Severity
from slipway.core.settings_knative import EMBEDDED_CONTEXT

FILE = "stacks/Pulumi.dev.yaml"
AWS = '  slipway:aws: {account: "123456789012", region: eu-central-1}\n'
EMBEDDED = "config:\n  slipway:target: knative\n"
OTHER = EMBEDDED + (
    "  slipway:kubeContext: team-dev\n  slipway:registry: registry.example.com/team\n  slipway:domain: dev.example.com\n"
    "  slipway:eventing: {broker: {class: Kafka}, channel: {kind: KafkaChannel}}\n"
)
LAMBDA = "config:\n  slipway:target: lambda\n" + AWS
DIGEST = "@sha256:" + "0" * 64


@pytest.fixture
def said(box, manifest):
    """What is said about an environment whose one function runs on either target."""
    box.function("orders", manifest("events: [http: {path: /a, auth: none, visibility: public}]", runtime="python3.11"))

    def lines(text):
        box.stack("dev", text)
        return box.lines()

    return lines


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("cluster: {apiPort: 80}", f"{FILE}:3:30: slipway:cluster.apiPort must be 1024-65535"),
        ("cluster: {apiPort: 5000, httpPort: 5000}", f"{FILE}:3:20: slipway:cluster has a port twice; give each its"),
        ("cluster: {port: 5000}", "unknown key 'port', did you mean 'apiPort'?"),
        ("kubeContext: 5", "slipway:kubeContext must be text (the name of a context of the kubeconfig), found 5"),
        (
            "kubeContext: team dev",
            "slipway:kubeContext must be the name of a context of the kubeconfig, found 'team dev'",
        ),
        ("namespace: Team", "slipway:namespace must be 1-63 lower-case letters, digits and hyphens"),
        (
            "namespace: kube-system",
            "slipway:namespace must not be a namespace of the cluster itself, found 'kube-system'",
        ),
        ("namespace: knative-eventing", "must not be a namespace of the cluster itself"),
        ("namespace: default", "must not be a namespace of the cluster itself"),
        ("prefix: kube", "slipway:prefix makes the namespace 'kube-dev', which belongs to the cluster"),
        ("registry: https://registry.example.com/a", "slipway:registry must be a registry with a path, such as"),
        ("registry: registry.example.com/a:tag", "slipway:registry must be a registry with a path"),
        ("registry: registry.example.com/", "slipway:registry must be a registry with a path"),
        ("domain: https://dev.example.com", "slipway:domain must be a DNS name such as functions.example.com"),
        ("domain: dev.example.com:80", "slipway:domain must be a DNS name"),
        (f"domain: {'a' * 60}.{'b' * 60}.{'c' * 60}", "slipway:domain must have 0-125 characters, found 182"),
        (
            f"images: {{base: {{python3.10: x{DIGEST}}}}}",
            "a key of slipway:images.base must be one of python3.11, python3.12",
        ),
        (
            "images: {base: {python3.11: 'x:latest'}}",
            "slipway:images.base.python3.11 must be repository@sha256:<64 hex digits>, found 'x:latest'",
        ),
        ("ingressNamespace: A", "slipway:ingressNamespace must be the name of a namespace"),
        ("eventing: {broker: {class: 'a b'}}", "slipway:eventing.broker.class must be a class such as Kafka"),
        (
            "eventing: {broker: {config: {kind: ConfigMap, name: a}}}",
            "slipway:eventing.broker.config.apiVersion is missing",
        ),
        (
            "eventing: {broker: {config: {apiVersion: one, kind: A, name: b}}}",
            "config.apiVersion must be group/version, for example v1, found 'one'",
        ),
        ("eventing: {channel: {kind: kafka}}", "slipway:eventing.channel.kind must be a kind in Kubernetes' spelling"),
        ("eventing: {channel: {spec: []}}", "slipway:eventing.channel.spec must be a mapping, found a list"),
        ("eventing: {deadLetters: {size: 5}}", "deadLetters.size must be text (a size such as 500Mi or 1Gi), found 5"),
        ("eventing: {deadLetters: {size: 5GB}}", "deadLetters.size must be a size such as 500Mi or 1Gi, found '5GB'"),
        (
            "eventing: {deadLetters: {size: 21Gi}}",
            f"{FILE}:3:42: slipway:eventing.deadLetters.size 21Gi is more than the storage of the quota, 20Gi; lower it",
        ),
        ("guardrails: {quota: {cpu: 0}}", "slipway:guardrails.quota.cpu must be 1-100000 processors, found 0"),
        ("guardrails: {quota: {memory: 64GB}}", "quota.memory must be a size such as 500Mi or 1Gi, found '64GB'"),
        ("guardrails: {quota: {pods: 0}}", "slipway:guardrails.quota.pods must be 1-100000 pods, found 0"),
        ("guardrails: {quota: {gpu: 1}}", "unknown key 'gpu', did you mean 'cpu'?"),
        (
            "guardrails: {developers: {groups: ['system:authenticated']}}",
            "developers.groups[0] must not be a name of the cluster itself, found 'system:authenticated'",
        ),
        ("guardrails: {deployers: {users: [a, a]}}", "slipway:guardrails.deployers.users has a value twice"),
        (
            "guardrails: {deployers: {serviceAccounts: [deployer]}}",
            "slipway:guardrails.deployers.serviceAccounts[0] must be namespace/name, found 'deployer'",
        ),
        ("eventing: {retry: {attempts: 0}}", "slipway:eventing.retry.attempts must be 1-20 attempts, found 0"),
        (
            "eventing: {retry: {backoff: 5s}}",
            "retry.backoff must be a duration such as PT0.5S, PT1S or PT2M, found '5s'",
        ),
        ("http: {tls: true}", f"{FILE}:3:18: slipway:http.tls is not for the embedded cluster: its entry answers http"),
        ("http: {port: 8080}", "slipway:http.port is not for the embedded cluster: its entry has the port of"),
        ("http: {port: 0}", "slipway:http.port must be 1-65535, found 0"),
        ("functions: {orders: {hosts: [orders]}}", "slipway:functions.orders.hosts[0] must be a DNS name such as"),
        ("functions: {orders: {target: lamda}}", "target must be one of lambda, knative, found 'lamda', did you mean"),
    ],
)
def test_one_mistake_one_message(said, extra, expected):
    [line] = said(EMBEDDED + f"  slipway:{extra}\n")
    assert expected in line


@pytest.mark.parametrize(
    "extra",
    [
        "logs: {retention: 7}",
        'encryption: {key: "arn:aws:kms:eu-central-1:123456789012:key/1"}',
        'guardrails: {permissionBoundary: "arn:aws:iam::123456789012:policy/b"}',
        "http: {throttle: {rate: 1, burst: 1}}",
        "network: {subnets: [subnet-0a1b2c3d], securityGroups: [sg-0a1b2c3d]}",
        'codeSigning: {profiles: ["arn:aws:signer:eu-central-1:123456789012:/signing-profiles/p/v"]}',
        'alarms: {topic: "arn:aws:sns:eu-central-1:123456789012:t"}',
    ],
)
def test_what_only_lambda_has_needs_an_account(said, extra):
    [line] = said(EMBEDDED + f"  slipway:{extra}\n")
    assert f"slipway:{extra.partition(':')[0]}" in line
    assert "is only for functions on Lambda, which this environment has none of; remove it" in line
    assert said(EMBEDDED + AWS + f"  slipway:{extra}\n") == []


@pytest.mark.parametrize(
    "extra",
    [
        "namespace: a",
        "domain: a.example",
        "ingressNamespace: a",
        f"images: {{base: {{python3.11: x{DIGEST}}}}}",
        "eventing: {retry: {attempts: 1}}",
        "guardrails: {quota: {pods: 10}}",
        "guardrails: {developers: {groups: [a]}}",
        "guardrails: {deployers: {groups: [a]}}",
        "guardrails: {previewers: {groups: [a]}}",
        "guardrails: {admission: true}",
        "http: {tls: false}",
        "http: {port: 8080}",
    ],
)
def test_what_only_knative_has_needs_a_cluster(said, extra):
    [line] = said(LAMBDA + f"  slipway:{extra}\n")
    assert "is only for functions on Knative, which this environment has none of" in line


@pytest.mark.parametrize("extra", ["logs: {level: DEBUG}", "tags: {a: b}", "protect: true", "prefix: team"])
def test_what_both_have(said, extra):
    for text in (EMBEDDED, LAMBDA):
        assert said(text + f"  slipway:{extra}\n") == []


def test_lambda_needs_an_account(said):
    [line] = said("config:\n  slipway:target: lambda\n")
    assert line.startswith(f"{FILE}:1:1: slipway:aws is missing, target lambda needs an account;")


def test_another_cluster_says_where_everything_is(said):
    lines = said(EMBEDDED + "  slipway:kubeContext: team-dev\n  slipway:eventing: {broker: {class: Kafka}}\n")
    assert [line.partition(": ")[2].partition(";")[0] for line in lines] == [
        "runtime python3.11 has no base image in dev",
        "slipway:domain is missing beside slipway:kubeContext: addresses of functions end with it",
        "slipway:images.collector is missing: orders have log sinks, and nothing would carry their logs there",
        "slipway:registry is missing beside slipway:kubeContext: images of functions lie where that cluster can pull them",
    ]


def test_the_embedded_cluster_or_another_one(said):
    base = f"  slipway:images: {{base: {{python3.11: x{DIGEST}}}, collector: x{DIGEST}}}\n"
    assert said(OTHER + base) == []
    [line] = said(OTHER + base + "  slipway:cluster: {}\n")
    assert "slipway:cluster is the embedded cluster, but slipway:kubeContext names another one; keep one" in line


def test_what_a_restart_would_lose_is_said(said, box):
    text = OTHER.replace("{broker: {class: Kafka}, channel: {kind: KafkaChannel}}", "{}")
    text += f"  slipway:images: {{base: {{python3.11: x{DIGEST}}}, collector: x{DIGEST}}}\n"
    assert [line.partition(": ")[2].partition(";")[0] for line in said(text)] == [
        "the broker's class is the cluster's own default"
    ]
    said(text + "  slipway:resources: {queue: {receipts: {create: true}}}\n")
    assert [finding.severity for finding in box.load().findings] == [Severity.WARNING, Severity.INFO]
    assert "dev" in box.load().settings


@pytest.mark.parametrize("runtime", ["python3.12", "python3.13"])
def test_the_embedded_cluster_has_a_base_for_one_runtime(box, manifest, runtime):
    box.function("orders", manifest("events: [schedule: rate(1 hour)]", runtime=runtime))
    box.stack("dev", EMBEDDED)
    assert f"runtime {runtime} has no base image in dev; add it under slipway:images.base" in box.only("no-base-image")
    box.stack("dev", EMBEDDED + f"  slipway:images: {{base: {{{runtime}: x{DIGEST}}}}}\n")
    assert box.lines() == []


def test_a_whole_environment(said, box):
    assert (
        said(
            OTHER
            + f"  slipway:images: {{base: {{python3.11: x{DIGEST}}}, collector: x{DIGEST}}}\n  slipway:prefix: team\n"
        )
        == []
    )
    knative = box.load().settings["dev"].knative
    assert (knative.context, knative.cluster, knative.entry) == ("team-dev", None, None)
    assert knative.namespace == "team-dev"
    assert knative.url("orders") == "https://orders.team-dev.dev.example.com"
    assert EMBEDDED_CONTEXT not in {knative.context, knative.namespace}


def test_another_cluster_needs_an_agent_for_its_sinks(said):
    base = f"  slipway:images: {{base: {{python3.11: x{DIGEST}}}}}\n"
    (line,) = said(OTHER + base)
    assert "slipway:images.collector is missing: orders have log sinks" in line
    assert "docs/sinks.md" in line


def test_an_environment_without_a_cluster_has_no_knative(said, box):
    assert said(LAMBDA) == []
    assert box.load().settings["dev"].knative is None
    assert said(LAMBDA + "  slipway:cluster: {}\n") == []
    assert box.load().settings["dev"].knative.embedded


def test_dead_letters_need_a_base_too(box, manifest):
    box.function("orders", manifest("events: [schedule: rate(1 hour)]", runtime="python3.12"))
    box.stack("dev", OTHER + f"  slipway:images: {{base: {{python3.12: x{DIGEST}}}, collector: x{DIGEST}}}\n")
    text = box.only("no-base-image")
    assert text.startswith(
        f"{FILE}:7:19: slipway:images.base has no python3.11: an image keeps dead letters of 'orders'"
    )
    box.function("orders", manifest("events: [http: {path: /a, auth: none, visibility: public}]", runtime="python3.12"))
    assert box.lines() == []
