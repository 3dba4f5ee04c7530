"""Two hundred generated manifests: what asks for more than it may gets through neither the pack nor the cluster."""

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.judge.rule import Rule, worst
from policies.judge.values import Resource
from policies.rules import all_rules
from tests.admission import manifest
from tests.cluster import SECURE

RULES = [
    rule for rule in all_rules() if isinstance(rule, Rule) and rule.id.startswith("K") and rule.level == "mandatory"
]
CONTAINER = {
    "name": "app",
    "image": "registry.example.com/app@sha256:" + "a" * 64,
    "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}},
    "securityContext": SECURE,
}
POD = {"serviceAccountName": "app", "automountServiceAccountToken": False}

# What a container must not ask for: where, and what; None takes it away.
OF_CONTAINERS = [
    ("securityContext.runAsNonRoot", [False, None]),
    ("securityContext.runAsUser", [0]),
    ("securityContext.allowPrivilegeEscalation", [True, None]),
    ("securityContext.privileged", [True]),
    ("securityContext.readOnlyRootFilesystem", [False, None]),
    ("securityContext.capabilities", [None, {"drop": ["NET_RAW"]}, {"drop": ["ALL"], "add": ["SYS_ADMIN"]}]),
    ("securityContext.seccompProfile", [None, {"type": "Unconfined"}]),
    ("securityContext.procMount", ["Unmasked"]),
    ("securityContext.seLinuxOptions", [{"type": "spc_t"}, {"user": "system_u"}, {"role": "sysadm_r"}]),
    ("securityContext.appArmorProfile", [{"type": "Unconfined"}]),
    ("securityContext.windowsOptions", [{"hostProcess": True}]),
    ("securityContext", [None]),
    ("ports", [[{"containerPort": 8080, "hostPort": 8080}]]),
    ("resources", [None, {"limits": {"cpu": "1"}}, {"requests": {"cpu": "1", "memory": "1Gi"}}]),
    ("livenessProbe", [{"httpGet": {"host": "169.254.169.254", "port": 80}}, {"tcpSocket": {"host": "a", "port": 1}}]),
    ("lifecycle", [{"preStop": {"httpGet": {"host": "169.254.169.254", "port": 80}}}]),
]
OF_PODS = [
    *((key, [True]) for key in ("hostNetwork", "hostPID", "hostIPC", "automountServiceAccountToken")),
    ("automountServiceAccountToken", [None]),
    ("serviceAccountName", [None, "default"]),
    ("volumes", [[{"name": "x", "hostPath": {"path": path}}] for path in ("/", "/var/run", "/var/log/pods")]),
    (
        "volumes",
        [
            [{"name": "x", "nfs": {"server": "a", "path": "/"}}],
            [{"name": "x", "iscsi": {"targetPortal": "a:1", "iqn": "iqn.2001-04.com.example:a", "lun": 0}}],
        ],
    ),
    ("volumes", [[{"name": "x", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]]),
    ("securityContext", [{"runAsUser": 0}, {"seccompProfile": {"type": "Unconfined"}}]),
    (
        "securityContext",
        [{"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}, {"seLinuxOptions": {"type": "spc_t"}}],
    ),
]
HARMLESS = [
    ("securityContext.capabilities", [{"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}]),
    ("securityContext.privileged", [False]),
    ("securityContext.runAsUser", [10000, None]),
    ("ports", [[{"containerPort": 8080}]]),
    ("env", [[{"name": "LEVEL", "value": "info"}]]),
    ("resources", [{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}]),
]
KINDS = {
    "core/v1:Pod": "spec",
    "apps/v1:Deployment": "spec.template.spec",
    "apps/v1:ReplicaSet": "spec.template.spec",
    "apps/v1:DaemonSet": "spec.template.spec",
    "apps/v1:StatefulSet": "spec.template.spec",
    "batch/v1:Job": "spec.template.spec",
    "batch/v1:CronJob": "spec.jobTemplate.spec.template.spec",
    "serving.knative.dev/v1:Service": "spec.template.spec",
}


def change(value, path, new):
    """Set what lies at a path; None takes it away."""
    *above, last = path.split(".")
    for key in above:
        value = value.setdefault(key, {})
    if new is None:
        value.pop(last, None)
    else:
        value[last] = copy.deepcopy(new)


def changes(table):
    return st.sampled_from([(path, value) for path, values in table for value in values])


@st.composite
def resources(draw, *, hostile):
    kind = draw(st.sampled_from(sorted(KINDS)))
    pod = copy.deepcopy(POD) | {"containers": [copy.deepcopy(CONTAINER)]}
    if draw(st.booleans()):
        pod["initContainers"] = [copy.deepcopy(CONTAINER) | {"name": "first"}]
    containers = st.sampled_from([*pod["containers"], *pod.get("initContainers", ())])
    for path, value in draw(st.lists(changes(HARMLESS), max_size=2)):
        change(pod["containers"][0], path, value)
    if hostile:
        for in_pod in draw(st.lists(st.booleans(), min_size=1, max_size=3)):
            path, value = draw(changes(OF_PODS if in_pod else OF_CONTAINERS))
            change(pod if in_pod else draw(containers), path, value)
    if kind.startswith("batch"):
        pod["restartPolicy"] = "Never"
    props = {"metadata": {"name": "app", "namespace": "shop"}, "spec": {}}
    change(props, KINDS[kind], pod)
    if kind.startswith("apps"):
        labels = {"app": "app"}
        props["spec"]["selector"] = {"matchLabels": labels}
        props["spec"]["template"]["metadata"] = {"labels": labels}
    if kind.endswith("CronJob"):
        props["spec"]["schedule"] = "0 * * * *"
    if kind.startswith("serving"):
        props["metadata"]["labels"] = {"networking.knative.dev/visibility": "cluster-local"}
    return Resource(urn="urn", type=f"kubernetes:{kind}", name="app", props=props)


def verdict(resource):
    return worst(rule.check(resource) for rule in RULES if resource.type in rule.types)


SETTINGS = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(SETTINGS, max_examples=200)
@given(resource=resources(hostile=True))
def test_what_is_hostile_gets_through_nothing(gate, resource):
    assert verdict(resource).outcome == "fail"
    assert not gate.ask(manifest(resource, gate.namespace)).admitted


@settings(SETTINGS, max_examples=50)
@given(resource=resources(hostile=False))
def test_what_is_harmless_gets_through_both(gate, resource):
    if resource.type.endswith("Service") and "initContainers" in resource.get("spec.template.spec"):
        return  # Knative takes them only where its operators allowed it
    assert verdict(resource).outcome == "pass"
    said = gate.ask(manifest(resource, gate.namespace))
    assert said.admitted, said.message


@pytest.mark.parametrize("path", [path for path, _ in (*OF_CONTAINERS, *OF_PODS)])
def test_everything_hostile_is_hostile_alone(path):
    """Else a generated manifest would be refused for something beside it, and nobody would notice."""
    for table, where in ((OF_CONTAINERS, "containers"), (OF_PODS, "")):
        for found, values in table:
            for value in values if found == path else ():
                pod = copy.deepcopy(POD) | {"containers": [copy.deepcopy(CONTAINER)]}
                change(pod["containers"][0] if where else pod, path, value)
                props = {"metadata": {"name": "app", "namespace": "shop"}, "spec": pod}
                alone = Resource(urn="urn", type="kubernetes:core/v1:Pod", name="app", props=props)
                assert verdict(alone).outcome == "fail", value
