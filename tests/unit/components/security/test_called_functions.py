"""Functions of an environment that other functions call."""

import json

import pytest

from components.environment_args import CatalogueEntry
from components.errors import InputError
from components.function.args import Grant

CALLS = [Grant(kind="function", name="pricing", verbs=["invoke"])]
PRICING = "arn:aws:lambda:eu-central-1:123456789012:function:slipway-dev-pricing:live"


def test_on_lambda_it_is_told_the_alias_and_may_invoke_nothing_else(deploy, engine, a_function):
    deploy({"orders": a_function(grants=CALLS), "pricing": a_function()})
    made = next(r.inputs for r in engine.registered if r.type == "aws:lambda/function:Function" and r.name == "orders")
    assert made["environment"]["variables"]["FUNCTION_PRICING_ARN"] == PRICING
    policy = json.loads(engine.named("orders-role-policy").inputs["policy"])
    assert [s for s in policy["Statement"] if s["Action"] == ["lambda:InvokeFunction"]] == [
        {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": [PRICING]}
    ]


def test_two_functions_may_call_each_other(deploy, engine, a_function):
    back = [Grant(kind="function", name="orders", verbs=["invoke"])]
    deploy({"orders": a_function(grants=CALLS), "pricing": a_function(grants=back)})
    for name, other in (("orders", "pricing"), ("pricing", "orders")):
        made = [r for r in engine.registered if r.type == "aws:lambda/function:Function" and r.name == name]
        assert not any(needed.startswith(other) for needed in made[0].depends_on)


def test_on_knative_it_is_told_the_address_and_may_talk_to_the_ingress(to_knative, engine, a_knative_function):
    to_knative({"orders": a_knative_function(grants=CALLS), "pricing": a_knative_function()})
    service = next(r.inputs for r in engine.registered if r.name == "orders" and r.kind == "Service")
    env = {item["name"]: item.get("value") for item in service["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["FUNCTION_PRICING_URL"] == "http://pricing.slipway-dev.svc.cluster.local"
    [rule] = engine.named("orders-network").inputs["spec"]["egress"]
    assert rule["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kourier-system"}}}]


@pytest.mark.parametrize("name", ["missing", "shop"])
def test_what_is_no_function_of_this_target_is_refused(deploy, a_function, a_knative, a_knative_function, name):
    calls = [Grant(kind="function", name=name, verbs=["invoke"])]
    functions = {"orders": a_function(grants=calls), "shop": a_knative_function()}
    with pytest.raises(InputError, match=f"uses function '{name}': it is no function of the environment on Lambda"):
        deploy(functions, knative=a_knative())


def test_the_same_on_knative(to_knative, a_knative_function):
    calls = [Grant(kind="function", name="missing", verbs=["invoke"])]
    with pytest.raises(InputError, match="uses function 'missing': it is no function of the environment on Knative"):
        to_knative({"orders": a_knative_function(grants=calls)})


def test_functions_are_not_written_into_a_catalogue(deploy):
    with pytest.raises(InputError, match="functions are no entries of a catalogue; make the args with"):
        deploy(catalogue=[CatalogueEntry(kind="function", name="pricing")], targets=["lambda"])
