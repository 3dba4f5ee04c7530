"""Calls by the entry, and by way of the API server: which address, which host, what is made of the answer."""

import dataclasses
import json

import pytest

from slipway.core.errors import BadInputError, EngineError
from slipway.kube.invoke import invoke, unchecked
from slipway.running.calls import BusEvent, Call, Request
from tests.unit.slipway.kube.api_server import NAMESPACE, SERVING, refusal, service

SERVICE = f"GET {SERVING}/namespaces/{NAMESPACE}/services/orders"
INGRESS = f"GET /apis/networking.internal.knative.dev/v1alpha1/namespaces/{NAMESPACE}/ingresses/orders"
PROXY = "/api/v1/namespaces/kourier-system/services/http:kourier-internal:80/proxy"
PUBLIC = f"http://orders.{NAMESPACE}.localhost"
LOCAL = f"orders.{NAMESPACE}.svc.cluster.local"
EVENT = Call(what=BusEvent(type="order.paid", source="shop", data={"n": 1}))


@pytest.fixture
def local(server):
    """A cluster-local function behind the gateway that its Ingress names."""
    server.on(SERVICE, service())
    internal = {"domainInternal": "kourier-internal.kourier-system.svc.cluster.local"}
    server.on(INGRESS, {"status": {"privateLoadBalancer": {"ingress": [internal]}}})
    return server


def test_a_public_function_is_called_by_the_entry_under_its_own_host(kube, server):
    server.on(SERVICE, service(url=PUBLIC))
    server.on("POST /orders", (201, {"id": 7}))
    kube = dataclasses.replace(kube, entry=server.url)
    request = Request(method="POST", path="/orders", query=(("x", "1"),), headers={"a": "b"}, body=b"{}")
    answer = invoke(kube, "orders", Call(what=request))
    (seen,) = server.requests("POST")
    assert (seen.headers["host"], seen.headers["a"], seen.query, seen.body) == (
        f"orders.{NAMESPACE}.localhost",
        "b",
        {"x": "1"},
        b"{}",
    )
    assert "authorization" not in seen.headers
    assert (answer.status, json.loads(answer.body), answer.version, answer.error) == (201, {"id": 7}, "orders-2", None)


def test_without_an_entry_of_its_own_the_address_is_the_functions(kube, server):
    """The cluster does not know which scheme and port are in front of it."""
    server.on(SERVICE, service(url="https://127.0.0.1"))
    server.on("GET /hello", "hi")
    kube = dataclasses.replace(kube, scheme="http", port=server.server_port)
    answer = invoke(kube, "orders", Call(what=Request(path="/hello")))
    assert (answer.status, answer.body) == (200, "hi")


def test_a_cluster_local_function_is_called_through_the_api_server(kube, local):
    local.on(f"GET {PROXY}/orders/a%20b", (404, "no such order"))
    answer = invoke(kube, "orders", Call(what=Request(path="/orders/a%20b", query=(("x", "ü"),))))
    assert (answer.status, answer.body, answer.error) == (404, "no such order", None)
    assert local.seen[-1].headers["host"] == LOCAL
    assert local.seen[-1].query == {"x": "ü"}


def test_an_event_goes_to_the_local_host_also_of_a_public_function(kube, local):
    local.on(SERVICE, service(url=PUBLIC))
    local.on(f"POST {PROXY}/", (204, ""))
    answer = invoke(kube, "orders", EVENT)
    assert (answer.status, answer.body, answer.error) == (204, None, None)
    (seen,) = local.requests("POST")
    assert (seen.headers["host"], seen.headers["ce-type"], seen.json) == (LOCAL, "order.paid", {"n": 1})


def test_an_event_that_is_not_taken_is_a_failure(kube, local):
    local.on(f"POST {PROXY}/", (500, "Internal Server Error"))
    answer = invoke(kube, "orders", EVENT)
    assert (answer.error, answer.ok) == ("answered 500: Internal Server Error", False)


def test_a_call_is_never_repeated(kube, local):
    local.on(f"POST {PROXY}/", (503, "try later"))
    assert invoke(kube, "orders", EVENT).status == 503
    assert len(local.requests("POST")) == 1


