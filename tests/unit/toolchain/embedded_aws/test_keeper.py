import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from toolchain.embedded_aws import keeper as module
from toolchain.embedded_aws.keeper import Keeper
from toolchain.embedded_aws.snapshot import SnapshotError


def request(operation):
    headers = {"X-Amz-Target": f"Service.{operation}"}
    return Request(EnvironBuilder(method="POST", headers=headers).get_environ())


@pytest.fixture
def keeper(tmp_path, monkeypatch):
    monkeypatch.setattr(module.snapshot, "dump", lambda: b"state")
    made = Keeper(tmp_path)
    made.restore("i" * 36)
    return made


def changed(keeper, operation):
    with keeper.change(request(operation)):
        pass


@pytest.mark.parametrize("operation", ["PutLogEvents", "PutRecord", "PutRecordBatch"])
def test_data_leaves_what_was_saved_usable_and_is_saved_nevertheless(keeper, tmp_path, operation):
    changed(keeper, operation)
    assert not (tmp_path / "aws.changed").exists()
    assert not keeper._due(), "it waits until it is quiet"
    keeper._touched_at -= 10
    assert keeper._due()
    assert keeper.save()
    assert not keeper._due()


def test_data_that_never_rests_is_saved_in_the_end(keeper):
    changed(keeper, "PutLogEvents")
    keeper._saved_at -= 60
    assert keeper._due()


def test_what_is_deployed_marks_the_state_until_it_is_saved(keeper, tmp_path):
    changed(keeper, "CreateLogStream")
    assert (tmp_path / "aws.changed").exists()
    keeper.touch()
    keeper._changed_at -= 10
    assert keeper._due(), "data that keeps coming does not delay it"
    assert keeper.save()
    assert not (tmp_path / "aws.changed").exists()


@pytest.mark.parametrize("fails", [False, True])
def test_those_who_wait_for_a_save_are_told_how_it_went(keeper, monkeypatch, fails):
    told = []

    def begin():
        told.append("begin")
        return told.append

    def dump():
        told.append("dump")
        if fails:
            raise SnapshotError("changed meanwhile")
        return b"state"

    monkeypatch.setattr(module.snapshot, "dump", dump)
    keeper.on_save(begin)
    assert keeper.save() is not fails
    assert told == ["begin", "dump", not fails]
