"""What components create passes every rule, and whatever breaks a control in it is caught by the rules of that control."""

import functools

import pytest

from policies.rules import all_rules
from tests.unit.policies.mutations import MUTATIONS
from tests.unit.policies.recorded import of_components, of_knative, verdicts

pytestmark = pytest.mark.unit

DEFAULTS = [
    "F2",
    "F3",
    "F5",
    "F6",
    "F7",
    "F9",
    "F10",
    "F11",
    "F12",
    "F13",
    "F14",
    "F15",
    "F16",
    "I1",
    "I2",
    "I3",
    "I4",
    "I5",
    "I6",
    "I7",
    "I8",
    "I9",
    "I10",
    "L1",
    "L3",
    "L4",
    "L5",
    "L6",
    "S1",
    "S2",
    "S3",
    "S4",
    "S5",
    "S7",
    "Q1",
    "Q2",
    "Q3",
    "E1",
    "G1",
    "G2",
    "K1",
    "K2",
    "K3",
    "K4",
    "K5",
    "K6",
    "K7",
    "K11",
    "K12",
    "K13",
    "K14",
]
"""Controls that hold wherever components create something."""
CONFIGURABLE = ["F1", "F4", "F8", "L2", "S6", "S8", "K8", "K9", "K10"]
"""Controls that an environment may choose, because they cost something."""
CHOSEN = {
    ("F1", "central-lambda-shipper"): "as many as the stream needs",
    ("F1", "search-lambda-shipper"): "as many as the stream needs",
    ("F1", "push-lambda-shipper"): "as many as the stream needs",
    ("F4", "central-lambda-shipper"): "it talks to AWS alone",
    ("F4", "search-lambda-shipper"): "it talks to AWS alone",
    ("F4", "push-lambda-shipper"): "it talks to AWS alone",
    ("S8", "dev-packages"): "packages are removed when no version needs them",
    ("S8", "search-lambda-bucket"): "the sink has no lock",
    ("S8", "push-lambda-bucket"): "the sink has no lock",
    ("G2", "web-route-get-c7bab4"): "the function says auth: none",
}
"""What advisory rules say of the environment under test, each with the reason."""
DOCUMENTS = {"I1", "I2", "I3", "I4", "I5", "I8", "I9"}
"""Rules that cannot read a document in a preview that makes a key which it names."""
KEYS = {
    "kms_key": "arn:aws:kms:eu-central-1:123456789012:key/ours",
    "permissions_boundary": "arn:aws:iam::123456789012:policy/ours",
}


@functools.cache
def resources(on, *, preview=False, adopted=False):
    if on == "knative":
        return of_knative(preview=preview)
    return of_components(preview=preview, **(KEYS if adopted else {}))


def outcomes(found, outcome):
    return {(rule.id, rule.name, one.urn) for rule, one, verdict in verdicts(found) if verdict.outcome == outcome}


@functools.cache
def failing(on, *, preview=False, adopted=False):
    return outcomes(resources(on, preview=preview, adopted=adopted), "fail")


def test_every_control_has_a_rule_and_a_mutation():
    controls = {*DEFAULTS, *CONFIGURABLE}
    assert {rule.id for rule in all_rules()} == controls
    assert {mutation.id for mutation in MUTATIONS} == controls


def test_rules_are_mandatory_where_components_hold_them_by_default():
    # Where a control has two rules, the second one may only tell what somebody chose.
    mandatory = {rule.id for rule in all_rules() if rule.level == "mandatory"}
    assert mandatory == set(DEFAULTS)


@pytest.mark.parametrize("on", ["lambda", "knative"])
@pytest.mark.parametrize("preview", [False, True])
def test_what_components_create_fails_no_rule_but_by_choice(on, preview):
    found = {
        (rule.id, one.name)
        for rule, one, verdict in verdicts(resources(on, preview=preview))
        if verdict.outcome == "fail"
    }
    assert found == (set(CHOSEN) if on == "lambda" else set())


@pytest.mark.parametrize("on", ["lambda", "knative"])
def test_nothing_is_unknown_after_an_update(on):
    assert outcomes(resources(on), "unknown") == set()


def test_a_preview_that_makes_its_key_leaves_only_documents_unknown():
    assert {rule for rule, *_ in outcomes(resources("lambda", preview=True), "unknown")} == DOCUMENTS


def test_a_preview_with_keys_that_exist_leaves_nothing_unknown():
    assert outcomes(resources("lambda", preview=True, adopted=True), "unknown") == set()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: f"{mutation.id}-{mutation.what}".replace(" ", "_"))
def test_a_mutation_is_caught_by_its_control_and_by_no_other(mutation):
    mutated = mutation.change(resources(mutation.on))
    caught = outcomes(mutated, "fail") - failing(mutation.on)
    assert {rule for rule, *_ in caught} == mutation.expected


@pytest.mark.parametrize(
    "mutation",
    [one for one in MUTATIONS if one.on == "lambda" and one.id != "E1"],
    ids=lambda mutation: f"{mutation.id}-{mutation.what}".replace(" ", "_"),
)
def test_a_preview_catches_it_before_anything_exists(mutation):
    mutated = mutation.change(resources(mutation.on, preview=True, adopted=True))
    caught = outcomes(mutated, "fail") - failing(mutation.on, preview=True, adopted=True)
    assert {rule for rule, *_ in caught} == mutation.expected
