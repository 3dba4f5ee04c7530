import pytest

from components.environment_args import CatalogueEntry
from components.errors import InputError
from components.function.args import BusEvent, Grant, QueueEvent, ScheduleEvent
from components.knative_args import BrokerConfig, Channel, DeadLetters

MINIMAL = {
    ("kubernetes", "dev-kubernetes"),
    ("Namespace", "dev-namespace"),
    ("NetworkPolicy", "dev-deny"),
    ("NetworkPolicy", "dev-dns"),
    ("NetworkPolicy", "dev-callers"),
    ("ResourceQuota", "dev-quota"),
    ("LimitRange", "dev-limits"),
    ("ValidatingAdmissionPolicy", "dev-admission-guards"),
    ("ValidatingAdmissionPolicy", "dev-admission-pods"),
    ("ValidatingAdmissionPolicy", "dev-admission-pods-advice"),
    ("ValidatingAdmissionPolicyBinding", "dev-admission-guards-binding"),
    ("ValidatingAdmissionPolicyBinding", "dev-admission-pods-binding"),
    ("ValidatingAdmissionPolicyBinding", "dev-admission-pods-advice-binding"),
}
LABELS = {"app.kubernetes.io/managed-by": "slipway", "slipway.io/environment": "dev"}
EVENTS = {"signature": "cloudevent"}
WAIT = {"pulumi.com/waitFor": 'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True'}


def peer(namespace):
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def policy(engine, name):
    return engine.named(name, "NetworkPolicy").inputs["spec"]


def test_the_smallest_environment_is_a_namespace_with_its_guards(to_knative, engine):
    to_knative()
    assert engine.children("dev") == MINIMAL
    assert {r.provider for r in engine.registered if r.type.startswith("kubernetes:")} == {"dev-kubernetes"}


def test_the_provider_knows_one_cluster(to_knative, engine, a_knative):
    to_knative(knative=a_knative(kubeconfig="/somewhere/kubeconfig", cluster_identifier="team"))
    provider = engine.named("dev-kubernetes").inputs
    assert provider == {
        "kubeconfig": "/somewhere/kubeconfig",
        "context": "team-dev",
        "clusterIdentifier": "team",
        "enableServerSideApply": "true",
    }
    to_knative()
    assert engine.named("dev-kubernetes").inputs["clusterIdentifier"] == "team-dev"
    assert "kubeconfig" not in engine.named("dev-kubernetes").inputs


def test_the_namespace_refuses_pods_that_ask_for_rights(to_knative, engine):
    to_knative()
    assert engine.named("dev-namespace").inputs["metadata"] == {
        "name": "slipway-dev",
        "labels": {
            **LABELS,
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/enforce-version": "latest",
            "pod-security.kubernetes.io/warn": "restricted",
            "pod-security.kubernetes.io/warn-version": "latest",
            "pod-security.kubernetes.io/audit": "restricted",
            "pod-security.kubernetes.io/audit-version": "latest",
        },
    }


def test_nothing_goes_in_or_out_but_names_and_calls(to_knative, engine):
    to_knative()
    assert policy(engine, "dev-deny") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert policy(engine, "dev-dns") == {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [peer("kube-system"), {"ipBlock": {"cidr": "169.254.20.10/32"}}],
                "ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
            }
        ],
    }
    assert policy(engine, "dev-callers") == {
        "podSelector": {"matchExpressions": [{"key": "slipway.io/function", "operator": "Exists"}]},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [peer("knative-serving"), peer("kourier-system")],
                "ports": [{"port": port, "protocol": "TCP"} for port in (8012, 8013, 8112, 9090, 9091)],
            }
        ],
    }


def test_another_ingress(to_knative, engine, a_knative):
    to_knative(knative=a_knative(ingress_namespace="istio-system"))
    assert policy(engine, "dev-callers")["ingress"][0]["from"] == [peer("istio-system"), peer("knative-serving")]


@pytest.mark.parametrize(
    ("events", "kinds"),
    [
        ({"events": [BusEvent(type="t")]}, {"Broker", "Deployment"}),
        ({"schedules": [ScheduleEvent(expression="rate(1 hour)", cron="0 * * * *")]}, {"Broker", "Deployment"}),
        ({"queues": [QueueEvent(queue="orders")]}, {"Channel", "Deployment"}),
        ({}, set()),
    ],
)
def test_broker_and_dead_letters_come_with_the_first_function_that_needs_them(
    to_knative, engine, a_knative_function, events, kinds
):
    entries = [CatalogueEntry(kind="queue", name="orders", create=True)] if "queues" in events else []
    to_knative({"work": a_knative_function(signature="cloudevent" if events else "http", **events)}, catalogue=entries)
    assert {kind for kind, _ in engine.children("dev")} & {"Broker", "Deployment", "Channel"} == kinds


