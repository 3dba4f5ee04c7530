"""Which resource a property names, before and after its name is known."""

import pytest

from policies.judge.links import is_set, names, parts_of_arn, refers
from policies.judge.values import UNKNOWN, Resource

pytestmark = pytest.mark.unit


def resource(props, name="one", **more):
    return Resource(urn=f"urn:{name}", type="t", name=name, props=props, **more)


@pytest.mark.parametrize(
    ("arn", "called"),
    [
        ("arn:aws:lambda:r:1:function:orders:live", "orders"),
        ("arn:aws:sqs:r:1:jobs", "jobs"),
        ("arn:aws:logs:r:1:log-group:/slipway/dev/orders:*", "/slipway/dev/orders"),
        ("arn:aws:firehose:r:1:deliverystream/central", "central"),
        ("arn:aws:iam::1:role/path/orders", "orders"),
        ("arn:aws:s3:::reports/a/b", "reports"),
    ],
)
def test_an_arn_names_a_resource(arn, called):
    assert called in parts_of_arn(arn)
    assert names(arn, resource({"name": called}))
    assert not names(arn, resource({"name": f"{called}-2"}))


def test_neither_version_nor_key_is_the_resource():
    assert "live" not in parts_of_arn("arn:aws:lambda:r:1:function:orders:live")
    assert "b" not in parts_of_arn("arn:aws:s3:::reports/a/b")
    assert parts_of_arn("orders:live") == ()


def test_what_is_not_known_yet_is_told_by_where_it_comes_from():
    bucket, other = resource({"bucket": UNKNOWN}, "bucket"), resource({"bucket": UNKNOWN}, "other")
    told = resource({"bucket": UNKNOWN}, sources={"bucket": ["urn:bucket"]})
    assert refers(told, "bucket", bucket) is True
    assert refers(told, "bucket", other) is False
    assert refers(resource({"bucket": UNKNOWN}), "bucket", bucket) is None


def test_parts_of_a_property_come_from_where_the_property_does():
    told = resource({"rules": [{"target": UNKNOWN}]}, sources={"rules": ["urn:x"]})
    assert refers(told, "rules[0].target", resource({}, "x")) is True


@pytest.mark.parametrize("value", [UNKNOWN, "arn"])
def test_set(value):
    assert is_set(value)


@pytest.mark.parametrize("value", [None, "", "  ", 0, ["arn"], {}])
def test_not_set(value):
    assert not is_set(value)
