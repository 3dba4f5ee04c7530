import json
import types

import pytest

from slipway.artifacts.images import containerfile
from slipway.cli import preparing
from slipway.cli import toolchain as cli
from toolchain.purposes import Purpose
from toolchain.record import RECORD


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """What is installed for a session on the given targets, in a virtual environment with the given parts."""

    def prepare(*targets, parts=("engine", "aws-provider"), containerfile_path=None, builder=False):
        purposes = []
        monkeypatch.setattr(preparing.sys, "prefix", str(tmp_path))
        monkeypatch.setattr(cli, "install_for", purposes.append)
        monkeypatch.setattr(containerfile, "has_builder", lambda: builder)
        record = {"parts": [{"name": name, "folder": "/x"} for name in parts]}
        (tmp_path / RECORD).write_text(json.dumps(record))
        functions = {"orders": types.SimpleNamespace(containerfile=containerfile_path)}
        preparing.prepare(types.SimpleNamespace(targets=frozenset(targets), functions=functions))
        return purposes

    return prepare


def test_lambda_alone_installs_nothing_that_setup_has_brought(asked):
    assert asked("lambda") == []


def test_lambda_gets_its_provider_where_setup_was_for_knative(asked):
    assert asked("lambda", parts=("engine", "kubernetes-provider")) == [Purpose.LOCAL]


def test_knative_alone_gets_nothing_of_lambda(asked):
    assert asked("knative", parts=("engine",)) == [Purpose.KNATIVE]


def test_both_targets_get_what_both_need(asked):
    assert asked("lambda", "knative", parts=("engine",)) == [Purpose.LOCAL, Purpose.KNATIVE]


@pytest.mark.parametrize(("builder", "purpose"), [(False, Purpose.CONTAINERFILE), (True, Purpose.KNATIVE)])
def test_a_containerfile_gets_a_builder_where_there_is_none(asked, tmp_path, builder, purpose):
    path = tmp_path / "Containerfile"
    assert asked("knative", containerfile_path=path, builder=builder) == [purpose]
