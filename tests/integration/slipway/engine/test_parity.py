"""The same functions deployed to both targets: every kind of event comes to them as the same, field by field.

One checkout, two environments: `local` on the embedded AWS, whose functions run under AWS's own runtime client, and
`local-knative` on the cluster. No line of the functions or their manifests differs.
"""

import datetime as dt
import json

import pytest
import requests
import tenacity

from tests.integration.slipway.engine.conftest import ROOT, KnativeCheckout

pytestmark = pytest.mark.timeout(1800)
PATIENT = 900
MANIFEST = """
description: Tells what it sees
owner: team-platform
runtime: python3.11
handler: main:see
memory: 128
timeout: 60
events:
"""
REQUESTS_MANIFEST = (
    MANIFEST
    + """
  - http: {path: "/things/{thing}", methods: [GET, POST], auth: none, visibility: public}
  - http: {path: "/files/{rest+}", methods: [ANY], auth: none, visibility: public}
"""
)
SEES_REQUESTS = """
import base64
import flask

def see(request: flask.Request):
    if request.path == "/files/fail":
        raise ValueError("inside")
    answer = flask.jsonify(
        method=request.method,
        path=request.path,
        query=list(request.args.items(multi=True)),
        headers=sorted((k, v) for k, v in request.headers if k.startswith("X-Own-")),
        cookies=sorted(request.cookies.items(multi=True)),
        body=base64.b64encode(request.get_data()).decode(),
        length=request.content_length,
        type=request.content_type,
    )
    answer.set_cookie("seen", "yes", httponly=True)
    answer.headers["X-Own-Answer"] = "yes"
    return answer, 201
"""
EVENTS_MANIFEST = (
    MANIFEST
    + """
  - event: {type: com.example.parcel.sent, source: com.example.post}
  - queue: {name: receipts, batch: 1}
  - schedule: {expression: "cron(* * * * ? *)", data: {days: 7}}
"""
)
SEES_EVENTS = """
import logging
from cloudevents.http import CloudEvent

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

def see(event: CloudEvent) -> None:
    log.info("seen", extra={"attributes": dict(event.get_attributes()), "data": event.data})
"""
REQUESTS = {
    "path and query": ("GET", "/things/gr%C3%BCn?a=1&a=2&b=%20+%26&c", {}, b""),
    "headers and cookies": ("GET", "/things/1", {"X-Own-A": "1", "Cookie": "x=1; z=a=b"}, b""),
    "json": ("POST", "/things/1", {"Content-Type": "application/json"}, '{"a": "ü"}'.encode()),
    "bytes": ("PUT", "/files/a/b/c", {"Content-Type": "application/octet-stream"}, bytes(range(256))),
    "any method": ("DELETE", "/files/x?really=yes", {}, b""),
    "a method without a route": ("DELETE", "/things/1", {}, b""),
    "a path without a route": ("GET", "/others", {}, b""),
    "a part too many": ("GET", "/things/1/2", {}, b""),
    "a failure": ("GET", "/files/fail", {}, b""),
}
WHEN = "2026-11-22T08:00:00Z"
EVENT = {
    "specversion": "1.0",
    "id": "parcel-1",
    "source": "com.example.post",
    "type": "com.example.parcel.sent",
    "time": WHEN,
    "datacontenttype": "application/json",
    "tenant": "north",
    "data": {"parcel": "7", "lines": [1, None, "ü"]},
}
MESSAGE = {
    "specversion": "1.0",
    "id": "message-1",
    "source": "/orders",
    "type": "com.example.order.accepted",
    "time": WHEN,
    "datacontenttype": "application/json",
    "subject": "order",
    "data": {"order": "7", "lines": [1, None, "ü"]},
}


@pytest.fixture(scope="module")
def both(tmp_path_factory, cluster):
    """The checkout, deployed to both targets."""
    if not (ROOT / ".venv" / "bin" / "crane").exists():
        pytest.skip("the toolchain for Knative is not installed (slipway toolchain install --for knative)")
    made = KnativeCheckout(tmp_path_factory.mktemp("checkout"), cluster, functions=())
    functions = {"requests": (REQUESTS_MANIFEST, SEES_REQUESTS), "events": (EVENTS_MANIFEST, SEES_EVENTS)}
    for name, (manifest, source) in functions.items():
        folder = made.root / "functions" / f"sees-{name}"
        folder.mkdir()
        (folder / "function.yaml").write_text(manifest.lstrip())
        (folder / "main.py").write_text(source.lstrip())
    made.settings(lambda config: config.pop("slipway:functions", None), "local")
    made.run("local", "start")
    try:
        for environment in ("local", "local-knative"):
            made.run("up", "-s", environment, timeout=PATIENT)
        yield made
    finally:
        made.run("local", "stop")
        cluster.kubectl("delete", "namespace", made.namespace, "--ignore-not-found", "--wait=false")


