import re

import pytest

from components.knative.labels import labels_of, word

VALID = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")


@pytest.mark.parametrize("text", ["", "team-payments", "a", "1.2_3", "x" * 63])
def test_what_fits_stays_as_it_is(text):
    assert word(text) == text


@pytest.mark.parametrize("text", ["team payments", "ä", "x" * 64, "-a", "a-", "payments@example.com", "a/b", "///"])
def test_what_does_not_fit_becomes_a_word_of_its_own(text):
    assert VALID.fullmatch(word(text))
    assert word(text) != text
    assert word(text) != word(text + "!")
    assert word(text) == word(text)


def test_the_whole_value_stays_readable():
    labels, annotations = labels_of({"owner": "payments@example.com", "environment": "dev", "Cost Center": "47 11"})
    assert labels["slipway.io/environment"] == "dev"
    assert labels["slipway.io/owner"].startswith("payments-example.com-")
    assert annotations["slipway.io/owner"] == "payments@example.com"
    (key,) = [key for key in labels if key.startswith("tags.slipway.io/")]
    assert VALID.fullmatch(key.split("/")[1])
    assert annotations[key] == "47 11"


def test_operators_cannot_take_a_label_of_ours():
    labels, _ = labels_of({"function": "orders", "slipway.io/function": "other"})
    assert labels["slipway.io/function"] == "orders"
    assert [key for key in labels if key.startswith("tags.slipway.io/")]
