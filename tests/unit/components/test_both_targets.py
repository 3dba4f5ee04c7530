import subprocess
import sys
import textwrap

import pytest

from components.environment_args import CatalogueEntry
from components.errors import InputError
from components.function.args import BusEvent, Grant, HttpEvent, QueueEvent, ScheduleEvent
from components.serving import serving

EVENT = {"signature": "cloudevent"}
JOBS = CatalogueEntry(kind="queue", name="jobs", create=True)
PUBLIC = HttpEvent(path="/", visibility="public", auth="none")


@pytest.fixture
def both(deploy, a_knative):
    """Deploys to an environment that has both halves."""
    return lambda functions, **changes: deploy(functions, **{"knative": a_knative()} | changes)


def providers(engine):
    return {r.name for r in engine.registered if r.type.startswith("pulumi:providers:")}


def test_each_half_is_made_only_when_a_function_uses_it(both, engine, a_function, a_knative_function):
    both({"orders": a_function(target="lambda")})
    assert providers(engine) == {"dev-aws"}
    both({"orders": a_knative_function()})
    assert providers(engine) == {"dev-kubernetes"}
    _, made = both({"web": a_function(target="lambda"), "work": a_knative_function()})
    assert providers(engine) == {"dev-aws", "dev-kubernetes"}
    assert (made["web"].target, made["work"].target) == ("lambda", "knative")


def test_an_environment_without_functions_stands_on_its_target(both, engine):
    both({})
    assert providers(engine) == {"dev-aws"}
    both({}, target="knative")
    assert providers(engine) == {"dev-kubernetes"}


def test_each_child_goes_through_the_provider_of_its_half(both, engine, a_function, a_knative_function):
    both({"web": a_function(http=[PUBLIC]), "work": a_knative_function(http=[PUBLIC])}, catalogue=[JOBS])
    for made in engine.registered:
        if made.type.startswith(("aws:", "kubernetes:")):
            assert made.provider == ("dev-aws" if made.type.startswith("aws:") else "dev-kubernetes"), made.name
    assert engine.named("dev-http-stage").provider == "dev-aws", "what follows the functions, too"


def test_packages_are_for_lambda_alone(both, a_knative_function, resolved):
    environment, _ = both({"work": a_knative_function(http=[PUBLIC])})
    assert environment.packages_bucket is None
    assert environment.packages_bucket_name is None
    assert environment.api_endpoint is None


def test_outputs_have_the_same_names_on_both(both, engine, a_function, a_knative_function):
    both({"web": a_function(http=[PUBLIC]), "work": a_knative_function(http=[PUBLIC])})
    assert set(engine.outputs("work")) == set(engine.outputs("web")) - {"log_group"}


def test_switching_the_target_removes_everything_from_the_other(both, engine, a_function, a_knative_function):
    both({"orders": a_function(target="lambda"), "web": a_function()})
    assert {r.type.split(":")[0] for r in engine.registered if r.parent == "orders"} == {"aws"}
    both({"orders": a_knative_function(), "web": a_function()})
    assert {r.type.split(":")[0] for r in engine.registered if r.parent == "orders"} == {"kubernetes"}


def test_a_queue_is_made_where_its_functions_are(both, engine, a_function, a_knative_function):
    taker = {"queues": [QueueEvent(queue="jobs")]}
    both({"work": a_knative_function(**EVENT, **taker), "web": a_function()}, catalogue=[JOBS])
    assert ("Channel", "dev-channel-jobs") in engine.children("dev")
    assert not [r for r in engine.kinds("Queue") if r.parent == "dev"]
    both({"work": a_function(**EVENT, **taker), "web": a_knative_function()}, catalogue=[JOBS])
    assert ("Queue", "dev-queue-jobs") in engine.children("dev")
    assert not engine.kinds("Channel")


def test_a_queue_on_two_targets_would_be_two_queues(both, a_function, a_knative_function):
    sender = a_function(grants=[Grant(kind="queue", name="jobs", verbs=["send"])])
    taker = a_knative_function(**EVENT, queues=[QueueEvent(queue="jobs")])
    with pytest.raises(
        InputError,
        match=r"Environment 'dev': queue 'jobs', which it makes, is used on two targets, by function 'b' on knative and "
        r"function 'a' on lambda, where it would be two queues; move these functions to one target",
    ):
        both({"a": sender, "b": taker}, catalogue=[JOBS])


