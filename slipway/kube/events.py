"""Events as Knative delivers them: a CloudEvent in binary mode, POSTed to the function; a whole event as it is.

Sources: CloudEvents 1.0.2, HTTP protocol binding (3.1 binary content mode, 3.1.3.2 header values, 3.2 structured
content mode); Knative Eventing 1.21, PingSource; what Slipway's senders and runtime make of them is in docs/events.md.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from slipway.running.calls import BusEvent, Message, Request, ScheduleRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.running.calls import Call

_JSON = "application/json"
_EVENT = "application/cloudevents+json"
_REQUIRED = {"specversion", "id", "source", "type"}
# What the binding leaves as it is: visible ASCII without the quotation mark and the percent sign.
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def request_of(call: Call, *, function: str, namespace: str) -> Request:
    """What the function is sent for a call.

    Args:
        call: The call.
        function: Name of the function.
        namespace: Its namespace.
    """
    what = call.what
    if isinstance(what, Request):
        return what
    if isinstance(what, BusEvent):
        return _event(type_=what.type, source=what.source, data=what.data, attributes=what.attributes)
    if isinstance(what, ScheduleRun):
        return _event(
            type_="dev.knative.sources.ping",
            source=f"/apis/v1/namespaces/{namespace}/pingsources/{function}",
            data=what.data,
            attributes={"slipwayschedule": what.schedule},
        )
    if isinstance(what, Message):
        if _is_event(what.body):  # as it lies in the channel
            return Request(method="POST", headers={"content-type": _EVENT}, body=json.dumps(what.body).encode())
        return _event(type_="io.slipway.queue.message", source=f"/queues/{what.queue}", data=what.body, attributes={})
    return Request(method="POST").with_body(what.value)


def _is_event(body: Any) -> bool:
    """Whether a message is a CloudEvent in JSON format, which a queue hands on as that event, on both targets."""
    return isinstance(body, dict) and body.keys() >= _REQUIRED


def _event(*, type_: str, source: str, data: Any, attributes: Mapping[str, str]) -> Request:
    known = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **attributes,
        "type": type_,
        "source": source,
    }
    headers = {f"ce-{name}": quote(value, safe=_PLAIN) for name, value in known.items()}
    return Request(method="POST", headers={**headers, "content-type": _JSON}, body=json.dumps(data).encode())
