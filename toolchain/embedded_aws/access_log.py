"""Access logs of HTTP APIs, written to the log group that the stage names.

Facts: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

from __future__ import annotations

import datetime as dt
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from moto.logs.models import logs_backends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Request, Response

    from toolchain.embedded_aws.config import Config
    from toolchain.embedded_aws.deployed_http import Api

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_.]+)")


class Entry:
    """One line of an access log, while its request runs."""

    def __init__(self) -> None:
        self.response: Response | None = None

    def done(self, response: Response) -> None:
        """Take note of the answer."""
        self.response = response


class AccessLog:
    """Writes access logs."""

    def __init__(self, config: Config) -> None:
        self._account = config.account

    @contextmanager
    def of(self, api: Api, request: Request, identity: str, route_key: str, path: str) -> Iterator[Entry]:
        """Measure a request, and write its line at the end if the API's stage asks for it."""
        entry, began = Entry(), time.time()
        yield entry
        settings = api.stage.access_log_settings or {}
        destination, line = settings.get("destinationArn", ""), settings.get("format", "")
        if not destination or not line or entry.response is None:
            return
        now = time.time()
        moment = dt.datetime.fromtimestamp(began, tz=dt.UTC)
        latency = str(int((now - began) * 1000))
        values = {
            "accountId": self._account,
            "apiId": api.id,
            "domainName": api.domain,
            "httpMethod": request.method,
            "identity.sourceIp": request.remote_addr or "",
            "identity.userAgent": request.headers.get("User-Agent", ""),
            "integrationLatency": latency,
            "path": path,
            "protocol": request.environ.get("SERVER_PROTOCOL", ""),
            "requestId": identity,
            "requestTime": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": str(int(began * 1000)),
            "responseLatency": latency,
            "responseLength": str(entry.response.calculate_content_length() or 0),
            "routeKey": route_key,
            "stage": api.stage.name,
            "status": str(entry.response.status_code),
        }
        message = _VARIABLE.sub(lambda found: _escaped(values.get(found[1], "-")), line)
        self._write(destination, api, moment, message, int(now * 1000))

    def _write(self, destination: str, api: Api, moment: dt.datetime, message: str, milliseconds: int) -> None:
        group = destination.partition(":log-group:")[2].removesuffix(":*")
        backend = logs_backends[self._account][api.region]
        if group not in backend.groups:
            return
        stream = f"{api.id}-{moment:%Y-%m-%d}"
        backend.ensure_log_stream(group, stream)
        backend.put_log_events(group, stream, [{"timestamp": milliseconds, "message": message}])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
