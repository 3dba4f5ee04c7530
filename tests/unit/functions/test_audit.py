import pytest

from tests.unit.runtime.aws_events import bus_event

PAID = {"order": "4711", "amount": 4048, "currency": "EUR", "method": "card", "card": "4111111111111111"}


@pytest.fixture
def trail(sample, caplog):
    """`trail(**detail)` gives the audit record of a payment."""
    adapter, _, _ = sample("audit", "audit", "cloudevent")
    caplog.set_level("INFO")

    def pay(**detail):
        caplog.clear()
        adapter.handle(bus_event(detail=detail), None)
        [record] = [record for record in caplog.records if record.getMessage() == "payment"]
        return record.audit

    return pay


def test_keeps_who_what_and_when(trail):
    found = trail(**PAID)
    assert len(found.pop("fingerprint")) == 64
    assert found == {
        "event": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "source": "com.example.payments",
        "time": "2026-11-22T08:00:00Z",
        "order": "4711",
        "amount": 4048,
        "currency": "EUR",
        "method": "card",
    }


def test_fingerprint_sees_every_change_but_the_card(trail):
    first = trail(**PAID)["fingerprint"]
    assert trail(**dict(reversed(PAID.items())))["fingerprint"] == first
    assert trail(**PAID | {"card": "5555555555554444"})["fingerprint"] == first
    assert trail(**PAID | {"shop": "hamburg"})["fingerprint"] != first


def test_incomplete_payment_is_not_lost(trail):
    with pytest.raises(ValueError, match="the payment lacks currency, method"):
        trail(order="4711", amount=1)