def test_the_broker_is_the_clusters_own_or_a_configured_one(to_knative, engine, a_knative_function, a_knative):
    functions = {"work": a_knative_function(**EVENTS, events=[BusEvent(type="t")])}
    to_knative(functions)
    (broker,) = engine.kinds("Broker")
    assert broker.inputs["metadata"] == {
        "name": "default",
        "namespace": "slipway-dev",
        "labels": LABELS,
        "annotations": WAIT,
    }
    assert "spec" not in broker.inputs
    config = BrokerConfig(api_version="eventing.knative.dev/v1alpha1", kind="RabbitmqBrokerConfig", name="rabbit")
    to_knative(functions, knative=a_knative(broker_class="RabbitMQBroker", broker_config=config))
    (broker,) = engine.kinds("Broker")
    assert broker.inputs["metadata"]["annotations"]["eventing.knative.dev/broker.class"] == "RabbitMQBroker"
    assert broker.inputs["spec"] == {
        "config": {
            "apiVersion": "eventing.knative.dev/v1alpha1",
            "kind": "RabbitmqBrokerConfig",
            "name": "rabbit",
            "namespace": "slipway-dev",
        }
    }


@pytest.fixture
def with_dead_letters(to_knative, a_knative_function, a_knative):
    def run(**changes):
        knative = a_knative(**({"dead_letters": changes.pop("dead_letters")} if "dead_letters" in changes else {}))
        functions = {"work": a_knative_function(**EVENTS, events=[BusEvent(type="t")])}
        return to_knative(functions, knative=knative, **changes)

    return run


def test_dead_letters_are_kept_by_one_small_service(with_dead_letters, engine):
    with_dead_letters()
    assert {child for child in engine.children("dev") if child[1].startswith("dev-dead-letters")} == {
        ("PersistentVolumeClaim", "dev-dead-letters-volume"),
        ("ServiceAccount", "dev-dead-letters-account"),
        ("NetworkPolicy", "dev-dead-letters-network"),
        ("Service", "dev-dead-letters-address"),
        ("Deployment", "dev-dead-letters"),
    }
    spec = engine.named("dev-dead-letters").inputs["spec"]
    app = {"app.kubernetes.io/name": "slipway-dead-letters"}
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert spec["selector"] == {"matchLabels": app}
    assert spec["template"]["metadata"] == {"labels": app}
    pod = spec["template"]["spec"]
    assert (pod["automountServiceAccountToken"], pod["securityContext"]) == (False, {"fsGroup": 65532})
    (container,) = pod["containers"]
    assert container["image"].startswith("registry.example.com/slipway/dead-letters@sha256:")
    assert container["env"] == [
        {"name": "PORT", "value": "8080"},
        {"name": "SLIPWAY_DEAD_LETTERS_BYTES", "value": str(2**29)},
        {"name": "SLIPWAY_DEAD_LETTERS_FOLDER", "value": "/data"},
        {"name": "SLIPWAY_FUNCTION_URL", "value": "http://{function}.slipway-dev.svc.cluster.local/"},
    ]
    assert container["securityContext"]["runAsUser"] == 65532
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/data", "/tmp"}
    assert pod["volumes"][0] == {"name": "data", "persistentVolumeClaim": {"claimName": "slipway-dead-letters"}}


def test_who_may_talk_to_the_dead_letters(with_dead_letters, engine):
    with_dead_letters()
    assert policy(engine, "dev-dead-letters-network") == {
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "slipway-dead-letters"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {"from": [peer("knative-eventing"), peer("kube-system")], "ports": [{"port": 8080, "protocol": "TCP"}]}
        ],
        "egress": [{"to": [peer("kourier-system")], "ports": [{"protocol": "TCP"}]}],
    }
    assert engine.named("dev-dead-letters-address").inputs["spec"]["ports"] == [
        {"name": "http", "port": 80, "targetPort": 8080}
    ]


def test_the_volume_is_the_operators_choice(with_dead_letters, engine):
    with_dead_letters()
    claim = engine.named("dev-dead-letters-volume").inputs["spec"]
    assert claim == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    with_dead_letters(dead_letters=DeadLetters(image="r/d@sha256:1", storage_class="fast", size="500Mi"))
    claim = engine.named("dev-dead-letters-volume").inputs["spec"]
    assert (claim["storageClassName"], claim["resources"]["requests"]["storage"]) == ("fast", "500Mi")


def test_protection_covers_what_holds_data(with_dead_letters, engine):
    with_dead_letters(protect=True, catalogue=[CatalogueEntry(kind="queue", name="jobs", create=True)])
    assert {r.name for r in engine.registered if r.protect} == {
        "dev-namespace",
        "dev-dead-letters-volume",
        "dev-channel-jobs",
    }


