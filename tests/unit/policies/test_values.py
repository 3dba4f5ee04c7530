"""Plain values, and what is not known yet among them."""

import pulumi
import pytest
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.host.plain import plain
from policies.judge.values import UNKNOWN, Resource, at, document, holds_unknown, items

pytestmark = pytest.mark.unit


def from_engine(properties):
    return plain(unknown_checking_proxy(deserialize_properties(properties)))


def test_what_the_engine_sends_becomes_plain():
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hunter2"}
    asset = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    assert from_engine({"a": [1.0, 1.5, True, None, {"b": "c"}], "s": secret, "f": asset}) == {
        "a": [1, 1.5, True, None, {"b": "c"}],
        "s": "hunter2",
        "f": pulumi.StringAsset.__name__,
    }


def test_an_unknown_value_is_a_mark_wherever_it_stands():
    read = from_engine({"arn": UNKNOWN_STRING_VALUE, "list": [UNKNOWN_STRING_VALUE, "b"], "map": UNKNOWN_OBJECT_VALUE})
    assert read == {"arn": UNKNOWN, "list": [UNKNOWN, "b"], "map": UNKNOWN}
    assert at(read, "arn") is UNKNOWN
    assert at(read, "map.below[3].that") is UNKNOWN
    assert at(read, "list[0]") is UNKNOWN
    assert at(read, "list[1]") == "b"
    assert at(read, "list[2]") is None
    assert at(read, "nothing.here") is None
    assert holds_unknown(read["list"])
    assert not holds_unknown({"a": ["b"]})


def test_an_unknown_value_is_neither_true_nor_false():
    with pytest.raises(TypeError):
        bool(UNKNOWN)


def test_items_of_one_of_several_or_of_nothing():
    assert items(None) == []
    assert items("a") == ["a"]
    assert items(["a", "b"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "read"), [('{"a": 1}', {"a": 1}), ({"a": 1}, {"a": 1}), ("{", None), (None, None), (UNKNOWN, UNKNOWN)]
)
def test_documents(value, read):
    assert document(value) == read


@pytest.mark.parametrize(
    ("props", "name"),
    [
        ({"name": "a"}, "a"),
        ({"bucket": "b"}, "b"),
        ({"metadata": {"name": "c"}}, "c"),
        ({"metadata": UNKNOWN}, None),
        ({"name": UNKNOWN}, None),
        ({}, None),
    ],
)
def test_physical_names(props, name):
    assert Resource(urn="u", type="t", name="n", props=props).physical_name == name
