import pulumi
import pytest
from pulumi_aws import sqs

from components.base import Component, type_token
from components.errors import InputError


class Pair(Component):
    KIND = "Pair"

    def __init__(self, name, *, transforms=None, opts=None, part="side", **child):
        super().__init__(name, opts or pulumi.ResourceOptions(), tags={"owner": "t"}, transforms=transforms or {})
        self.child("main", sqs.Queue, {"name": "m", "policy": None}, primary=True)
        self.child(part, sqs.Queue, {"name": "s"}, **child)
        self.finish({"count": 2})


def test_tokens_are_of_the_module_index():
    assert type_token("Function") == "slipway:index:Function"


def test_the_primary_child_has_the_name_and_others_a_part(engine):
    pair = engine.run(lambda: Pair("orders"))
    assert engine.children("orders") == {("Queue", "orders"), ("Queue", "orders-side")}
    assert list(pair.nodes) == ["main", "side"]
    assert engine.outputs("orders") == {"count": 2}


def test_arguments_that_are_none_are_not_sent(engine):
    engine.run(lambda: Pair("orders"))
    assert engine.named("orders", "Queue").inputs == {"name": "m", "tags": {"owner": "t"}}


def test_options_of_a_child(engine):
    engine.run(lambda: Pair("orders", aliases=[pulumi.Alias(name="old")], protect=True, tags={"commit": "c"}))
    side = engine.named("orders-side")
    assert side.aliases == ("old",)
    assert side.protect
    assert side.tags == {"owner": "t", "commit": "c"}
    assert side.parent == "orders"


def test_options_of_the_caller_reach_the_component_and_not_its_children(engine):
    engine.run(
        lambda: Pair("orders", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="before")], protect=False))
    )
    assert engine.named("orders", "Pair").aliases == ("before",)
    # The SDK itself derives a child's alias from its parent's; none is the parent's own.
    assert all("::before" not in alias for alias in engine.named("orders", "Queue").aliases)


def test_a_dependency_without_an_argument_is_sent(engine):
    def program():
        first = sqs.Queue("first")
        return Pair("orders", depends_on=[first])

    engine.run(program)
    assert engine.named("orders-side").depends_on >= {"first"}


@pytest.mark.parametrize("part", ["Side", "a--b", "-a", "", "a_b", "main"])
def test_parts_are_in_kebab_case_and_used_once(engine, part):
    with pytest.raises(ValueError, match="kebab case and used once"):
        engine.run(lambda: Pair("orders", part=part))


@pytest.mark.parametrize("name", ["Orders", "a_b", "-a", "a-", ""])
def test_names_of_components_are_lower_case_words(engine, name):
    with pytest.raises(InputError, match=r"Pair '.*': name must consist of lower-case"):
        engine.run(lambda: Pair(name))


def test_a_transform_changes_arguments_and_options(engine):
    def transform(args, opts):
        return args | {"delay_seconds": 5}, pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=True))

    engine.run(lambda: Pair("orders", transforms={"side": transform}))
    side = engine.named("orders-side")
    assert side.inputs["delaySeconds"] == 5
    assert side.inputs["tags"] == {"owner": "t"}
    assert side.protect
    assert side.parent == "orders"


def test_a_transform_for_an_unknown_part_names_the_nearest(engine):
    with pytest.raises(
        InputError, match=r"Pair 'orders': transforms has 'sied', .*did you mean 'side'\? Allowed: main, side"
    ):
        engine.run(lambda: Pair("orders", transforms={"sied": lambda a, o: (a, o)}))


@pytest.mark.parametrize("wrong", [None, {}, ({},), ({}, {}), ([], pulumi.ResourceOptions())])
def test_a_transform_must_return_arguments_and_options(engine, wrong):
    with pytest.raises(InputError, match="must return"):
        engine.run(lambda: Pair("orders", transforms={"side": lambda a, o: wrong}))
