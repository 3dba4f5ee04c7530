import psutil
import pytest

from toolchain.embedded_aws import record
from toolchain.embedded_aws.record import Record


def mine(**changes):
    me = psutil.Process()
    values = {
        "pid": me.pid,
        "created": me.create_time(),
        "instance": "i",
        "state": "/s",
        "api_url": "a",
        "entry_url": "e",
        "code": "c",
    }
    return Record(**{**values, **changes})


def test_what_is_written_is_read(tmp_path):
    record.write(tmp_path, mine())
    assert record.read(tmp_path) == mine()
    assert [path.name for path in tmp_path.iterdir()] == ["daemon.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', "\x00\xff"])
def test_a_damaged_record_is_none(tmp_path, content):
    (tmp_path / "daemon.json").write_text(content)
    assert record.read(tmp_path) is None


def test_a_pid_that_was_given_to_a_stranger_is_not_the_process():
    assert mine().process() is not None
    assert mine(created=mine().created - 60).process() is None
    assert mine(pid=2**22 + 1).process() is None


def test_only_the_own_record_is_removed(tmp_path):
    record.write(tmp_path, mine())
    record.remove(tmp_path, 1)
    assert record.read(tmp_path) is not None
    record.remove(tmp_path, mine().pid)
    assert record.read(tmp_path) is None
