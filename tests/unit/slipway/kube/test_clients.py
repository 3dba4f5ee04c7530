"""The real client of the library against answers as the API server gives them."""

import dataclasses
import ssl

import pytest

from slipway.core.errors import EngineError
from slipway.core.settings import Settings
from slipway.kube import clients
from slipway.kube.clients import ConflictError, Kube
from tests.unit.slipway.kube.api_server import NAMESPACE, listed, refusal

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


def test_an_object_is_found_by_kind_and_name_with_the_users_token(kube, server):
    server.on(f"GET {PODS}/a", {"kind": "Pod", "metadata": {"name": "a"}})
    assert kube.find("v1", "Pod", "a", namespace=NAMESPACE)["metadata"]["name"] == "a"
    assert server.seen[-1].headers["authorization"] == "Bearer hush"
    assert kube.find("v1", "Pod", "b", namespace=NAMESPACE) is None
    assert kube.find("v1", "Nonsense", "b") is None
    assert kube.find("nobody.example.com/v1", "Thing", "b") is None


def test_what_is_in_no_namespace_has_no_namespace_in_its_path(kube, server):
    server.on("GET /api/v1/namespaces/x", {"metadata": {"name": "x"}})
    assert kube.find("v1", "Namespace", "x", namespace="ignored") is not None


def test_kinds_are_asked_for_once(kube, server):
    kube.find("v1", "Pod", "a", namespace=NAMESPACE)
    kube.find("v1", "Pod", "b", namespace=NAMESPACE)
    assert [seen.path for seen in server.seen].count("/api/v1") == 1
    assert kube.serves("serving.knative.dev/v1")
    assert not kube.serves("eventing.knative.dev/v1")


def test_all_pages_of_a_list_are_read(kube, server):
    first = {**listed({"metadata": {"name": "a"}}), "metadata": {"continue": "more"}}
    server.on(f"GET {PODS}", first, listed({"metadata": {"name": "b"}}))
    found = kube.list("v1", "Pod", namespace=NAMESPACE, labels={"a": "b"}, fields={"c": "d"})
    assert [one["metadata"]["name"] for one in found] == ["a", "b"]
    assert server.seen[-1].query["continue"] == "more"
    assert (server.seen[-1].query["labelSelector"], server.seen[-1].query["fieldSelector"]) == ("a=b", "c=d")


def test_a_busy_server_is_asked_again(kube, server, monkeypatch):
    monkeypatch.setattr(clients, "_RETRY", clients._RETRY.new(backoff_factor=0))
    server.on(f"GET {PODS}/a", refusal(503, "ServiceUnavailable", "apiserver not ready"), {"metadata": {"name": "a"}})
    assert kube.get(f"{PODS}/a", who="a") is not None


def test_a_refusal_says_who_what_and_what_to_do(kube, server):
    text = 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "slipway-dev"'
    server.on(f"GET {PODS}", refusal(403, "Forbidden", text))
    with pytest.raises(
        EngineError, match=r"^orders: pods is forbidden: User \"jane\".* \(403\); .*what to do: have the"
    ):
        kube.get(PODS, who="orders")
    server.on(f"GET {PODS}", refusal(401, "Unauthorized", "Unauthorized"))
    with pytest.raises(EngineError, match="the cluster does not know these credentials"):
        kube.get(PODS, who="orders")


def test_a_patch_is_a_merge_patch_sent_once(kube, server):
    server.on(f"PATCH {PODS}/a", {"metadata": {}})
    kube.patch(f"{PODS}/a", {"spec": {"x": None}}, who="a")
    (seen,) = server.requests("PATCH")
    assert seen.headers["content-type"] == "application/merge-patch+json"
    assert seen.query == {"fieldManager": "slipway"}
    assert seen.json == {"spec": {"x": None}}
    server.on(f"PATCH {PODS}/a", refusal(503, "ServiceUnavailable", "busy"))
    with pytest.raises(EngineError, match="busy"):
        kube.patch(f"{PODS}/a", {}, who="a")
    assert len(server.requests("PATCH")) == 2


def test_a_change_by_somebody_else_is_told_apart(kube, server):
    text = 'Operation cannot be fulfilled on services "a": the object has been modified'
    server.on(f"PATCH {PODS}/a", refusal(409, "Conflict", text))
    with pytest.raises(ConflictError, match="the object has been modified"):
        kube.patch(f"{PODS}/a", {}, who="a")


def test_a_cluster_that_is_down_is_told_without_the_client_library_in_the_message(kube, server, monkeypatch):
    monkeypatch.setattr(clients, "_RETRY", clients._RETRY.new(backoff_factor=0))
    server.shutdown()
    server.server_close()
    with pytest.raises(EngineError, match=r"^orders: .*Connection refused") as caught:
        kube.get(PODS, who="orders")
    assert "object at 0x" not in str(caught.value)
    assert "Max retries" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (
            "HTTPSConnectionPool(host='127.0.0.1', port=4612): Max retries exceeded (Caused by NewConnectionError(...))",
            "the embedded cluster is not running",
        ),
        (
            "HTTPSConnectionPool(host='k8s.example.com'): Max retries exceeded (Caused by SSLError(certificate verify failed))",
            "the cluster's certificate is not the one that the kubeconfig trusts",
        ),
        (
            "HTTPSConnectionPool(host='k8s.example.com', port=6443): Read timed out. (read timeout=60)",
            "does not answer",
        ),
    ],
)
def test_failures_of_the_connection_have_their_advice(text, advice):
    with pytest.raises(EngineError, match=f"^orders: .*{advice}"), clients.readable_errors("dev", "orders"):
        raise ssl.SSLError(text)


def test_a_context_that_is_not_there_is_named(kube):
    wrong = dataclasses.replace(kube, context="team-dev")
    with pytest.raises(EngineError, match=r"dev: context 'team-dev' of .* cannot be used .*get-contexts"):
        wrong.get(PODS, who="x")


def test_an_embedded_cluster_that_never_ran_has_no_kubeconfig(kube, tmp_path):
    with pytest.raises(EngineError, match="the embedded cluster is not running; what to do: run `slipway cluster up`"):
        dataclasses.replace(kube, kubeconfig=tmp_path / "none").get(PODS, who="x")


def test_a_cluster_comes_from_the_settings(tmp_path):
    settings = Settings.model_validate({"target": "knative"}).named("dev")
    kube = Kube.of(settings, tmp_path / "kubeconfig")
    assert (kube.namespace, kube.context, kube.kubeconfig) == ("slipway-dev", "slipway", tmp_path / "kubeconfig")
    assert kube.entry == "http://127.0.0.1:4613"
    other = Settings.model_validate({"target": "knative", "kubeContext": "team", "domain": "x.example.com"})
    kube = Kube.of(other.named("dev"), tmp_path / "kubeconfig")
    assert (kube.context, kube.kubeconfig, kube.entry) == ("team", None, None)
    aws = {"target": "lambda", "aws": {"account": "123456789012", "region": "eu-central-1"}}
    with pytest.raises(EngineError, match="prod: has no cluster"):
        Kube.of(Settings.model_validate(aws).named("prod"))
