"""One environment on Lambda that has of everything: what tests about all resources look at."""

from components.environment import Environment
from components.environment_args import CatalogueEntry, ShipperArgs, TokenIssuer
from components.function.args import (
    BusEvent,
    Code,
    Cors,
    Grant,
    HttpEvent,
    QueueEvent,
    ScheduleEvent,
    SecretVariable,
)
from components.function.component import Function
from tests.unit.components.conftest import ACCOUNT, REGION, Engine, environment_args, function_args, sink_args

HERE = f"{REGION}:{ACCOUNT}"
SECRET = "hunter2"  # what lies in the secrets; no component is ever told
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/functions/report@sha256:" + "a" * 64
CATALOGUE = (
    CatalogueEntry(kind="queue", name="orders", create=True),
    CatalogueEntry(kind="queue", name="line", create=True, fifo=True),
    CatalogueEntry(kind="bucket", name="reports", arn="arn:aws:s3:::acme-reports"),
    CatalogueEntry(kind="table", name="stock", arn=f"arn:aws:dynamodb:{HERE}:table/stock"),
    CatalogueEntry(kind="topic", name="news", arn=f"arn:aws:sns:{HERE}:news"),
    CatalogueEntry(kind="key", name="signatures", arn=f"arn:aws:kms:{HERE}:key/signatures"),
    CatalogueEntry(
        kind="secret",
        name="db",
        arn=f"arn:aws:secretsmanager:{HERE}:secret:db-Ab12Cd",
        kms_key=f"arn:aws:kms:{HERE}:key/theirs",
    ),
    CatalogueEntry(kind="service", name="billing", address="https://billing.example.com"),
)
SINKS = (
    sink_args(lock_days=20),
    sink_args(name="search", kind="opensearch", create=False, arn=f"arn:aws:es:{HERE}:domain/logs", index="functions"),
    sink_args(name="push", kind="http", create=False, address="https://logs.example.com", secret="db"),
)


def functions():
    """Functions that use every event, every kind of resource and every sink."""
    sinks = [sink.name for sink in SINKS]
    return {
        "web": function_args(
            http=[
                HttpEvent(path="/", visibility="public", auth="none", methods=["GET"]),
                HttpEvent(path="/mine", visibility="public", auth="token"),
                HttpEvent(path="/admin", visibility="public", auth="iam"),
                HttpEvent(path="/inside", cors=Cors(origins=["https://shop.example.com"], methods=["GET"])),
            ],
            min_scale=1,
            max_scale=9,
            environment={"LEVEL": "info"},
            secrets=[SecretVariable(variable="DB", secret="db", field="password")],
            grants=[
                Grant(kind="bucket", name="reports", verbs=["read", "write", "list", "delete"]),
                Grant(kind="table", name="stock", verbs=["read", "write"]),
                Grant(kind="topic", name="news", verbs=["publish"]),
                Grant(kind="key", name="signatures", verbs=["sign"]),
                Grant(kind="function", name="work", verbs=["invoke"]),
                Grant(kind="service", name="billing", verbs=["call"]),
            ],
            sinks=sinks,
        ),
        "work": function_args(
            signature="cloudevent",
            schedules=[ScheduleEvent(expression="rate(1 hour)")],
            events=[BusEvent(type="com.example.paid")],
            queues=[QueueEvent(queue="orders"), QueueEvent(queue="line")],
            max_scale=20,
            sinks=sinks,
        ),
        "report": function_args(
            runtime="container", handler=None, code=Code(image=IMAGE), max_scale=2, sinks=["central"]
        ),
    }


def deploy(*, engine=None, preview=False, **changes):
    """The engine after it ran the environment, with changes of its arguments."""
    engine, made = engine or Engine(), functions()
    settings = {
        "catalogue": CATALOGUE,
        "sinks": SINKS,
        "shipper": ShipperArgs(key="packages/slipway-shipper/abc.zip", runtime="python3.11"),
        "subnets": ["subnet-1", "subnet-2"],
        "security_groups": ["sg-1"],
        "signing_profiles": [f"arn:aws:signer:{HERE}:/signing-profiles/p/v"],
        "tokens": TokenIssuer(issuer="https://login.example.com", audience=["orders"]),
        "alarm_topic": f"arn:aws:sns:{HERE}:on-call",
        "access_log_bucket": "acme-access-logs",
        "log_retention_days": 365,
        "protect": True,
    }

    def program():
        environment = Environment("dev", environment_args(**settings | changes).serving(made))
        for name, args in made.items():
            Function(name, args, environment)
        environment.complete()

    engine.run(program, preview=preview)
    return engine
