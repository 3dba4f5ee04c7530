import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from toolchain.embedded_aws import lifecycle, record
from toolchain.embedded_aws.errors import EmbeddedAwsError

SOURCE = "import os\ndef handle(event, context):\n    return os.getpid()\n"


def kill(pid):
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)


def until_saved(config):
    """Wait until the last change is saved, which the mark's absence says."""
    gone = threading.Event()
    for _ in range(400):
        if not (config.state / "aws.changed").exists():
            return
        gone.wait(0.05)
    pytest.fail("the state was not saved within 20 s")


def test_start_is_idempotent_and_stop_leaves_nothing(own):
    assert lifecycle.status(own).running is False
    first = lifecycle.start(own)
    second = lifecycle.start(own)
    assert (first.started, second.started) == (True, False)
    assert (first.instance, first.pid) == (second.instance, second.pid)
    assert lifecycle.status(own) == second
    assert lifecycle.stop(own) is True
    assert lifecycle.stop(own) is False
    assert lifecycle.status(own).running is False
    assert not psutil.pid_exists(first.pid)


def test_two_starts_at_once_make_one(own):
    found = []
    threads = [threading.Thread(target=lambda: found.append(lifecycle.start(own))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({status.pid for status in found}) == 1
    assert [status.started for status in found].count(True) == 1


def test_sandboxes_end_with_a_killed_daemon(own, connect):
    status = lifecycle.start(own)
    aws = connect(own)
    sandbox = psutil.Process(aws.invoke(aws.deploy(SOURCE))["Body"])
    kill(status.pid)
    assert psutil.wait_procs([sandbox], timeout=10)[1] == []


def test_what_was_deployed_survives_a_kill_and_a_restart(own, connect):
    before = lifecycle.start(own)
    aws = connect(own)
    name = aws.deploy(SOURCE, alias="live")
    aws.client("ssm").put_parameter(Name="/p", Value="v", Type="String")
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    secret = aws.client("kms").encrypt(KeyId=key, Plaintext=b"hush")["CiphertextBlob"]
    url, _ = aws.queue()
    until_saved(own)
    kill(before.pid)
    after = lifecycle.start(own)
    assert after.instance == before.instance
    assert isinstance(aws.invoke(f"{name}:live")["Body"], int)
    assert aws.client("ssm").get_parameter(Name="/p")["Parameter"]["Value"] == "v"
    assert aws.client("kms").decrypt(CiphertextBlob=secret)["Plaintext"] == b"hush"
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="kept")
    lifecycle.stop(own)
    assert lifecycle.start(own).instance == before.instance
    assert [message["Body"] for message in aws.receive(url)] == ["kept"]


def test_a_kill_in_the_middle_of_a_change_begins_a_new_instance(own, connect):
    before = lifecycle.start(own)
    aws = connect(own)
    aws.queue("kept")
    until_saved(own)
    os.kill(before.pid, signal.SIGSTOP)
    (own.state / "aws.changed").touch()
    kill(before.pid)
    assert lifecycle.start(own).instance != before.instance
    assert "QueueUrls" not in aws.client("sqs").list_queues()


@pytest.mark.parametrize("content", [b"", b"rubbish", b"x" * 5000])
def test_a_damaged_saved_state_begins_a_new_instance(own, content):
    before = lifecycle.start(own)
    lifecycle.stop(own)
    (own.state / "aws.state").write_bytes(content)
    after = lifecycle.start(own)
    assert after.running
    assert after.instance != before.instance


def test_the_saved_state_is_for_its_owner_only(own, connect):
    lifecycle.start(own)
    connect(own).queue()
    until_saved(own)
    assert (own.state / "aws.state").stat().st_mode & 0o077 == 0


def test_a_hung_daemon_is_replaced(own, monkeypatch):
    monkeypatch.setattr(lifecycle, "_ANSWER_S", 0.5)
    monkeypatch.setattr(lifecycle, "_STOP_S", 1)
    hung = lifecycle.start(own)
    os.kill(hung.pid, signal.SIGSTOP)
    fresh = lifecycle.start(own)
    assert fresh.pid != hung.pid
    assert fresh.running


def test_one_that_runs_older_code_is_replaced(own, monkeypatch):
    older = lifecycle.start(own)
    monkeypatch.setattr(record, "CODE", "newer")
    assert lifecycle.start(own).pid != older.pid


def test_a_start_that_was_killed_half_way_is_healed(own):
    own.state.mkdir(parents=True)
    script = f"from toolchain.embedded_aws import lifecycle, config; lifecycle.start(config.Config.from_json({own.to_json()!r}))"
    starter = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    while not (own.state / "output.txt").exists() and starter.poll() is None:
        pass
    starter.kill()
    starter.wait(10)
    status = lifecycle.start(own)
    assert status.running
    daemons = [p for p in psutil.process_iter(["cmdline"]) if str(own.state) in " ".join(p.info["cmdline"] or [])]
    assert [p.pid for p in daemons] == [status.pid]


def test_a_record_of_a_stranger_is_never_killed(own):
    own.state.mkdir(parents=True)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        found = record.Record(
            pid=stranger.pid,
            created=psutil.Process(stranger.pid).create_time() - 1000,
            instance="i",
            state=str(own.state),
            api_url=own.api_url,
            entry_url=own.entry_url,
            code=record.CODE,
        )
        record.write(own.state, found)
        assert lifecycle.status(own).running is False
        assert lifecycle.stop(own) is False
        assert lifecycle.start(own).running
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait(10)


@pytest.mark.parametrize("which", ["api_port", "entry_port"])
def test_a_taken_port_is_named_with_its_process(own, which):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = dataclasses.replace(own, **{which: taken.getsockname()[1]})
        with pytest.raises(EmbeddedAwsError) as refused:
            lifecycle.start(config, timeout_s=30)
    message = str(refused.value)
    assert f"port {getattr(config, which)} of the embedded AWS is taken by" in message
    assert f"(process {os.getpid()})" in message
    assert "stacks/Pulumi.local.yaml" in message
    assert lifecycle.status(config).running is False


def test_the_embedded_aws_of_another_checkout_is_named(own, tmp_path):
    other = dataclasses.replace(own, state=tmp_path / "other")
    lifecycle.start(other)
    try:
        with pytest.raises(EmbeddedAwsError, match="embedded AWS of another checkout") as refused:
            lifecycle.start(own, timeout_s=30)
    finally:
        lifecycle.stop(other)
    assert str(other.state) in str(refused.value)
