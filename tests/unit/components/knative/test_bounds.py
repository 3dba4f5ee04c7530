"""Quota of a namespace and bounds of its containers."""

import pytest

from components.environment_args import CatalogueEntry, Egress
from components.errors import InputError
from components.knative.template import cpu_of
from components.knative_args import DeadLetters, Quota


def test_the_quota_is_that_of_the_environment(to_knative, engine, a_knative):
    to_knative(knative=a_knative(quota=Quota(cpu=4, memory="8Gi", pods=30, storage="2Gi")))
    assert engine.named("dev-quota").inputs["spec"] == {
        "hard": {
            "limits.memory": "8Gi",
            "pods": "30",
            "requests.cpu": "4",
            "requests.storage": "2Gi",
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
    }


def test_a_container_that_says_nothing_gets_bounds(to_knative, engine):
    to_knative()
    (limit,) = engine.named("dev-limits").inputs["spec"]["limits"]
    assert limit["type"] == "Container"
    assert set(limit["default"]) == set(limit["defaultRequest"]) == {"cpu", "memory"}


def test_the_largest_function_is_within_the_largest_container(to_knative, engine):
    to_knative()
    (limit,) = engine.named("dev-limits").inputs["spec"]["limits"]
    assert limit["max"] == {"cpu": "8", "memory": "10Gi"}
    assert cpu_of(10240)[1] == "5789m"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quota": Quota(memory="8GB")}, "quota memory must be like 500Mi or 1Gi, found '8GB'"),
        ({"quota": Quota(storage="1TB")}, "quota storage must be like 500Mi or 1Gi, found '1TB'"),
        (
            {"dead_letters": DeadLetters(size="21Gi")},
            "dead_letters size 21Gi is more than quota storage 20Gi; lower it, or raise the quota",
        ),
    ],
)
def test_bounds_that_make_no_sense_are_refused(to_knative, a_knative, changes, message):
    with pytest.raises(InputError, match=message):
        to_knative(knative=a_knative(**changes))


def test_no_way_leads_to_metadata_alone(to_knative):
    entry = CatalogueEntry(
        kind="service", name="imds", address="http://m.example", egress=[Egress(cidr="169.254.169.254/32")]
    )
    with pytest.raises(InputError, match=r"service 'imds' has egress to 169\.254\.169\.254/32, where machines of"):
        to_knative(catalogue=[entry])
