"""The dead letter service, by way of the API server."""

import pytest

from slipway.core.errors import EngineError
from slipway.kube import letters
from tests.unit.slipway.kube.api_server import NAMESPACE, refusal

PROXY = f"/api/v1/namespaces/{NAMESPACE}/services/http:slipway-dead-letters:80/proxy"


def held(**counts):
    functions = {name: {"count": count, "letters": []} for name, count in counts.items()}
    return {"functions": functions, "bytes": 10, "limit": 100}


def test_letters_are_counted_by_function(kube, server):
    server.on(f"GET {PROXY}/letters", held(orders=3, audit=0))
    assert letters.counts(kube) == {"orders": 3, "audit": 0}
    assert server.seen[-1].query == {"limit": "0"}


def test_an_environment_without_events_has_no_letters(kube, server):
    assert letters.counts(kube) == {}
    redriven = letters.redrive(kube, "orders", None)
    assert (redriven.sent, redriven.left) == (0, 0)
    assert server.requests("POST") == []


def test_letters_are_sent_again_and_what_is_not_taken_stays(kube, server):
    server.on(f"GET {PROXY}/letters", held(orders=3))
    failed = [{"id": "17", "event": "4711", "reason": "status 500"}]
    server.on(f"POST {PROXY}/redrive", {"sent": 2, "failed": failed, "left": 1})
    redriven = letters.redrive(kube, "orders", None)
    assert (redriven.sent, redriven.failed, redriven.left) == (2, (("4711", "status 500"),), 1)
    assert server.seen[-1].json == {"function": "orders", "limit": 3}


def test_no_more_than_the_limit_are_sent(kube, server):
    server.on(f"GET {PROXY}/letters", held(orders=9))
    server.on(f"POST {PROXY}/redrive", {"sent": 5, "failed": [], "left": 4})
    assert letters.redrive(kube, "orders", 5).left == 4
    assert server.seen[-1].json == {"function": "orders", "limit": 5}


def test_another_redrive_is_told_in_the_services_words(kube, server):
    server.on(f"GET {PROXY}/letters", held(orders=9))
    server.on(f"POST {PROXY}/redrive", (409, {"message": "another redrive is running"}))
    with pytest.raises(EngineError, match=r"^dead letters of dev: another redrive is running \(409\)$"):
        letters.redrive(kube, "orders", None)


def test_a_refusal_before_anything_was_sent_is_told(kube, server):
    text = 'services "slipway-dead-letters" is forbidden: User "jane" cannot get resource "services/proxy"'
    server.on(f"GET {PROXY}/letters", refusal(403, "Forbidden", text))
    with pytest.raises(EngineError, match=r"dead letters of dev: services .* is forbidden"):
        letters.counts(kube)
    server.on(f"GET {PROXY}/letters", refusal(503, "ServiceUnavailable", "no endpoints available for service"))
    with pytest.raises(EngineError, match="no endpoints available"):
        letters.redrive(kube, "orders", None)
