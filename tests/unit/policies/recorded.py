"""What components really create, as rules see it: inputs for rules about one resource, outputs for those about the stack."""

import dataclasses

import pulumi
from pulumi.runtime import rpc

from components.environment import Environment
from components.environment_args import CatalogueEntry, TokenIssuer
from components.function.args import BusEvent, Cors, Grant, HttpEvent, QueueEvent, ScheduleEvent, SecretVariable
from components.function.component import Function
from policies.judge.rule import Rule, Verdict
from policies.judge.values import UNKNOWN, Resource
from policies.rules import all_rules
from tests.unit.components.conftest import (
    ACCOUNT,
    REGION,
    Aws,
    Engine,
    Recorder,
    ShipperArgs,
    environment_args,
    function_args,
    sink_args,
)


class Keeping(Recorder):
    """Keeps also what the provider answers, and what the engine knows about where values come from."""

    def __init__(self, answers):
        super().__init__(answers)
        self.kept = []

    def RegisterResource(self, request):  # noqa: N802 - the SDK calls it so
        response = super().RegisterResource(request)
        if request.custom and not request.type.startswith("pulumi:"):
            inputs = _plain(rpc.deserialize_properties(request.object, keep_unknowns=True))
            answer = _plain(rpc.deserialize_properties(response.object, keep_unknowns=True))
            self.kept.append(
                Resource(
                    urn=response.urn,
                    type=request.type,
                    name=request.name,
                    props=answer | inputs | {"id": response.id or UNKNOWN},
                    parent=request.parent,
                    inputs=inputs,
                    sources={key: list(of.urns) for key, of in request.propertyDependencies.items() if of.urns},
                )
            )
        return response


class KeepingEngine(Engine):
    def monitor_of(self, *, preview):
        return Keeping(Aws(preview=preview))


def of_program(program, *, preview=False):
    """The resources of a program."""
    engine = KeepingEngine()
    engine.run(program, preview=preview)
    return tuple(engine.monitor.kept)


def of_components(*, preview=False, functions=None, **changes):
    """The resources of an environment on Lambda that uses all there is, with its functions."""
    made = functions or rich_functions()
    args = rich_environment(**changes).serving(made)

    def program():
        environment = Environment("dev", args)
        for name, one in made.items():
            Function(name, one, environment)
        environment.complete()

    return of_program(program, preview=preview)


def rich_functions():
    sinks = ("central", "search", "receiver")
    return {
        "orders": function_args(
            environment={"LOG_LEVEL": "info"},
            secrets=[SecretVariable(variable="DB_PASSWORD", secret="orders-db", field="password")],
            max_scale=10,
            min_scale=1,
            signature="cloudevent",
            schedules=[ScheduleEvent(expression="rate(5 minutes)")],
            events=[BusEvent(type="com.example.order")],
            queues=[QueueEvent(queue="orders")],
            grants=[
                Grant(kind="queue", name="line", verbs=["send"]),
                Grant(kind="bucket", name="reports", verbs=["read", "write"]),
                Grant(kind="table", name="stock", verbs=["read", "write"]),
                Grant(kind="topic", name="news", verbs=["publish"]),
            ],
            sinks=sinks[:2],
        ),
        "shop": function_args(
            http=[
                HttpEvent(path="/orders", methods=["POST"], auth="token", visibility="public"),
                HttpEvent(path="/admin", auth="iam", cors=Cors(origins=["https://shop.example.com"])),
            ],
            sinks=sinks[2:],
        ),
    }


def rich_environment(**changes):
    queue = {"kind": "queue", "create": True}
    return environment_args(
        **{
            "tokens": TokenIssuer(issuer="https://idp.example.com", audience=["shop"]),
            "subnets": ["subnet-1", "subnet-2"],
            "security_groups": ["sg-1"],
            "signing_profiles": [f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p/1"],
            "shipper": ShipperArgs(key="packages/slipway-shipper/abc.zip", runtime="python3.11"),
            "sinks": (
                sink_args(),
                sink_args(
                    name="search",
                    kind="opensearch",
                    create=True,
                    arn=f"arn:aws:es:{REGION}:{ACCOUNT}:domain/logs",
                    index="logs",
                ),
                sink_args(name="receiver", kind="http", address="https://logs.example.com", secret="orders-db"),
            ),
            "catalogue": (
                CatalogueEntry(name="orders", **queue),
                CatalogueEntry(name="line", **queue),
                CatalogueEntry(kind="bucket", name="reports", arn="arn:aws:s3:::acme-reports"),
                CatalogueEntry(kind="table", name="stock", arn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/stock"),
                CatalogueEntry(kind="topic", name="news", arn=f"arn:aws:sns:{REGION}:{ACCOUNT}:news"),
                CatalogueEntry(
                    kind="secret",
                    name="orders-db",
                    arn=f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:orders-db-Ab12Cd",
                ),
            ),
        }
        | changes
    )


def verdicts(resources, rules=None):
    """Everything that rules say about resources: rule, resource, verdict."""
    found = []
    for rule in rules or all_rules():
        if isinstance(rule, Rule):
            for one in resources:
                if one.type in rule.types:
                    declared = dataclasses.replace(one, props=one.inputs, inputs=None)
                    verdict = rule.check(declared)
                    assert verdict is None or isinstance(verdict, Verdict)
                    if verdict is not None:
                        found.append((rule, one, verdict))
        else:
            found.extend((rule, one, verdict) for one, verdict in rule.check(resources))
    return found


def _plain(value):
    if isinstance(value, pulumi.output.Unknown) or value == rpc.UNKNOWN:
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
