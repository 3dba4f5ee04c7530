"""What the cluster says about deployed functions."""

import pytest

from slipway.kube import inventory
from slipway.running.inventory import entries
from tests.unit.slipway.kube.api_server import NAMESPACE, SERVING, listed, refusal, revision, service

SERVICES = f"GET {SERVING}/namespaces/{NAMESPACE}/services"
REVISIONS = f"GET {SERVING}/namespaces/{NAMESPACE}/revisions"
LETTERS = f"GET /api/v1/namespaces/{NAMESPACE}/services/http:slipway-dead-letters:80/proxy/letters"


def deployed(*names):
    return entries({"functions": {name: {"target": "knative", "arn": f"{NAMESPACE}/{name}"} for name in names}})


def test_each_function_has_version_memory_change_canary_and_letters(kube, server):
    canary = [{"revisionName": "orders-1", "percent": 75}, {"latestRevision": True, "percent": 25, "tag": "candidate"}]
    broken = service("audit", ready="False", latest="audit-1")
    server.on(SERVICES, listed(service(traffic=canary), broken))
    server.on(REVISIONS, listed(revision("orders-2", 2), revision("orders-1", 1)))
    server.on(LETTERS, {"functions": {"orders": {"count": 3}}})
    audit, gone, orders = inventory.check(kube, deployed("orders", "audit", "gone"))
    assert (orders.version, orders.canary, orders.memory_mb) == ("orders-1", "orders-2 (25%)", 256)
    assert (orders.last_change, orders.dead_letters, orders.status) == ("2026-11-22T09:02:00Z", 3, "active")
    assert (audit.status, audit.dead_letters) == ("failed: RevisionFailed: it broke", 0)
    assert audit.last_change == "2026-11-22T08:00:00Z"
    assert gone.status == "missing"


def test_a_ready_of_the_generation_before_is_pending(kube, server):
    stale = service()
    stale["metadata"]["generation"] = 4
    server.on(SERVICES, listed(stale))
    server.on(REVISIONS, listed())
    (orders,) = inventory.check(kube, deployed("orders"))
    assert orders.status == "pending"


def test_letters_that_cannot_be_counted_do_not_hide_the_rest(kube, server):
    server.on(SERVICES, listed(service()))
    server.on(REVISIONS, listed())
    server.on(LETTERS, refusal(403, "Forbidden", "services is forbidden: User x cannot get resource"))
    (orders,) = inventory.check(kube, deployed("orders"))
    assert (orders.status, orders.dead_letters) == ("active", None)
    assert orders.reason.startswith("dead letters of dev: services is forbidden")


def test_a_cluster_that_cannot_be_asked_is_not_checked(kube, server):
    server.on(SERVICES, refusal(403, "Forbidden", "services is forbidden: User x cannot list"))
    found = inventory.check(kube, deployed("orders", "audit"))
    assert {(entry.status, entry.version) for entry in found} == {("not checked", None)}
    assert all("is forbidden" in entry.reason for entry in found)
    assert inventory.check(kube, []) == []


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("256Mi", 256), ("1Gi", 1024), ("268435456", 256), ("512M", 488), ("262144Ki", 256), ("", None), ("lots", None)],
)
def test_quantities_are_megabytes(quantity, expected):
    found = service()
    found["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] = quantity
    assert inventory._memory(found) == expected
