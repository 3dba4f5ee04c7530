"""Writes the receipt of an order that `orders` accepted. A message that is no order goes back to the queue."""

import logging

from cloudevents.http import CloudEvent
from shared import money

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

ACCEPTED = "com.example.order.accepted"


def receipt(event: CloudEvent) -> None:
    if event["type"] != ACCEPTED:
        raise ValueError(f"expected an event of type {ACCEPTED}, found {event['type']}")
    order = event.data
    written = write(order)
    # The log sink of the environment carries receipts to where the team keeps them.
    log.info("receipt", extra={"order": order["order"], "receipt": written})


def write(order: dict) -> str:
    """The text of a receipt.

    Raises:
        ValueError: The lines do not add up to the total.
    """
    currency = order["currency"]
    totals = [money.line_total(line["quantity"], line["unit_price"]) for line in order["lines"]]
    if sum(totals) != order["total"]:
        raise ValueError(f"order {order['order']}: lines add up to {sum(totals)}, total says {order['total']}")
    rows = [
        f"{line['quantity']:>5} x {line['sku']:<32} {money.show(total, currency):>18}"
        for line, total in zip(order["lines"], totals, strict=True)
    ]
    return "\n".join(
        [
            f"Receipt for order {order['order']}",
            *rows,
            f"{'Total':<40} {money.show(order['total'], currency):>18}",
            f"{'of which tax':<40} {money.show(order['tax'], currency):>18}",
        ]
    )
