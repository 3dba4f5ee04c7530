"""POST /orders takes an order; POST /orders/quote only says what it would cost."""

import logging
import os
import uuid
from decimal import Decimal

import flask
from model import Order
from pydantic import ValidationError
from shared import money, queues

log = logging.getLogger(__name__)
log.setLevel(os.environ.get("LOG_LEVEL", "info").upper())

TAX_PERCENT = Decimal(os.environ.get("TAX_PERCENT", "19"))
NAMESPACE = uuid.UUID("7c3f7a0e-6f0b-4f3b-9a53-2f6f1f7f0c55")


def orders(request: flask.Request):
    try:
        order = Order.model_validate_json(request.get_data())
    except ValidationError as error:
        return {"error": "the order is not valid", "mistakes": list(map(_mistake, error.errors()))}, 422
    priced = _price(order)
    if request.path.rstrip("/") == "/orders/quote":
        return priced
    order_id = _order_id(request.headers.get("Idempotency-Key"))
    queues.send("receipts", "com.example.order.accepted", "/orders", order_id, _receipt(order_id, order, priced))
    log.info("order accepted", extra={"order": order_id, "total": priced["total"], "lines": len(order.lines)})
    return {"id": order_id, **priced}, 201, {"Location": f"/orders/{order_id}"}


def _mistake(error: dict) -> dict:
    # Where and why, but not what was sent: orders hold personal data.
    return {"at": ".".join(map(str, error["loc"])), "message": error["msg"]}


def _price(order: Order) -> dict:
    return {
        "currency": order.currency,
        "total": order.total,
        "tax": money.included_tax(order.total, TAX_PERCENT),
        "display": money.show(order.total, order.currency),
    }


def _order_id(key: str | None) -> str:
    """The same order sent twice with the same key is the same order, without a database."""
    return str(uuid.uuid5(NAMESPACE, key) if key else uuid.uuid4())


def _receipt(order_id: str, order: Order, priced: dict) -> dict:
    return {"order": order_id, **order.model_dump(), "total": priced["total"], "tax": priced["tax"]}