def test_queues_are_channels(to_knative, engine, a_knative):
    entries = [CatalogueEntry(kind="queue", name="jobs", create=True)]
    to_knative(catalogue=entries)
    (channel,) = engine.kinds("Channel")
    assert channel.inputs == {
        "apiVersion": "messaging.knative.dev/v1",
        "kind": "Channel",
        "metadata": {"name": "jobs", "namespace": "slipway-dev", "labels": LABELS, "annotations": WAIT},
        "spec": {"channelTemplate": {"apiVersion": "messaging.knative.dev/v1", "kind": "InMemoryChannel"}},
    }
    kafka = Channel(api_version="messaging.knative.dev/v1beta1", kind="KafkaChannel", spec={"numPartitions": 3})
    to_knative(catalogue=entries, knative=a_knative(channel=kafka))
    (channel,) = engine.kinds("Channel")
    assert channel.inputs["spec"]["channelTemplate"] == {
        "apiVersion": "messaging.knative.dev/v1beta1",
        "kind": "KafkaChannel",
        "spec": {"numPartitions": 3},
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"knative": None}, r"functions on Knative need knative; set namespace and domain"),
        ({"target": "lambada", "knative": None}, r"unknown target 'lambada'; did you mean 'lambda'\?"),
        (
            {"catalogue": [CatalogueEntry(kind="queue", name="q", create=True, fifo=True)]},
            r"queue 'q' is fifo, but channels of Knative keep no order",
        ),
        ({"catalogue": [CatalogueEntry(kind="service", name="s")]}, r"service 's': a service needs an address"),
        ({"catalogue": [CatalogueEntry(kind="bucket", name="b")]}, r"bucket 'b': set either create or arn"),
    ],
)
def test_what_cannot_be(to_knative, changes, message):
    with pytest.raises(InputError, match=message):
        to_knative(**changes)


def test_the_cluster_must_be_named(to_knative, a_knative):
    with pytest.raises(InputError, match=r"the cluster must be named by context or kubeconfig"):
        to_knative(knative=a_knative(context=None))


def test_events_need_something_that_keeps_dead_letters(with_dead_letters):
    with pytest.raises(InputError, match=r"take events but dead_letters has no image"):
        with_dead_letters(dead_letters=DeadLetters())
    with pytest.raises(InputError, match=r"dead_letters size must be like 500Mi or 1Gi, found 'big'"):
        with_dead_letters(dead_letters=DeadLetters(image="i", size="big"))


def test_uses_of_the_catalogue_are_told_and_let_through(to_knative, engine, a_knative_function):
    from components.environment_args import Egress
    from components.function.args import SecretVariable

    entries = [
        CatalogueEntry(kind="queue", name="jobs", create=True),
        CatalogueEntry(
            kind="bucket",
            name="reports",
            address="https://files.example.com:9000/acme-reports",
            kubernetes_secret="files-key",
            egress=[Egress(cidr="10.0.0.0/8", ports=[9000, 443])],
        ),
        CatalogueEntry(
            kind="service", name="billing", address="http://billing.team-b.svc.cluster.local:8080", egress=()
        ),
        CatalogueEntry(kind="secret", name="orders-db", kubernetes_secret="orders-db"),
    ]
    args = a_knative_function(
        environment={"QUEUE_JOBS_URL": "mine"},
        grants=[
            Grant(kind="queue", name="jobs", verbs=["send"]),
            Grant(kind="bucket", name="reports", verbs=["read", "write"]),
            Grant(kind="service", name="billing", verbs=["call"]),
        ],
        secrets=[
            SecretVariable(variable="DB_PASSWORD", secret="orders-db", field="password"),
            SecretVariable(variable="DB_ALL", secret="orders-db"),
        ],
    )
    to_knative({"orders": args}, catalogue=entries)
    service = next(r for r in engine.registered if r.type == "kubernetes:serving.knative.dev/v1:Service")
    (container,) = service.inputs["spec"]["template"]["spec"]["containers"]
    told = {item["name"]: item.get("value", item.get("valueFrom")) for item in container["env"]}
    assert {key: value for key, value in told.items() if not key.startswith(("FUNCTION_", "SLIPWAY_"))} == {
        "QUEUE_JOBS_URL": "http://jobs-kn-channel.slipway-dev.svc.cluster.local",
        "BUCKET_REPORTS": "acme-reports",
        "BUCKET_REPORTS_ENDPOINT": "https://files.example.com:9000",
        "SERVICE_BILLING_URL": "http://billing.team-b.svc.cluster.local:8080",
        "DB_PASSWORD": {"secretKeyRef": {"name": "orders-db", "key": "password"}},
        "DB_ALL": {"secretKeyRef": {"name": "orders-db", "key": "value"}},
    }
    assert told["SLIPWAY_MASKED"] == "DB_ALL,DB_PASSWORD"
    assert container["envFrom"] == [{"secretRef": {"name": "files-key"}}]
    assert policy(engine, "orders-network") == {
        "podSelector": {"matchLabels": {"slipway.io/function": "orders"}},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
                "ports": [{"port": 443, "protocol": "TCP"}, {"port": 9000, "protocol": "TCP"}],
            },
            {"to": [peer("knative-eventing")], "ports": [{"protocol": "TCP"}]},
            {"to": [peer("kourier-system"), peer("team-b")], "ports": [{"protocol": "TCP"}]},
        ],
    }
    assert "dev-channel-jobs" in service.depends_on


def test_taking_from_a_queue_opens_no_way_out(to_knative, engine, a_knative_function):
    entries = [CatalogueEntry(kind="queue", name="jobs", create=True)]
    to_knative({"work": a_knative_function(**EVENTS, queues=[QueueEvent(queue="jobs")])}, catalogue=entries)
    assert ("NetworkPolicy", "work-network") not in engine.children("work")
