"""What runs in the embedded cluster does what Slipway relies on: calls, traffic, events, policies, volumes, mending."""

import json
import uuid

import pytest

from tests.cluster import SECURE
from toolchain.embedded_cluster import lifecycle, network
from toolchain.embedded_cluster.context import State
from toolchain.progress import Reporter

SLEEP = "import time; time.sleep(3600)"


def send(address, *, kind="com.example.order.paid", number="1"):
    """Script that sends one event and prints the status."""
    return f"""
import urllib.request
headers = {{"content-type": "application/json", "ce-id": "{number}", "ce-type": "{kind}", "ce-source": "/test",
           "ce-specversion": "1.0"}}
request = urllib.request.Request("{address}", data=b'{{"order": 7}}', headers=headers, method="POST")
print(urllib.request.urlopen(request, timeout=30).status)
"""


def test_all_parts_of_the_content_are_fine(cluster):
    parts = {part.name: part for part in lifecycle.status(cluster.config).parts}

    for name in ("coredns", "network-policies", "knative-serving", "kourier", "knative-eventing"):
        assert parts[name].state is State.OK, parts[name].detail


def test_function_answers_at_the_entry_and_again_from_zero(cluster, namespace, function):
    brief = {
        "autoscaling.knative.dev/window": "6s",
        "autoscaling.knative.dev/scale-to-zero-pod-retention-period": "0s",
    }
    function("hello", VERSION="1", annotations=brief)

    assert cluster.call("hello", namespace, "/a").json() == {"version": "1", "path": "/a"}

    pods = "-l=serving.knative.dev/service=hello"
    cluster.kubectl("wait", "pods", "-n", namespace, pods, "--for=delete", "--timeout=240s")
    assert cluster.get("pods", "-n", namespace, pods)["items"] == []
    assert cluster.call("hello", namespace, "/b").json() == {"version": "1", "path": "/b"}


def test_function_is_for_the_cluster_alone_when_it_says_so(cluster, namespace, function):
    function("inner", labels={"networking.knative.dev/visibility": "cluster-local"}, VERSION="1")
    cluster.run_pod("probe", namespace, cluster.base(), SLEEP)

    inside = cluster.python(
        "probe",
        namespace,
        f"import urllib.request as u; print(u.urlopen('http://inner.{namespace}.svc.cluster.local/x').read().decode())",
    )

    assert json.loads(inside) == {"version": "1", "path": "/x"}
    assert cluster.call("inner", namespace).status_code == 404


def test_traffic_is_split_between_named_revisions(cluster, namespace, function):
    keep = {"autoscaling.knative.dev/min-scale": "1"}
    function("shop", VERSION="1", revision="shop-one", annotations=keep)
    split = [
        {"revisionName": "shop-one", "percent": 50},
        {"latestRevision": True, "percent": 50, "tag": "candidate"},
    ]
    function("shop", VERSION="2", revision="shop-two", traffic=split, annotations=keep)

    versions = [cluster.call("shop", namespace).json()["version"] for _ in range(40)]

    assert set(versions) == {"1", "2"}
    assert cluster.call("candidate-shop", namespace).json()["version"] == "2"
    back = json.dumps({"spec": {"traffic": [{"revisionName": "shop-one", "percent": 100}]}})
    cluster.kubectl("patch", "ksvc", "shop", "-n", namespace, "--type=merge", "-p", back)
    cluster.wait("ksvc/shop", namespace)
    status = cluster.get("ksvc", "shop", "-n", namespace)["status"]["traffic"]
    assert [(one["revisionName"], one["percent"]) for one in status] == [("shop-one", 100)]


def test_function_that_ends_at_once_says_what_it_said(cluster, namespace, function):
    function("broken", image=cluster.base(), wait=False, STATUS="not a number")
    cluster.kubectl("patch", "ksvc", "broken", "-n", namespace, "--type=json", "-p", json.dumps([
        {"op": "add", "path": "/spec/template/spec/containers/0/command", "value": ["/bin/sh", "-c", "echo no config; exit 3"]},
    ]))  # fmt: skip
    cluster.kubectl("wait", "ksvc/broken", "-n", namespace, "--for=condition=Ready=false", "--timeout=180s")

    said = cluster.get("revisions", "-n", namespace, "-l=serving.knative.dev/service=broken")["items"]
    messages = [c.get("message", "") for one in said for c in one["status"]["conditions"]]

    assert any("no config" in message for message in messages)


