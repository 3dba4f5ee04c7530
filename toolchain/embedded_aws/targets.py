"""Delivers messages to what an ARN names: a queue, a topic, a function, an event bus, a log group."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from toolchain.embedded_aws.config import Config

_log = logging.getLogger(__name__)


class Targets:
    """Sends to targets in this account."""

    def __init__(self, config: Config, invoke: Callable[[str, bytes], None]) -> None:
        """Take what sends.

        Args:
            config: Account and region.
            invoke: Accepts an asynchronous invocation: ARN of the function, and the event.
        """
        self._account = config.account
        self._invoke = invoke

    def send(self, arn: str, body: str, attributes: Mapping[str, str], group: str | None = None) -> bool:
        """Send a message; a target that does not take it is logged, as nobody waits for the answer.

        Args:
            arn: ARN of the target.
            body: The message; JSON for functions and event buses.
            attributes: String attributes of the message, for queues and topics.
            group: Message group, for FIFO queues.

        Returns:
            Whether it was delivered.
        """
        try:
            self._send(arn, body, attributes, group)
        except Exception as error:  # noqa: BLE001 - moto raises a class for each refusal of each service
            _log.error("%s did not take a message: %s: %s", arn, type(error).__name__, error)
            return False
        return True

    def _send(self, arn: str, body: str, attributes: Mapping[str, str], group: str | None) -> None:
        _, partition, service, region, account, *resource = arn.split(":")
        account = account or self._account
        match service:
            case "lambda":
                self._invoke(arn, body.encode())
            case "sqs":
                values: dict[str, Any] = {
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
                }
                sqs_backends[account][region].send_message(resource[0], body, message_attributes=values, group_id=group)
            case "sns":
                sns_values = {name: {"Type": "String", "Value": value} for name, value in attributes.items()}
                sns_backends[account][region].publish(body, arn=arn, message_attributes=sns_values)
            case "events":
                entry = {"Source": "lambda", "DetailType": "Lambda Function Invocation Result", "Detail": body}
                entry["EventBusName"] = resource[0].partition("/")[2]
                events_backends[account][region].put_events([entry])
            case _:
                raise ValueError(f"targets of {partition} {service} cannot be reached in the embedded AWS")
