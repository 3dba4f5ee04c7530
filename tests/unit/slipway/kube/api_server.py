"""A server that answers as a Kubernetes API server does (1.34 with Knative 1.21)."""

import http.server
import json
from urllib.parse import parse_qsl, urlsplit

SERVING = "/apis/serving.knative.dev/v1"
NAMESPACE = "slipway-dev"
KINDS = {
    SERVING: [("services", "Service", True), ("revisions", "Revision", True)],
    "/api/v1": [("pods", "Pod", True), ("namespaces", "Namespace", False), ("pods/log", "Pod", True)],
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        seen = Seen(self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers.items()), body)
        self.server.seen.append(seen)
        status, headers, content = self.server.answer(seen)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the names are those of the standard library

    def log_message(self, *_):
        pass


class Seen:
    def __init__(self, method, path, query, headers, body):
        self.method, self.path, self.query, self.body = method, path, query, body
        self.headers = {name.lower(): value for name, value in headers.items()}

    @property
    def json(self):
        return json.loads(self.body)


class Server(http.server.ThreadingHTTPServer):
    """Answers are looked up by `METHOD /path`; a list is used up one by one, its last one stays."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen, self.answers = [], {}
        self.url = f"http://127.0.0.1:{self.server_port}"

    def on(self, request, *answers):
        self.answers[request] = list(answers)

    def answer(self, seen):
        found = self.answers.get(f"{seen.method} {seen.path}")
        if found is None:
            kinds = KINDS.get(seen.path)
            return as_http(kind_list(kinds) if kinds else refusal(404, "NotFound", f"{seen.path} not found"))
        one = found.pop(0) if len(found) > 1 else found[0]
        return as_http(one(seen) if callable(one) else one)

    def requests(self, method):
        return [seen for seen in self.seen if seen.method == method]


def as_http(answer):
    """(status, headers, content) of a JSON value, text, bytes, or (status, value) of these."""
    status, value = answer if isinstance(answer, tuple) else (200, answer)
    if isinstance(value, str | bytes):
        return status, {"content-type": "text/plain"}, value.encode() if isinstance(value, str) else value
    return status, {"content-type": "application/json"}, json.dumps(value).encode()


def kind_list(kinds):
    found = [{"name": name, "kind": kind, "namespaced": namespaced} for name, kind, namespaced in kinds]
    return {"kind": "APIResourceList", "apiVersion": "v1", "resources": found}


def refusal(status, reason, message):
    """What the API server says when it refuses."""
    value = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return status, {**value, "message": message, "reason": reason, "code": status}


def service(name="orders", *, traffic=None, shown=None, url=None, ready="True", annotations=None, latest="orders-2"):
    """A Knative Service as the server shows it."""
    traffic = traffic or [{"latestRevision": True, "percent": 100}]
    if shown is None:
        shown = [{**one, "revisionName": one.get("revisionName") or latest} for one in traffic]
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "generation": 3,
            "resourceVersion": "77",
            "creationTimestamp": "2026-11-22T08:00:00Z",
            "annotations": annotations or {},
        },
        "spec": {
            "template": {"spec": {"containers": [{"resources": {"limits": {"memory": "256Mi"}}}]}},
            "traffic": traffic,
        },
        "status": {
            "observedGeneration": 3,
            "url": url or f"http://{name}.{NAMESPACE}.svc.cluster.local",
            "latestReadyRevisionName": latest,
            "latestCreatedRevisionName": latest,
            "conditions": [
                {"type": "Ready", "status": ready, "reason": "RevisionFailed", "message": "it broke"},
                {"type": "RoutesReady", "status": "True"},
            ],
            "traffic": shown,
        },
    }


def revision(name, number, *, ready="True", template=None, service="orders"):
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": f"2026-11-22T09:0{number}:00Z",
            "labels": {
                "serving.knative.dev/service": service,
                "serving.knative.dev/configurationGeneration": str(number),
            },
            "annotations": {"slipway.io/template": template or f"hash{number}"},
        },
        "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "ContainerMissing"}]},
    }


def listed(*items):
    return {"kind": "List", "metadata": {}, "items": list(items)}
