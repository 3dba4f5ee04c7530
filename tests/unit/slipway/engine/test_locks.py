import datetime as dt
import json
import os
import socket
import subprocess
import sys

import psutil
import pytest

from slipway.core.project import Project
from slipway.engine import locks
from slipway.engine.backend import Backend
from slipway.engine.locks import Lock, LockedError
from slipway.engine.workspace import DRIVER_VARIABLE, driver_mark

HOST = socket.gethostname()
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def backend(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\nbackend: {url: 'file://./.slipway/state'}\n")
    return Backend.of(Project(tmp_path))


def write(backend, name="a", **content):
    folder = backend.folder / ".pulumi" / "locks" / "organization" / "slipway" / "local"
    folder.mkdir(parents=True, exist_ok=True)
    whole = {
        "pid": os.getpid(),
        "username": "ada",
        "hostname": HOST,
        "timestamp": "2026-11-22T09:03:42.123456789+00:00",
        **content,
    }
    (folder / f"{name}.json").write_text(json.dumps(whole))


def test_a_lock_file_of_the_engine_is_read(backend):
    write(backend, pid=77)
    ((_, lock),) = locks.held(backend, "local")
    assert (lock.pid, lock.user, lock.host) == (77, "ada", HOST)
    assert lock.since == dt.datetime(2026, 11, 22, 9, 3, 42, 123456, tzinfo=dt.UTC)
    assert locks.held(backend, "dev") == []


def test_a_half_written_lock_is_stale(backend):
    write(backend)
    path = backend.locks("local")[0]
    path.write_text('{"pid": 1')
    ((_, lock),) = locks.held(backend, "local")
    assert locks.is_stale(lock)


def test_a_living_holder_is_not_stale_and_a_dead_one_is():
    assert not locks.is_stale(Lock(os.getpid(), "ada", HOST, NOW))
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert locks.is_stale(Lock(done.pid, "ada", HOST, NOW))


def test_a_number_that_was_given_to_a_later_process_is_stale():
    before = dt.datetime.fromtimestamp(psutil.Process().create_time(), dt.UTC) - dt.timedelta(hours=1)
    assert locks.is_stale(Lock(os.getpid(), "ada", HOST, before))


def test_nothing_is_said_about_other_hosts():
    lock = Lock(os.getpid(), "ada", "elsewhere", NOW)
    assert not locks.is_stale(lock)
    assert not locks.is_abandoned(lock)


@pytest.fixture
def engine():
    """Starts processes that look like engines driven by somebody."""
    started = []

    def start(mark):
        environment = dict(os.environ)
        environment.pop(DRIVER_VARIABLE, None)
        if mark is not None:
            environment[DRIVER_VARIABLE] = mark
        process = subprocess.Popen(
            [sys.executable, "-c", "print(1, flush=True); input()"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout.readline() == b"1\n"
        started.append(process)
        return Lock(process.pid, "ada", HOST, dt.datetime.now(dt.UTC)), process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_an_engine_is_abandoned_when_its_driver_died(engine):
    assert not locks.is_abandoned(engine(driver_mark())[0])
    assert not locks.is_abandoned(engine(None)[0])
    assert not locks.is_abandoned(engine("nonsense")[0])
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    assert locks.is_abandoned(engine(f"{dead.pid}:1.0")[0])
    assert locks.is_abandoned(engine(f"{os.getpid()}:1.0")[0])


def test_stop_ends_the_process(engine):
    lock, process = engine(None)
    locks.stop(lock)
    process.wait(10)
    assert not psutil.pid_exists(lock.pid)
    locks.stop(lock)


def test_waiting_ends_when_only_dead_ones_hold_the_stack(backend):
    write(backend, pid=0)
    locks.wait(backend, "local", 0)


def test_a_living_holder_is_named_with_what_to_do(backend):
    write(backend, timestamp=NOW.isoformat())
    with pytest.raises(LockedError) as caught:
        locks.wait(backend, "local", 0)
    text = str(caught.value)
    assert f"process {os.getpid()} of ada@{HOST} since" in text
    assert "--wait" in text
    assert "pulumi cancel --yes local" in text
    assert caught.value.exit_status == 3


def test_holders_are_read_from_the_engines_message_for_any_backend():
    message = (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the "
        "lock file with `pulumi cancel`.\n  s3://states/.pulumi/locks/x.json: created by ci@runner-7 (pid 15) at 2026-11-22T09:07:08Z"
    )
    assert locks.locks_in(message) == [Lock(15, "ci", "runner-7", dt.datetime(2026, 11, 22, 9, 7, 8, tzinfo=dt.UTC))]