def told(answer):
    """What a caller gets, without what belongs to the connection."""
    headers = {name: answer.headers.get(name) for name in ("content-type", "x-own-answer", "set-cookie")}
    return answer.status_code, headers, answer.text.strip()


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_is_the_same_and_answered_the_same(both, kind):
    method, target, headers, body = REQUESTS[kind]
    # The same for both: requests would set its own otherwise.
    sent = {"method": method, "data": body, "headers": {"Accept-Encoding": "identity", **headers}}
    on_lambda = requests.request(url=f"http://127.0.0.1:{both.entry_port}{target}", timeout=60, **sent)
    on_knative = both.cluster.call("sees-requests", both.namespace, target, **sent)
    assert told(on_knative) == told(on_lambda)
    routed = {"a method without a route": 404, "a path without a route": 404, "a part too many": 404, "a failure": 500}
    assert on_knative.status_code == routed.get(kind, 201)


def seen(checkout, environment, **wanted):
    """What the function saw of the event whose attributes have these values; waits for it."""

    @tenacity.retry(
        retry=tenacity.retry_if_result(lambda found: found is None),
        stop=tenacity.stop_after_delay(240),
        wait=tenacity.wait_fixed(2),
    )
    def look():
        lines = checkout.run("logs", "sees-events", "--json", "-s", environment).stdout.splitlines()
        for record in map(json.loads, lines):
            if record["message"] == "seen":
                attributes = record["fields"]["attributes"]
                if wanted.items() <= attributes.items():
                    return dict(attributes), record["fields"]["data"]
        return None

    return look()


def address(checkout, kind):
    (found,) = checkout.cluster.get(kind, "-n", checkout.namespace)["items"]
    return found["status"]["address"]["url"]


@pytest.fixture(scope="module")
def send(both):
    with both.cluster.sender() as made:
        yield made


def test_an_event_is_the_same(both, send):
    send(address(both, "brokers.eventing.knative.dev"), EVENT)
    (bus,) = [b["Name"] for b in both.client("events").list_event_buses()["EventBuses"] if b["Name"] != "default"]
    entry = {
        "EventBusName": bus,
        "Source": EVENT["source"],
        "DetailType": EVENT["type"],
        "Time": dt.datetime.fromisoformat(WHEN),
        "Detail": json.dumps({**EVENT["data"], "_attributes": {"tenant": EVENT["tenant"]}}),
    }
    assert both.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    on_knative, on_lambda = (seen(both, environment, type=EVENT["type"]) for environment in ("local-knative", "local"))
    # EventBridge gives the id itself.
    assert on_knative[0].pop("id") == EVENT["id"]
    assert on_lambda[0].pop("id")
    # What only EventBridge has; see docs/events.md.
    assert (on_lambda[0].pop("account"), on_lambda[0].pop("region")) == ("123456789012", "eu-central-1")
    assert on_knative == on_lambda
    assert on_knative[1] == EVENT["data"]


def test_a_message_of_a_queue_is_the_same(both, send):
    send(address(both, "channels.messaging.knative.dev"), MESSAGE)
    urls = both.client("sqs").list_queues()["QueueUrls"]
    (queue,) = [url for url in urls if url.endswith("receipts")]
    both.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(MESSAGE))
    on_knative, on_lambda = (
        seen(both, environment, type=MESSAGE["type"]) for environment in ("local-knative", "local")
    )
    assert on_knative == on_lambda
    assert on_knative[1] == MESSAGE["data"]


def test_a_schedule_is_the_same(both):
    on_knative, on_lambda = (
        seen(both, environment, type="io.slipway.schedule") for environment in ("local-knative", "local")
    )
    for (attributes, _), environment in ((on_knative, "local-knative"), (on_lambda, "local")):
        # The name of a schedule has the environment in front.
        assert attributes.pop("source").startswith(f"/schedules/slipway-{environment}-sees-events-")
        # Each clock rings at its own time, and each ring has an id of its own.
        assert attributes.pop("id")
        assert dt.datetime.strptime(attributes.pop("time"), "%Y-%m-%dT%H:%M:00%z").tzinfo == dt.UTC
    assert on_knative == on_lambda
    assert on_knative[1] == {"days": 7}
