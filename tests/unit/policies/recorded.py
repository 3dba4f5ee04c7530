"""What components really create, as rules see it: inputs for rules about one resource, outputs for those about the stack."""

import dataclasses

import pulumi
from pulumi.runtime import rpc

from policies.judge.rule import Rule, Verdict
from policies.judge.values import UNKNOWN, Resource
from policies.rules import all_rules
from tests.unit.components.conftest import Aws, Engine, Recorder
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