def test_event_goes_from_broker_through_trigger_to_function(cluster, namespace, function, got):
    function("paid", annotations={"autoscaling.knative.dev/min-scale": "1"})
    cluster.run_pod("probe", namespace, cluster.base(), SLEEP)
    subscriber = {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "paid"}}
    cluster.apply(
        {
            "apiVersion": "eventing.knative.dev/v1",
            "kind": "Broker",
            "metadata": {"name": "default", "namespace": namespace},
        },
        {
            "apiVersion": "eventing.knative.dev/v1",
            "kind": "Trigger",
            "metadata": {"name": "paid", "namespace": namespace},
            "spec": {
                "broker": "default",
                "filter": {"attributes": {"type": "com.example.order.paid"}},
                "subscriber": subscriber,
            },
        },
    )
    cluster.wait("trigger/paid", namespace)
    broker = f"http://broker-ingress.knative-eventing.svc.cluster.local/{namespace}/default"

    assert cluster.python("probe", namespace, send(broker, kind="com.example.other", number="0")).strip() == "202"
    assert cluster.python("probe", namespace, send(broker, number="1")).strip() == "202"

    events = [one for one in got("paid", 1) if "ce-id" in one["headers"]]
    assert {one["headers"]["ce-id"] for one in events} == {"1"}
    assert events[0]["headers"]["ce-type"] == "com.example.order.paid"
    assert json.loads(events[0]["body"]) == {"order": 7}


def test_schedule_with_a_time_zone_is_taken(cluster, namespace, function):
    function("nightly")
    sink = {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "nightly"}}
    cluster.apply(
        {
            "apiVersion": "sources.knative.dev/v1",
            "kind": "PingSource",
            "metadata": {"name": "nightly", "namespace": namespace},
            "spec": {"schedule": "0 3 * * *", "timezone": "Europe/Berlin", "sink": sink},
        }
    )

    cluster.wait("pingsource/nightly", namespace)
    cluster.wait("deployment/pingsource-mt-adapter", "knative-eventing", "condition=Available")


def test_event_that_a_function_refuses_ends_as_a_dead_letter(cluster, namespace, function, got):
    function("refuses", annotations={"autoscaling.knative.dev/min-scale": "1"}, STATUS="503")
    from tests.integration.embedded_cluster.conftest import ECHO

    cluster.run_pod("letters", namespace, cluster.base(), ECHO)
    address = f"http://letters.{namespace}.svc.cluster.local/refuses"
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "letters", "namespace": namespace},
            "spec": {"selector": {"app": "letters"}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
        {
            "apiVersion": "messaging.knative.dev/v1",
            "kind": "Channel",
            "metadata": {"name": "orders", "namespace": namespace},
        },
        {
            "apiVersion": "messaging.knative.dev/v1",
            "kind": "Subscription",
            "metadata": {"name": "orders", "namespace": namespace},
            "spec": {
                "channel": {"apiVersion": "messaging.knative.dev/v1", "kind": "Channel", "name": "orders"},
                "subscriber": {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "refuses"}},
                "delivery": {
                    "retry": 2,
                    "backoffPolicy": "exponential",
                    "backoffDelay": "PT0.2S",
                    "deadLetterSink": {"uri": address},
                },
            },
        },
    )
    cluster.wait("subscription/orders", namespace)
    cluster.python("letters", namespace, send(f"http://orders-kn-channel.{namespace}.svc.cluster.local/", number="9"))

    (letter,) = got("letters", 1, pod="letters")

    assert letter["path"] == "/refuses"
    assert (letter["headers"]["ce-id"], letter["headers"]["ce-knativeerrorcode"]) == ("9", "503")
    assert json.loads(letter["body"]) == {"order": 7}
    tries = [one["headers"]["ce-id"] for one in got("refuses", 3, pod="letters")]
    assert tries == ["9", "9", "9"]


