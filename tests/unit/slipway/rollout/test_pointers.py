import dataclasses

import pytest

from components.function.args import Pointer as ComponentPointer
from slipway.core.errors import EngineError
from slipway.core.project import Project
from slipway.core.settings import Settings
from slipway.rollout import pointers
from slipway.rollout.pointers import Pointer
from slipway.running.releases import Release, Version

SETTINGS = Settings.model_validate({"target": "knative"}).named("dev")
ORDERS = Release(
    function="orders",
    stable="r1",
    candidate="r2",
    percent=10,
    rejected=("h0", "h9"),
    latest="r2",
    versions=(Version(name="r1", identity="h1"), Version(name="r2", identity="h2")),
)


class Runners:
    def __init__(self, releases):
        self.releases, self.asked = releases, []

    def runner(self, target):
        self.asked.append(target)
        return self

    def release(self, name):
        found = self.releases[name]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def read(monkeypatch, tmp_path):
    def run(releases, functions):
        runners = Runners(releases)
        monkeypatch.setattr(pointers, "Targets", lambda settings, kubeconfig: runners)
        return pointers.read(Project(tmp_path), SETTINGS, functions), runners.asked

    return run


def test_a_pointer_says_what_is_stable_by_reference_and_identity(read):
    found, asked = read({"orders": ORDERS, "young": None}, {"orders": "knative", "young": "lambda"})
    assert found == {"orders": Pointer(stable="r1", current="h1", latest="h2", rejected="h0,h9")}
    assert sorted(asked) == ["knative", "lambda"]


def test_nothing_is_asked_for_nothing(read):
    assert read({}, {}) == ({}, [])


def test_without_an_answer_nothing_can_be_planned(read):
    with pytest.raises(EngineError, match="the cluster is down"):
        read({"orders": EngineError("the cluster is down")}, {"orders": "knative"})


def test_versions_that_are_gone_are_unknown():
    bare = dataclasses.replace(ORDERS, versions=(), rejected=())
    assert pointers.pointer_of(bare) == Pointer(stable="r1", current=None, latest=None, rejected=None)


def test_components_take_exactly_these_fields():
    names = [field.name for field in dataclasses.fields(Pointer)]
    assert sorted(names) == sorted(field.name for field in dataclasses.fields(ComponentPointer))
