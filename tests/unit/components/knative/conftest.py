"""An environment that makes everything there is on Knative, and its objects as the cluster gets them."""

import pytest

from components.environment_args import CatalogueEntry, Egress, TokenIssuer
from components.function.args import BusEvent, Grant, HttpEvent, QueueEvent, ScheduleEvent, SecretVariable
from components.knative_args import Subjects
from components.log_sink.args import LogSinkArgs

_CATALOGUE = [
    CatalogueEntry(kind="queue", name="receipts", create=True),
    CatalogueEntry(kind="secret", name="db", kubernetes_secret="orders-db"),
    CatalogueEntry(
        kind="bucket",
        name="files",
        address="https://files.example.com/files",
        kubernetes_secret="files",
        egress=[Egress(cidr="0.0.0.0/0", ports=[443])],
    ),
    CatalogueEntry(kind="service", name="billing", address="http://billing.shop.svc.cluster.local"),
]


@pytest.fixture
def everything(to_knative, engine, a_knative_function, a_knative):
    """Objects of an environment with every kind of function, trigger and guard; made anew for each test."""
    event = {"signature": "cloudevent"}
    functions = {
        "web": a_knative_function(
            http=[HttpEvent(path="/", visibility="public", auth="token")], hosts=["shop.example.com"], sinks=["central"]
        ),
        "inside": a_knative_function(
            http=[HttpEvent(path="/", auth="none")],
            secrets=[SecretVariable(variable="PW", secret="db")],
            grants=[
                Grant(kind="queue", name="receipts", verbs=["send"]),
                Grant(kind="bucket", name="files", verbs=["read"]),
                Grant(kind="service", name="billing", verbs=["call"]),
            ],
        ),
        "clock": a_knative_function(**event, schedules=[ScheduleEvent(expression="rate(1 hour)", cron="0 * * * *")]),
        "bus": a_knative_function(**event, events=[BusEvent(type="com.example.paid")]),
        "queue": a_knative_function(**event, queues=[QueueEvent(queue="receipts")]),
    }
    somebody = Subjects(users=["ada"], groups=["shop"], service_accounts=["ci/deployer"])
    knative = a_knative(
        developers=somebody,
        deployers=somebody,
        previewers=somebody,
        log_agent="registry.example.com/slipway/log-agent@sha256:" + "b" * 64,
    )
    to_knative(
        functions,
        knative=knative,
        catalogue=_CATALOGUE,
        tokens=TokenIssuer(issuer="https://login.example.com", audience=["shop"]),
        tags={"cost-center": "4711"},
        sinks=[LogSinkArgs(name="central", kind="loki", address="https://loki.example.com")],
    )
    return [r.inputs for r in engine.registered if r.type.startswith("kubernetes:")]
