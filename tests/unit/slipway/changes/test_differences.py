"""Differences of values as paths."""

import pytest

from slipway.changes.differences import differences


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"a": 2, "c": 3}, ["a", "b", "c"]),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, ["a.b.c"]),
        ({"a": [{"b": 1}, 2]}, {"a": [{"b": 3}, 2]}, ["a[0].b"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a"]),
        ({"a": None}, {"a": {"b": 1}}, ["a"]),
    ],
)
def test_paths(old, new, paths):
    assert list(differences(old, new)) == paths