def test_a_service_is_the_same_variable_on_both(both, engine, a_function, a_knative_function):
    from components.environment_args import Egress

    entry = CatalogueEntry(
        kind="service", name="billing", address="https://billing.example.com", egress=[Egress(cidr="10.0.0.0/8")]
    )
    call = {"grants": [Grant(kind="service", name="billing", verbs=["call"])]}
    both({"a": a_function(**call), "b": a_knative_function(**call)}, catalogue=[entry])
    function = next(r for r in engine.registered if r.type == "aws:lambda/function:Function").inputs
    assert function["environment"]["variables"]["SERVICE_BILLING_URL"] == "https://billing.example.com"
    service = next(r for r in engine.registered if r.type == "kubernetes:serving.knative.dev/v1:Service").inputs
    (container,) = service["spec"]["template"]["spec"]["containers"]
    assert {"name": "SERVICE_BILLING_URL", "value": "https://billing.example.com"} in container["env"]


def test_what_only_knative_can_reach_is_not_in_the_way_of_lambda(both, engine, a_function):
    entries = [
        CatalogueEntry(kind="bucket", name="files", address="https://files.example.com/x"),
        CatalogueEntry(kind="secret", name="db", kubernetes_secret="db"),
    ]
    both({"a": a_function()}, catalogue=entries)
    with pytest.raises(InputError, match=r"uses bucket 'files': it is not in the catalogue"):
        both({"a": a_function(grants=[Grant(kind="bucket", name="files", verbs=["read"])])}, catalogue=entries)


def test_an_unknown_target(both, a_function):
    with pytest.raises(InputError, match=r"unknown target 'lambada'; did you mean 'lambda'\? Allowed: knative, lambda"):
        both({"a": a_function(target="lambada")})


def test_an_environment_that_was_not_told_of_a_functions_target(engine, an_environment, a_function, a_knative):
    from components.environment import Environment
    from components.function.component import Function

    def program():
        Function("a", a_function(target="knative"), Environment("dev", an_environment(knative=a_knative())))

    with pytest.raises(InputError, match=r"its environment is not made for the target knative; make its args with"):
        engine.run(program)


def test_what_the_functions_tell_of_both_halves(an_environment, a_function, a_knative_function):
    functions = {
        "web": a_function(http=[PUBLIC]),
        "bus": a_knative_function(**EVENT, events=[BusEvent(type="t")]),
    }
    told = serving(an_environment(), functions)
    assert (told.targets, told.public_http, told.knative_bus, told.knative_events) == (
        ("knative", "lambda"),
        True,
        True,
        True,
    )
    on_lambda = {"clock": a_function(**EVENT, schedules=[ScheduleEvent(expression="rate(1 hour)")])}
    told = serving(an_environment(), on_lambda)
    assert (told.targets, told.public_http, told.knative_bus, told.knative_events) == (("lambda",), False, False, False)
    assert not serving(an_environment(), {"web": a_knative_function(http=[PUBLIC])}).public_http


@pytest.mark.parametrize(
    ("target", "loaded", "spared"), [("knative", "kubernetes", "aws"), ("lambda", "aws", "kubernetes")]
)
def test_a_target_that_nobody_uses_is_not_even_imported(target, loaded, spared):
    program = textwrap.dedent(
        f"""
        import sys, pulumi
        from pulumi.runtime import mocks
        from components.environment import Environment
        from components.environment_args import AwsArgs, EnvironmentArgs
        from components.function.component import Function
        from components.knative_args import KnativeArgs

        class Nothing(mocks.Mocks):
            def new_resource(self, args):
                return args.name, args.inputs
            def call(self, args):
                return {{}}

        mocks.set_mocks(Nothing())
        aws = AwsArgs(account="123456789012", region="eu-central-1")
        knative = KnativeArgs(namespace="n", domain="d", context="c")
        Environment("dev", EnvironmentArgs(environment="dev", target={target!r}, aws=aws, knative=knative))
        assert "pulumi_{loaded}" in sys.modules
        assert "pulumi_{spared}" not in sys.modules, "imported for nothing"
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
