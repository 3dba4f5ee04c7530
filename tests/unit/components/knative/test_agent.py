"""The log agent of an environment: what is created, and what its pods may do."""

import pytest
import yaml

from components.environment_args import CatalogueEntry
from components.errors import InputError
from components.log_sink.args import LogSinkArgs

IMAGE = "registry.example.com/slipway/log-agent@sha256:" + "a" * 64
CENTRAL = LogSinkArgs(name="central", kind="loki", address="https://loki.example.com", secret="loki", tenant="shop")
ARCHIVE = LogSinkArgs(name="archive", kind="s3", bucket="logs", region="eu-central-1")
SECRET = CatalogueEntry(kind="secret", name="loki", kubernetes_secret="loki-access")
HOME = "slipway-dev-logs"


@pytest.fixture
def with_sinks(to_knative, a_knative, a_knative_function):
    """Deploys functions that use all of these sinks."""

    def make(*sinks, names=("orders",), image=IMAGE, **functions):
        used = tuple(sink.name for sink in sinks)
        made = {name: a_knative_function(sinks=functions.get(name, used)) for name in {*names, *functions}}
        return to_knative(made, sinks=sinks, catalogue=(SECRET,), knative=a_knative(log_agent=image))

    return make


def pod(engine):
    return engine.named("dev-logs", "DaemonSet").inputs["spec"]["template"]["spec"]


def configuration(engine):
    return yaml.safe_load(engine.named("dev-logs-config", "ConfigMap").inputs["data"]["agent.yaml"])


def test_without_a_sink_there_is_no_agent(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function()})
    assert not [one for one in engine.registered if "logs" in one.name]


