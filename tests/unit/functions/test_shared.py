from decimal import Decimal

import pytest

from functions.shared import money, queues


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(0, "EUR", "0.00 EUR"), (5, "USD", "0.05 USD"), (1234567, "EUR", "12,345.67 EUR"), (1500, "JPY", "1,500 JPY")],
)
def test_show(amount, currency, shown):
    assert money.show(amount, currency) == shown


@pytest.mark.parametrize(
    ("gross", "percent", "tax"), [(119, "19", 19), (4048, "19", 646), (107, "7", 7), (3, "19", 0), (100, "0", 0)]
)
def test_included_tax(gross, percent, tax):
    assert money.included_tax(gross, Decimal(percent)) == tax


def test_queue_that_is_not_listed_is_named(monkeypatch):
    monkeypatch.delenv("QUEUE_PAID_ORDERS_URL", raising=False)
    with pytest.raises(KeyError, match="QUEUE_PAID_ORDERS_URL"):
        queues.send("paid-orders", "t", "/s", "1", {})