def test_policies_are_enforced(cluster, namespace):
    cluster.run_pod(
        "server", namespace, cluster.base(), "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=8080)"
    )
    cluster.run_pod("client", namespace, cluster.base(), SLEEP)
    address = cluster.get("pod", "server", "-n", namespace)["status"]["podIP"]
    script = f"""
import socket
def reach(host, port):
    try:
        socket.create_connection((host, port), 5).close()
    except OSError as error:
        return "closed"
    return "open"
api = ("kubernetes.default.svc.cluster.local", 443), ("{network.NODE_IP}", {network.API_PORT})
print(reach("{address}", 8080), *(reach(*one) for one in api), reach("kube-dns.kube-system.svc.cluster.local", 53))
"""
    assert cluster.python("client", namespace, script).split() == ["open", "open", "open", "open"]
    dns = {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ],
        "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
    }
    policy = {"podSelector": {"matchLabels": {"app": "client"}}, "policyTypes": ["Egress"], "egress": [dns]}
    cluster.apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "only-dns", "namespace": namespace},
            "spec": policy,
        }
    )

    assert cluster.python("client", namespace, script).split() == ["closed", "closed", "closed", "open"]


def test_root_is_refused_in_a_restricted_namespace(cluster, namespace):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root", "namespace": namespace},
        "spec": {"containers": [{"name": "main", "image": cluster.base(), "securityContext": {"runAsUser": 0}}]},
    }

    with pytest.raises(AssertionError, match=r'violates PodSecurity "restricted'):
        cluster.apply(pod)


def test_volume_keeps_data_of_any_user(cluster, namespace):
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "standard",
    }
    place = {"name": "letters", "namespace": namespace}
    cluster.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": place, "spec": claim})

    def run(name, script):
        container = {
            "name": "main",
            "image": cluster.base(),
            "command": ["/usr/bin/python3", "-c", script],
            "securityContext": SECURE,
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        }
        spec = {
            "restartPolicy": "Never",
            "containers": [container],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "letters"}}],
        }
        cluster.apply(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}
        )
        cluster.wait(f"pod/{name}", namespace, "jsonpath={.status.phase}=Succeeded")

    run("writer", "open('/data/letter', 'w').write('kept')")
    run("reader", "assert open('/data/letter').read() == 'kept'")


def own(cluster):
    if not cluster.own:
        pytest.skip("breaks and mends the cluster: only on one that these tests started")


def test_second_up_applies_nothing(cluster):
    own(cluster)
    before = cluster.get("configmap", "slipway-content", "-n", "kube-system")["metadata"]["resourceVersion"]
    said = []
    reporter = Reporter()
    reporter.say = said.append

    lifecycle.up(cluster.config, reporter)

    after = cluster.get("configmap", "slipway-content", "-n", "kube-system")["metadata"]["resourceVersion"]
    assert (after, said) == (before, [])


@pytest.mark.timeout(600)
def test_up_brings_back_what_is_gone_while_webhooks_are_down(cluster):
    own(cluster)
    cluster.kubectl("delete", "deployment", "webhook", "controller", "-n", "knative-serving")
    cluster.kubectl("delete", "deployment", "3scale-kourier-gateway", "-n", "kourier-system")
    cluster.kubectl("delete", "pods", "-n", "knative-eventing", "--all", "--wait=false")

    lifecycle.up(cluster.config, Reporter())

    assert lifecycle.status(cluster.config).healthy
    probe = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": f"probe-{uuid.uuid4().hex[:6]}", "namespace": "default"},
        "spec": {"template": {"spec": {"containers": [{"image": cluster.base()}]}}},
    }
    cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(probe))


def test_volume_given_back_is_free_and_empty_after_the_next_up(cluster, namespace):
    own(cluster)
    test_volume_keeps_data_of_any_user(cluster, namespace)
    (bound,) = [
        volume
        for volume in cluster.get("persistentvolumes")["items"]
        if volume["spec"].get("claimRef", {}).get("namespace") == namespace
    ]
    name = bound["metadata"]["name"]
    cluster.kubectl("delete", "pods", "--all", "-n", namespace)
    cluster.kubectl("delete", "persistentvolumeclaim", "letters", "-n", namespace)
    cluster.kubectl("wait", f"persistentvolume/{name}", "--for=jsonpath={.status.phase}=Released", "--timeout=60s")

    lifecycle.up(cluster.config, Reporter())

    cluster.kubectl("wait", f"persistentvolume/{name}", "--for=jsonpath={.status.phase}=Available", "--timeout=60s")
    assert list((cluster.config.data / "volumes" / name).iterdir()) == []
