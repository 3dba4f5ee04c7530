import pytest
from pulumi.output import Unknown

from components.aws_lambda.alias import weights_of
from components.errors import InputError
from components.function.args import Pointer, Rollout

NEWEST = "7"  # what the mocks answer


def alias(engine):
    return engine.named("orders-alias").inputs


def shared(**pointer):
    return Rollout(canary=10, pointer=Pointer(**pointer))


def test_without_a_rollout_a_new_version_takes_all_calls(deploy, engine, a_function):
    deploy({"orders": a_function()})
    assert alias(engine) == {
        "name": "live",
        "description": "The version that callers reach",
        "functionName": "slipway-dev-orders",
        "functionVersion": NEWEST,
    }


def test_the_first_version_has_nobody_to_share_with(deploy, engine, a_function):
    deploy({"orders": a_function(rollout=Rollout(canary=10))})
    assert (alias(engine)["functionVersion"], "routingConfig" in alias(engine)) == (NEWEST, False)


def test_a_new_version_gets_its_share(deploy, engine, a_function):
    deploy({"orders": a_function(rollout=shared(stable="6"))})
    assert alias(engine)["functionVersion"] == "6"
    assert alias(engine)["routingConfig"] == {"additionalVersionWeights": {NEWEST: 0.1}}
    assert alias(engine)["description"] == "The version that callers reach"


@pytest.mark.parametrize(
    ("pointer", "description"),
    [
        ({"stable": "7"}, "The version that callers reach"),
        ({"stable": "6", "rejected": "5,7"}, "The version that callers reach; rejected: 5,7"),
        ({"stable": "7", "rejected": "6"}, "The version that callers reach; rejected: 6"),
    ],
)
def test_promoted_or_turned_away(deploy, engine, a_function, pointer, description):
    deploy({"orders": a_function(rollout=shared(**pointer))})
    assert alias(engine)["functionVersion"] == pointer["stable"]
    assert alias(engine).get("routingConfig") is None
    assert alias(engine)["description"] == description


def test_a_preview_knows_the_stable_version_but_not_the_new_one(deploy, engine, a_function):
    deploy({"orders": a_function(rollout=shared(stable="6"))}, preview=True)
    assert alias(engine)["functionVersion"] == "6"
    assert isinstance(alias(engine)["routingConfig"], Unknown)


@pytest.mark.parametrize(("canary", "share"), [(1, 0.01), (33, 0.33), (99, 0.99)])
def test_percents_are_shares(canary, share):
    rollout = Rollout(canary=canary, pointer=Pointer(stable="1"))
    assert weights_of("2", rollout) == ("1", {"additional_version_weights": {"2": share}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rollout": Rollout(canary=0)}, r"canary must be 1-99 percent, found 0"),
        ({"rollout": Rollout(canary=5), "min_scale": 1}, r"takes no provisioned concurrency; set min_scale to 0"),
        ({"hosts": ["a.example.com"]}, r"hosts are for Knative"),
    ],
)
def test_what_lambda_does_not_accept(deploy, a_function, changes, message):
    with pytest.raises(InputError, match=message):
        deploy({"orders": a_function(**changes)})
