"""What the components make passes every rule of the policy pack, as Pulumi hands it over."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.environment_args import TokenIssuer
from components.function.args import HttpEvent
from policies.host.plain import plain
from policies.judge.rule import Rule
from policies.judge.values import Resource
from policies.rules import all_rules

KUBERNETES = [rule for rule in all_rules() if rule.id.startswith("K")]
BROKEN = {
    "pod-secret-files": "secrets of functions are environment variables, as on Lambda; the rule is advisory",
}


@pytest.fixture
def verdicts(everything, engine):
    resources = [
        Resource(urn=one.name, type=one.type, name=one.name, props=plain(one.inputs))
        for one in engine.registered
        if one.type.startswith("kubernetes:")
    ]

    def of(rule):
        if isinstance(rule, Rule):
            return [rule.check(one) for one in resources if one.type in rule.types]
        return [verdict for _, verdict in rule.check(resources)]

    return of


def test_every_control_has_a_rule():
    assert {rule.id for rule in KUBERNETES} == {f"K{number}" for number in range(1, 15)}


@pytest.mark.parametrize("rule", KUBERNETES, ids=lambda rule: rule.name)
def test_a_rule_has_nothing_to_say_against_components(verdicts, rule):
    found = verdicts(rule)
    assert found
    wrong = [verdict for verdict in found if verdict.outcome != "pass"]
    assert bool(wrong) is (rule.name in BROKEN), wrong


@st.composite
def _arguments(draw):
    route = st.builds(
        HttpEvent,
        path=st.just("/"),
        visibility=st.sampled_from(["public", "internal"]),
        auth=st.sampled_from(["none", "token"]),
    )
    container = draw(st.booleans())
    return {
        "runtime": "container" if container else "python3.11",
        "handler": None if container else "main:order",
        "memory_mb": draw(st.integers(1, 10240)),
        "timeout_s": draw(st.integers(1, 600)),
        "concurrency": draw(st.integers(1, 1000)),
        "min_scale": draw(st.integers(0, 3)),
        "environment": draw(st.dictionaries(st.from_regex(r"[A-Z]{2,9}_X", fullmatch=True), st.text(max_size=20))),
        "http": [] if container else draw(st.lists(route, max_size=1)),
        "description": draw(st.text(max_size=30)),
        "owner": draw(st.text(min_size=1, max_size=30)),
    }


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(arguments=_arguments())
def test_no_argument_makes_a_function_hostile(to_knative, engine, a_knative_function, arguments):
    to_knative(
        {"orders": a_knative_function(**arguments)},
        tokens=TokenIssuer(issuer="https://login.example.com", audience=["x"]),
    )
    for one in engine.registered:
        resource = Resource(urn=one.name, type=one.type, name=one.name, props=plain(one.inputs))
        for rule in KUBERNETES:
            if isinstance(rule, Rule) and resource.type in rule.types:
                assert rule.check(resource).outcome == "pass", (rule.name, arguments)


def test_what_a_program_changes_in_a_function_is_judged(to_knative, engine, a_knative_function):
    def privileged(arguments, options):
        (container,) = arguments["spec"]["containers"]
        security = {**container["securityContext"], "privileged": True}
        changed = {**arguments["spec"], "containers": [{**container, "securityContext": security}]}
        return {**arguments, "spec": changed}, options

    to_knative({"orders": a_knative_function(transforms={"template": privileged})})
    (service,) = [one for one in engine.registered if one.type == "kubernetes:serving.knative.dev/v1:Service"]
    resource = Resource(urn="urn", type=service.type, name="orders", props=plain(service.inputs))
    broken = [
        rule.id
        for rule in KUBERNETES
        if isinstance(rule, Rule) and resource.type in rule.types and rule.check(resource).outcome == "fail"
    ]
    assert broken == ["K2"]
