"""Each control of the table holds for every object that an environment with everything makes on Knative."""

import re

import pytest

AGENT = "slipway-dev-logs"
EXCEPTIONS = {
    ("K1", AGENT): "files of logs on the node belong to root",
    ("K6", AGENT): "it asks the API server what pods are called, and watches events",
    ("K10", AGENT): "files of logs on the node belong to root",
    ("K11", AGENT): "logs lie in a folder of the node, which the level restricted shows to nobody",
}
"""Controls that the namespace of the log agent, in which nothing else runs, does not meet, and why."""

_IMAGE = re.compile(r"registry\.example\.com/[a-z/-]+@sha256:[0-9a-f]{64}")
_ALLOWED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def pods(objects):
    """Namespace and spec of everything that pods are made from."""
    for found in objects:
        template = (found.get("spec") or {}).get("template") or {}
        if "containers" in template.get("spec", {}):
            yield found["metadata"]["namespace"], template["spec"]


def containers(spec):
    return [*spec["containers"], *spec.get("initContainers", ())]


def of_kind(objects, *kinds):
    return [found for found in objects if found["kind"] in kinds]


def k1(spec):
    return all(
        c["securityContext"]["runAsNonRoot"] is True and c["securityContext"]["runAsUser"] != 0
        for c in containers(spec)
    )


def k2(spec):
    securities = [c["securityContext"] for c in containers(spec)]
    return all(s["allowPrivilegeEscalation"] is False and not s.get("privileged") for s in securities)


def k3(spec):
    return all(c["securityContext"]["capabilities"] == {"drop": ["ALL"]} for c in containers(spec))


def k4(spec):
    return all(c["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"} for c in containers(spec))


def k5(spec):
    return all(c["securityContext"]["readOnlyRootFilesystem"] is True for c in containers(spec))


def k6(spec):
    own = spec.get("serviceAccountName") not in {None, "default"}
    return own and spec.get("automountServiceAccountToken") is False


def k7(spec):
    return all(
        set(c["resources"]["requests"]) == set(c["resources"]["limits"]) == {"cpu", "memory"} for c in containers(spec)
    )


def k8(spec):
    return all(_IMAGE.fullmatch(c["image"]) for c in containers(spec))


def k10(spec):
    return all(c["securityContext"]["runAsUser"] >= 10000 for c in containers(spec))


def k11(spec):
    on_node = {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    ports = [p for c in containers(spec) for p in c.get("ports", ()) if "hostPort" in p]
    volumes = {kind for volume in spec.get("volumes", ()) for kind in set(volume) - {"name"}}
    return not on_node and not ports and volumes <= _ALLOWED_VOLUMES


@pytest.mark.parametrize("control", [k1, k2, k3, k4, k5, k6, k7, k8, k10, k11], ids=lambda c: c.__name__.upper())
def test_pods(everything, control):
    rule = control.__name__.upper()
    found = {(namespace, control(spec)) for namespace, spec in pods(everything)}
    assert len(list(pods(everything))) == 7, "five functions, dead letters, the log agent"
    # An exception that is none any more is taken off the list.
    assert found == {("slipway-dev", True), (AGENT, (rule, AGENT) not in EXCEPTIONS)}


def test_no_pod_gets_a_token_by_a_volume_either(everything):
    kinds = {kind for _, spec in pods(everything) for volume in spec["volumes"] for kind in volume}
    assert "projected" not in kinds


def test_accounts_have_no_token_of_their_own_accord(everything):
    accounts = [one for one in of_kind(everything, "ServiceAccount") if one["metadata"]["namespace"] != AGENT]
    assert len(accounts) == 6
    assert all(one["automountServiceAccountToken"] is False for one in accounts)


def test_k11_namespaces(everything):
    levels = {
        one["metadata"]["name"]: one["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for one in of_kind(everything, "Namespace")
    }
    assert levels == {"slipway-dev": "restricted", AGENT: "privileged"}
    assert "default" not in {one["metadata"].get("namespace") for one in everything}


def test_k12_nothing_goes_in_or_out_by_default(everything):
    denied = {
        policy["metadata"]["namespace"]
        for policy in of_kind(everything, "NetworkPolicy")
        if policy["spec"]["podSelector"] == {} and policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    }
    assert denied == {"slipway-dev", AGENT}
    for kind in ("ResourceQuota", "LimitRange"):
        assert {one["metadata"]["namespace"] for one in of_kind(everything, kind)} == {"slipway-dev", AGENT}


def test_k12_no_function_reaches_metadata_or_everything(everything):
    rules = [
        rule
        for policy in of_kind(everything, "NetworkPolicy")
        if policy["metadata"]["namespace"] != AGENT
        for rule in policy["spec"].get("egress", ())
    ]
    assert len(rules) == 6, "names, the issuer, a queue, a bucket, a service; letters that are sent again"
    for rule in rules:
        assert rule["ports"]
        for peer in rule["to"]:
            if "ipBlock" in peer and peer["ipBlock"]["cidr"] == "0.0.0.0/0":
                assert "169.254.0.0/16" in peer["ipBlock"]["except"]
            if "ipBlock" in peer and peer["ipBlock"]["cidr"] == "::/0":
                assert "fc00::/7" in peer["ipBlock"]["except"]
            # A peer without a namespace would be every pod of the environment.
            assert "ipBlock" in peer or peer["namespaceSelector"]["matchLabels"]


def test_k12_no_function_reaches_the_api_server_or_another_function(everything):
    peers = {
        (policy["metadata"]["name"], peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])
        for policy in of_kind(everything, "NetworkPolicy")
        if policy["metadata"]["namespace"] != AGENT
        for rule in policy["spec"].get("egress", ())
        for peer in rule["to"]
        if "namespaceSelector" in peer
    }
    assert peers == {
        ("slipway-dns", "kube-system"),
        ("function-inside", "knative-eventing"),
        ("function-inside", "kourier-system"),
        ("function-inside", "shop"),
        ("slipway-dead-letters", "kourier-system"),
    }


def test_k13_roles_name_what_they_allow(everything):
    roles = of_kind(everything, "Role")
    assert len(roles) == 5, "developers, deployers, previewers; the log agent reads, and agrees who leads"
    for role in roles:
        for rule in role["rules"]:
            words = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
            assert not words & {"*", "bind", "escalate", "impersonate", "secrets", "pods/exec", "pods/portforward"}
    for binding in of_kind(everything, "RoleBinding"):
        assert binding["roleRef"]["kind"] == "Role"
        assert not [one for one in binding["subjects"] if one["name"].startswith("system:")]


def test_k14_only_functions_that_say_so_are_public(everything):
    marks = {
        one["metadata"]["name"]: (
            one["metadata"]["labels"].get("networking.knative.dev/visibility"),
            one["metadata"]["annotations"].get("slipway.io/public"),
        )
        for one in of_kind(everything, "Service")
        if one["apiVersion"] == "serving.knative.dev/v1"
    }
    assert marks.pop("web") == (None, "true")
    assert set(marks.values()) == {("cluster-local", None)}


def test_everything_says_whose_it_is(everything):
    for one in everything:
        labels = one["metadata"]["labels"]
        assert labels["slipway.io/environment"] == "dev"
        assert labels["tags.slipway.io/cost-center"] == "4711"
    services = [one for one in everything if one["apiVersion"] == "serving.knative.dev/v1"]
    assert {one["metadata"]["labels"]["slipway.io/owner"] for one in services} == {"team-payments"}
    assert {one["metadata"]["labels"]["slipway.io/commit"] for one in services} == {"abc123"}