def test_the_candidate_has_hosts_of_its_own(kube, local):
    traffic = [
        {"revisionName": "orders-1", "percent": 90},
        {"latestRevision": True, "percent": 10, "tag": "candidate"},
    ]
    shown = [
        {"revisionName": "orders-1", "percent": 90},
        {
            "revisionName": "orders-2",
            "percent": 10,
            "tag": "candidate",
            "url": f"http://candidate-orders.{NAMESPACE}.localhost",
        },
    ]
    local.on(SERVICE, service(traffic=traffic, shown=shown))
    local.on(f"POST {PROXY}/", (204, ""))
    assert invoke(kube, "orders", EVENT, candidate=True).version == "orders-2"
    assert local.seen[-1].headers["host"] == f"candidate-{LOCAL}"
    local.on(SERVICE, service(traffic=traffic, shown=shown, url=PUBLIC))
    local.on("GET /hello", "new")
    answer = invoke(
        dataclasses.replace(kube, entry=local.url), "orders", Call(what=Request(path="/hello")), candidate=True
    )
    assert (answer.body, local.seen[-1].headers["host"]) == ("new", f"candidate-orders.{NAMESPACE}.localhost")
    # Which of the two answered an ordinary call cannot be told.
    assert invoke(dataclasses.replace(kube, entry=local.url), "orders", Call(what=Request(path="/hello"))).version == ""


def test_what_the_api_server_itself_refuses_is_no_answer_of_the_function(kube, local):
    local.on(f"POST {PROXY}/", refusal(503, "ServiceUnavailable", "no endpoints available for service"))
    with pytest.raises(
        EngineError, match=r"^orders: no endpoints available for service \(503\); .*what to do: look at its pods"
    ):
        invoke(kube, "orders", EVENT)
    text = 'services "http:kourier-internal:80" is forbidden: User "jane" cannot create resource "services/proxy"'
    local.on(f"POST {PROXY}/", refusal(403, "Forbidden", text))
    with pytest.raises(EngineError, match="what to do: have the verb and the resource named above allowed"):
        invoke(kube, "orders", EVENT)


def test_json_of_the_function_is_its_answer_whatever_its_status(kube, local):
    local.on(f"GET {PROXY}/orders", (500, {"kind": "Order", "error": "x"}))
    assert invoke(kube, "orders", Call(what=Request(path="/orders"))).status == 500


def test_a_function_that_is_not_there_or_not_reachable_yet_says_what_to_do(kube, server):
    with pytest.raises(EngineError, match=r"orders: there is no Knative Service slipway-dev/orders; what to do: run"):
        invoke(kube, "orders", EVENT)
    server.on(SERVICE, service())
    server.on(INGRESS, {"status": {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "Uninitialized"}]}})
    with pytest.raises(EngineError, match=r"orders: Knative has not made a way to it yet \(Uninitialized\)"):
        invoke(kube, "orders", EVENT)


def test_authorization_does_not_reach_a_cluster_local_function(kube, local):
    with pytest.raises(BadInputError, match="Authorization cannot be sent to a cluster-local function"):
        invoke(kube, "orders", Call(what=Request(headers={"Authorization": "Bearer x"})))


def test_a_route_that_wants_a_token_was_not_checked_when_it_answers_401(kube, server):
    server.on(SERVICE, service(url=server.url))
    server.on("GET /hello", (401, "no"))
    call = Call(what=Request(path="/hello"), auth="token")
    answer = invoke(kube, "orders", call)
    assert unchecked(call, answer) is not None
    assert unchecked(dataclasses.replace(call, auth="none"), answer) is None
    assert unchecked(call, dataclasses.replace(answer, status=500)) is None


def test_an_entry_that_does_not_answer_is_told(kube, server):
    server.on(SERVICE, service(url=PUBLIC))
    down = dataclasses.replace(kube, entry="http://127.0.0.1:9")
    with pytest.raises(
        EngineError,
        match=r"^orders: http://127\.0\.0\.1:9 does not answer: .*refused; what to do: .*`slipway cluster up`",
    ):
        invoke(down, "orders", Call(what=Request()))
