"""What components really create, as rules see it: inputs for rules about one resource, outputs for those about the stack."""

import dataclasses

import pulumi
from pulumi.runtime import rpc

from components.environment import Environment
from components.function.args import BusEvent, Code, HttpEvent
from components.function.component import Function
from components.log_sink.args import LogSinkArgs
from policies.judge.rule import Rule, Verdict
from policies.judge.values import UNKNOWN, Resource
from policies.rules import all_rules
from tests.unit.components.conftest import (
    IMAGE,
    Aws,
    Engine,
    Recorder,
    environment_args,
    function_args,
    knative_args,
)
from tests.unit.components.rich import deploy


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


def of_components(*, preview=False, **changes):
    """The resources of an environment on Lambda that has of everything, with changes of its arguments."""
    return tuple(deploy(engine=KeepingEngine(), preview=preview, **changes).monitor.kept)


def of_knative(*, preview=False):
    """The resources of an environment on Knative with functions, a log agent and dead letters."""
    engine, made = KeepingEngine(), knative_functions()
    loki = LogSinkArgs(name="central", kind="loki", address="https://loki.example.com", tenant="shop")
    args = environment_args(target="knative", aws=None, sinks=(loki,), knative=knative_args(log_agent=IMAGE))

    def program():
        environment = Environment("dev", args.serving(made))
        for name, one in made.items():
            Function(name, one, environment)
        environment.complete()

    engine.run(program, preview=preview)
    return tuple(engine.monitor.kept)


def knative_functions():
    common = {"code": Code(image=IMAGE), "target": "knative", "sinks": ["central"]}
    return {
        "web": function_args(http=[HttpEvent(path="/", visibility="public", auth="none")], **common),
        "inner": function_args(http=[HttpEvent(path="/", auth="none")], **common),
        "work": function_args(signature="cloudevent", events=[BusEvent(type="com.example.paid")], **common),
    }


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
