"""A store on loopback that takes logs as Loki and others get them from the agent, keeps them, and fails on request."""

import collections
import contextlib
import dataclasses
import gzip
import http
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

WAIT_S = 60.0
_PATHS = ("/v1/logs", "/otlp/v1/logs")  # OpenTelemetry's own, and Loki's
_TENANT = "X-Scope-OrgID"


class Shelf:
    """What one tenant of a store has sent, and how that tenant is answered.

    Attributes:
        records: Envelopes in the order of their arrival, those that come twice too.
        resources: Resource attributes of each.
        ids: How often each id arrived.
        messages_seen: Messages that arrived.
        refused: Number of requests that were not taken.
    """

    def __init__(self, condition):
        self.records, self.resources = [], []
        self.ids, self.messages_seen, self.refused = collections.Counter(), set(), 0
        self._changed = condition
        self._status = http.HTTPStatus.OK
        self._pause_s = 0.0
        self._free = threading.Event()

    def answer(self, status):
        """Answer with this status from now on; 200 takes what comes."""
        with self._changed:
            self._status = status

    def slow(self, seconds):
        """Take so long for each request from now on; 0 also ends the requests that wait."""
        self._pause_s = seconds
        (self._free.clear if seconds else self._free.set)()

    def messages(self):
        """Messages in the order of their arrival."""
        with self._changed:
            return [record["message"] for record in self.records]

    def wait(self, count, seconds=WAIT_S):
        """All records, as soon as there are so many different ones."""
        return self.until(lambda _: len(self.ids) >= count, seconds)

    def until(self, enough, seconds=WAIT_S):
        """All records, as soon as they are enough."""
        with self._changed:
            if not self._changed.wait_for(lambda: enough(self.records), seconds):
                shown = [record["message"][:80] for record in self.records[-5:]]
                raise AssertionError(
                    f"{len(self.records)} records ({len(self.ids)} different ones) and {self.refused} refused requests "
                    f"after {seconds} s, the last ones: {shown}"
                )
            return list(self.records)

    def take(self, content):
        """Answer a request; the status."""
        if self._pause_s:
            self._free.wait(self._pause_s)
        with self._changed:
            try:
                if self._status != http.HTTPStatus.OK:
                    self.refused += 1
                    return self._status
                for resource in ExportLogsServiceRequest.FromString(content).resource_logs:
                    self._keep(resource)
                return http.HTTPStatus.OK
            finally:
                self._changed.notify_all()

    def _keep(self, resource):
        attributes = {one.key: _plain(one.value) for one in resource.resource.attributes}
        for scope in resource.scope_logs:
            for record in scope.log_records:
                envelope = _plain(record.body)
                self.records.append(envelope)
                self.resources.append(attributes)
                self.ids[envelope["id"]] += 1
                self.messages_seen.add(envelope["message"])


class Store(Shelf):
    """A store that is open from the beginning; what it says of records is said of requests that name no tenant.

    Attributes:
        address: Where it is.
    """

    def __init__(self):
        self._condition = threading.Condition()
        super().__init__(self._condition)
        self._tenants = {"": self}
        self._server, self._port = None, 0
        self.open()
        self.address = f"http://127.0.0.1:{self._port}"

    def tenant(self, name):
        """What a tenant has sent."""
        with self._condition:
            return self._tenants.setdefault(name, Shelf(self._condition))

    def open(self):
        """Listen."""
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        """Be gone: nobody listens any more, and what was connected is cut off."""
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_off()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, store):
        self.store = store
        self._connected = set()
        super().__init__(address, _Handler)

    def process_request(self, request, client_address):
        self._connected.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._connected.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """Connections that a test cuts off, or that a killed agent leaves, are no errors."""

    def cut_off(self):
        for connection in list(self._connected):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        known = self.path in _PATHS and self.headers["Content-Type"] == "application/x-protobuf"
        shelf = self.server.store.tenant(self.headers.get(_TENANT, ""))
        self.send_response(shelf.take(content) if known else http.HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def _plain(value):
    """A value of OTLP as JSON has it."""
    kind = value.WhichOneof("value")
    if kind == "kvlist_value":
        return {one.key: _plain(one.value) for one in value.kvlist_value.values}
    if kind == "array_value":
        return [_plain(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None


@dataclasses.dataclass(frozen=True)
class Account:
    """Every line that was sent, and what became of it.

    Attributes:
        sent: Number of lines.
        arrived: Number of records that arrived, those that came twice too.
        again: How many of them had come before, by their ids.
        lost: Lines that did not arrive.
        strange: What arrived and was not sent, or more often than it was sent after dropping those of equal id.
        changed: Ids that came again with another content.
    """

    sent: int
    arrived: int
    again: int
    lost: list[str]
    strange: list[str]
    changed: list[str]

    def __str__(self):
        return f"{self.sent} lines sent, {self.arrived} records arrived, {len(self.lost)} lost, {self.again} came again"

    def settled(self):
        """Fail unless each line arrived, and exactly once when those of equal id are dropped."""
        shown = [text[:100] for text in (*self.lost[:3], *self.strange[:3], *self.changed[:3])]
        said = f"{self}, {len(self.strange)} strange, {len(self.changed)} changed; for example {shown}"
        assert [*self.lost, *self.strange, *self.changed] == [], said


def account(sent, records):
    """Compare messages that were sent with records that arrived."""
    first = {}
    changed = [record["id"] for record in records if first.setdefault(record["id"], record) != record]
    wanted = collections.Counter(sent)
    got = collections.Counter(record["message"] for record in first.values())
    return Account(
        sent=wanted.total(),
        arrived=len(records),
        again=len(records) - len(first),
        lost=sorted((wanted - got).elements()),
        strange=sorted((got - wanted).elements()),
        changed=changed,
    )