def test_the_agent_has_a_namespace_of_its_own(with_sinks, engine):
    with_sinks(CENTRAL)
    assert {(one.kind, one.name) for one in engine.registered if one.name.startswith("dev-logs")} == {
        ("Namespace", "dev-logs-namespace"),
        ("NetworkPolicy", "dev-logs-network"),
        ("ResourceQuota", "dev-logs-quota"),
        ("LimitRange", "dev-logs-limits"),
        ("ValidatingAdmissionPolicy", "dev-logs-admission-guards"),
        ("ValidatingAdmissionPolicy", "dev-logs-admission-pods"),
        ("ValidatingAdmissionPolicy", "dev-logs-admission-pods-advice"),
        ("ValidatingAdmissionPolicyBinding", "dev-logs-admission-guards-binding"),
        ("ValidatingAdmissionPolicyBinding", "dev-logs-admission-pods-binding"),
        ("ValidatingAdmissionPolicyBinding", "dev-logs-admission-pods-advice-binding"),
        ("ServiceAccount", "dev-logs-account"),
        ("Role", "dev-logs-reader"),
        ("RoleBinding", "dev-logs-reader-binding"),
        ("Role", "dev-logs-leader"),
        ("RoleBinding", "dev-logs-leader-binding"),
        ("ConfigMap", "dev-logs-config"),
        ("DaemonSet", "dev-logs"),
    }
    metadata = engine.named("dev-logs-namespace").inputs["metadata"]
    assert metadata["name"] == HOME
    assert metadata["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    # The level of the functions' own namespace stays what it was.
    own = engine.named("dev-namespace").inputs["metadata"]["labels"]
    assert own["pod-security.kubernetes.io/enforce"] == "restricted"


def test_roles_name_what_they_allow_where(with_sinks, engine):
    with_sinks(CENTRAL)
    reader, leader = engine.named("dev-logs-reader", "Role").inputs, engine.named("dev-logs-leader", "Role").inputs
    assert (reader["metadata"]["namespace"], leader["metadata"]["namespace"]) == ("slipway-dev", HOME)
    assert reader["rules"] == [{"apiGroups": [""], "resources": ["events", "pods"], "verbs": ["get", "list", "watch"]}]
    assert {resource for rule in leader["rules"] for resource in rule["resources"]} == {"leases"}
    assert {one.kind for one in engine.registered} & {"ClusterRole", "ClusterRoleBinding"} == set()


def test_pods_see_logs_and_their_own_state_and_nothing_else_of_a_node(with_sinks, engine):
    with_sinks(CENTRAL)
    folders = {v["name"]: v["hostPath"]["path"] for v in pod(engine)["volumes"] if "hostPath" in v}
    assert folders == {"pods": "/var/log/pods", "state": f"/var/lib/slipway/{HOME}"}
    (container,) = pod(engine)["containers"]
    read_only = {mount["name"] for mount in container["volumeMounts"] if mount.get("readOnly")}
    assert read_only == {"pods", "config"}
    for forbidden in ("hostNetwork", "hostPID", "hostIPC"):
        assert forbidden not in pod(engine)


def test_root_of_the_agent_has_no_rights_of_root(with_sinks, engine):
    with_sinks(CENTRAL)
    (container,) = pod(engine)["containers"]
    security = container["securityContext"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["allowPrivilegeEscalation"] is False
    assert security["readOnlyRootFilesystem"] is True
    assert "privileged" not in security
    assert container["image"] == IMAGE
    assert set(container["resources"]) == {"requests", "limits"}
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
    assert pod(engine)["tolerations"] == [{"operator": "Exists"}]


def test_secrets_come_out_of_the_cluster_and_stand_in_no_configuration(with_sinks, engine):
    with_sinks(CENTRAL)
    (container,) = pod(engine)["containers"]
    variable = next(one for one in container["env"] if one["name"] == "SINK_CENTRAL_AUTHORIZATION")
    assert variable["valueFrom"]["secretKeyRef"] == {"name": "loki-access", "key": "value"}
    headers = configuration(engine)["exporters"]["patient/central"]["store"]["otlphttp"]["headers"]
    assert headers == {"Authorization": "${env:SINK_CENTRAL_AUTHORIZATION}", "X-Scope-OrgID": "shop"}


def test_the_agent_talks_to_names_the_api_and_stores(with_sinks, engine):
    numbered = LogSinkArgs(name="near", kind="otlp", address="http://10.1.2.3:4318")
    inside = LogSinkArgs(name="inside", kind="otlp", address="http://collector.observability.svc.cluster.local:4318")
    with_sinks(CENTRAL, numbered, inside)
    spec = engine.named("dev-logs-network").inputs["spec"]
    assert spec["podSelector"] == {}
    ports = [[port["port"] for port in rule.get("ports", ()) if "port" in port] for rule in spec["egress"]]
    assert ports == [[53, 53], [443], [6443], [4318], []]
    assert spec["egress"][3]["to"] == [{"ipBlock": {"cidr": "10.1.2.3/32"}}]
    space = spec["egress"][4]["to"][0]["namespaceSelector"]["matchLabels"]
    assert space == {"kubernetes.io/metadata.name": "observability"}
    assert [[port["port"] for port in rule["ports"]] for rule in spec["ingress"]] == [[8888]]


def test_no_function_runs_before_its_logs_are_read(with_sinks, engine):
    with_sinks(CENTRAL)
    assert "dev-logs" in engine.named("orders", "Service").depends_on


def test_another_configuration_starts_pods_anew(with_sinks, engine):
    def mark():
        (found,) = (volume["configMap"]["name"] for volume in pod(engine)["volumes"] if "configMap" in volume)
        assert engine.named("dev-logs-config").inputs["metadata"]["name"] == found
        return found

    with_sinks(CENTRAL)
    first = mark()
    with_sinks(CENTRAL)
    assert mark() == first
    with_sinks(CENTRAL, ARCHIVE)
    assert mark() != first


def test_a_new_function_changes_nothing_where_a_sink_takes_all(with_sinks, engine):
    with_sinks(CENTRAL)
    first = configuration(engine)
    with_sinks(CENTRAL, names=("orders", "hello"))
    assert configuration(engine) == first


def test_a_sink_for_some_functions_takes_those_alone(with_sinks, engine):
    with_sinks(CENTRAL, ARCHIVE, names=("orders",), hello=("central",))
    filters = configuration(engine)["processors"]
    assert filters["filter/archive"]["logs"]["log_record"] == [
        'not IsMatch(resource.attributes["service.name"], "^(?:orders)$$")'
    ]
    assert filters["filter/central"]["logs"]["log_record"] == ["false"]


@pytest.mark.parametrize(
    ("sinks", "words"),
    [
        ([LogSinkArgs(name="a", kind="http", address="https://x")], "which the agent on Knative does not serve"),
        ([LogSinkArgs(name="a", kind="s3", create=True)], "makes its bucket, which a cluster cannot"),
        ([LogSinkArgs(name="a", kind="otlp")], "has no address"),
        (
            [ARCHIVE, LogSinkArgs(name="b", kind="s3", bucket="c", secret="loki")],
            r"different secrets \(loki, none\)",
        ),
    ],
)
def test_what_the_agent_cannot_serve_is_refused(with_sinks, sinks, words):
    with pytest.raises(InputError, match=words):
        with_sinks(*sinks)


def test_without_an_image_there_is_nothing_to_run(with_sinks):
    with pytest.raises(InputError, match="log_agent has no image"):
        with_sinks(CENTRAL, image=None)
