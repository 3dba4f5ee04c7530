"""Traffic of Services as releases, and how it is moved."""

import pytest

from slipway.core.errors import EngineError
from slipway.kube import releases
from slipway.running.releases import Move, Version
from tests.unit.slipway.kube.api_server import NAMESPACE, SERVING, listed, refusal, revision, service

PATH = f"{SERVING}/namespaces/{NAMESPACE}/services/orders"
REVISIONS = f"{SERVING}/namespaces/{NAMESPACE}/revisions"
CANARY = [
    {"revisionName": "orders-1", "percent": 90},
    {"latestRevision": True, "percent": 10, "tag": "candidate"},
]


@pytest.fixture
def revisions(server):
    broken = revision("orders-3", 3, ready="False")
    server.on(f"GET {REVISIONS}", listed(broken, revision("orders-2", 2), revision("orders-1", 1)))
    return server


def test_without_a_rollout_the_latest_revision_has_all_calls(kube, revisions):
    revisions.on(f"GET {PATH}", service())
    release = releases.read(kube, "orders")
    assert (release.stable, release.candidate, release.percent, release.latest) == ("orders-2", None, 0, "orders-2")
    assert [(v.name, v.identity) for v in release.versions] == [
        ("orders-1", "hash1"),
        ("orders-2", "hash2"),
        ("orders-3", "hash3"),
    ]
    assert release.version("orders-3").problem == "it is not ready: ContainerMissing"
    assert release.version("orders-1").problem is None


def test_a_canary_has_a_stable_revision_and_a_candidate(kube, revisions):
    revisions.on(f"GET {PATH}", service(traffic=CANARY, annotations={"slipway.io/rejected": "hash0,hash9"}))
    release = releases.read(kube, "orders")
    assert (release.stable, release.candidate, release.canary) == ("orders-1", "orders-2", "orders-2 (10%)")
    assert release.rejected == ("hash0", "hash9")


def test_a_candidate_that_never_got_ready_is_none():
    release = releases.pointer("orders", service(traffic=CANARY, latest="orders-1"))
    assert (release.stable, release.candidate, release.percent) == ("orders-1", None, 0)


def test_what_is_not_deployed_or_never_was_ready_has_no_release(kube, server):
    assert releases.read(kube, "orders") is None
    for traffic in (None, [{"latestRevision": False, "revisionName": "orders-1", "percent": 100}]):
        young = service(traffic=traffic) if traffic else service()
        young["status"] = {"observedGeneration": 1}
        server.on(f"GET {PATH}", young)
        assert releases.read(kube, "orders") is None


def moved_to(name, traffic):
    shown = [{"revisionName": name, "percent": 100}]
    return service(traffic=traffic, shown=shown)


def test_promoting_pins_the_revision(kube, revisions):
    after = [{"latestRevision": False, "revisionName": "orders-2", "percent": 100}]
    before = service(traffic=CANARY, annotations={"slipway.io/rejected": "hash2"})
    revisions.on(f"GET {PATH}", before, before, moved_to("orders-2", after))
    revisions.on(f"PATCH {PATH}", {})
    release = releases.read(kube, "orders")
    releases.move(kube, release, Move(to=release.version("orders-2"), rejected=[]))
    (seen,) = revisions.requests("PATCH")
    assert seen.json == {
        "metadata": {"resourceVersion": "77", "annotations": {"slipway.io/rejected": None}},
        "spec": {"traffic": after},
    }


def test_rolling_back_pins_the_revision_and_keeps_what_was_turned_away(kube, revisions, monkeypatch):
    monkeypatch.setattr(releases, "_LOOK_S", 0)
    after = [{"latestRevision": False, "revisionName": "orders-1", "percent": 100}]
    canary = service(traffic=CANARY)
    # The gateway follows a moment later.
    late = service(
        traffic=after, shown=[{"revisionName": "orders-1", "percent": 90}, {"revisionName": "orders-2", "percent": 10}]
    )
    revisions.on(f"GET {PATH}", canary, canary, late, moved_to("orders-1", after))
    revisions.on(f"PATCH {PATH}", {})
    release = releases.read(kube, "orders")
    releases.move(kube, release, Move(to=release.version("orders-1"), rejected=["hash2"]))
    (seen,) = revisions.requests("PATCH")
    assert seen.json["metadata"]["annotations"] == {"slipway.io/rejected": "hash2"}
    assert seen.json["spec"] == {"traffic": after}


def test_somebody_elses_change_is_not_overwritten(kube, revisions):
    revisions.on(f"GET {PATH}", service(traffic=CANARY), service())
    release = releases.read(kube, "orders")
    target = Move(to=Version(name="orders-2", identity="hash2"), rejected=[])
    with pytest.raises(EngineError, match="orders: its Service was changed by somebody else meanwhile"):
        releases.move(kube, release, target)
    assert revisions.requests("PATCH") == []
    revisions.on(f"GET {PATH}", service(traffic=CANARY))
    revisions.on(f"PATCH {PATH}", refusal(409, "Conflict", "the object has been modified"))
    with pytest.raises(EngineError, match="changed by somebody else"):
        releases.move(kube, release, target)


def test_a_gateway_that_does_not_follow_is_told(kube, revisions, monkeypatch):
    monkeypatch.setattr(releases, "_LOOK_S", 0)
    monkeypatch.setattr(releases, "_WAIT_S", 0)
    stuck = service(traffic=CANARY)
    stuck["status"]["conditions"][1] = {"type": "RoutesReady", "status": "Unknown", "reason": "IngressNotConfigured"}
    revisions.on(f"GET {PATH}", stuck)
    revisions.on(f"PATCH {PATH}", {})
    release = releases.read(kube, "orders")
    with pytest.raises(EngineError, match=r"all calls shall go to orders-2, but .* \(IngressNotConfigured\)"):
        releases.move(kube, release, Move(to=release.version("orders-2"), rejected=[]))
