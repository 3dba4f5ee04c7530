import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import InputError
from components.names import LIMITS, Names, fit


def test_a_name_is_prefix_environment_and_parts():
    assert Names("slipway", "dev").physical("function", "orders") == "slipway-dev-orders"
    assert Names("slipway", "dev").physical("event-bus") == "slipway-dev"
    assert Names("slipway", "dev").log_group("orders") == "/slipway/dev/orders"


def test_a_name_of_exactly_the_limit_stays_and_one_more_is_hashed():
    assert fit("function", "x" * 64) == "x" * 64
    assert re.fullmatch(r"x{55}-[0-9a-f]{8}", fit("function", "x" * 65))


def test_long_names_that_differ_at_the_end_stay_different_and_stable():
    one, other = fit("role", "x" * 70 + "a"), fit("role", "x" * 70 + "b")
    assert one != other
    assert one == fit("role", "x" * 70 + "a")


def test_a_suffix_survives_the_cut():
    name = fit("queue", "q" * 90, suffix=".fifo")
    assert len(name) == 80
    assert name.endswith(".fifo")


def test_a_cut_leaves_no_separator_before_the_hash():
    assert "--" not in fit("schedule", "a" * 54 + "-" + "b" * 30)


@given(kind=st.sampled_from(sorted(LIMITS)), name=st.from_regex(r"[a-z][a-z0-9-]{0,600}", fullmatch=True))
def test_no_name_is_longer_than_its_kind_allows(kind, name):
    assert 0 < len(fit(kind, name)) <= LIMITS[kind]


def test_one_name_has_one_owner():
    names = Names("slipway", "dev")
    assert names.take("queue", "slipway-dev-a", "queue 'a'") == "slipway-dev-a"
    assert names.take("queue", "slipway-dev-a", "queue 'a'") == "slipway-dev-a"
    assert names.take("role", "slipway-dev-a", "function 'a'") == "slipway-dev-a"
    with pytest.raises(InputError, match=r"function 'b': the queue name 'slipway-dev-a' is taken by queue 'a'; rename"):
        names.take("queue", "slipway-dev-a", "function 'b'")
