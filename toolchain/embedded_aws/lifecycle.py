"""Starts, inspects and stops the embedded AWS of a checkout; it runs in the background until it is stopped."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import requests
from filelock import FileLock, Timeout

from toolchain import ports
from toolchain.embedded_aws import record
from toolchain.embedded_aws.errors import EmbeddedAwsError
from toolchain.embedded_aws.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolchain.embedded_aws.config import Config

_START_S = 90.0
_STOP_S = 15.0
_ANSWER_S = 10.0
"""How long a daemon of ours may take to answer before it counts as hung."""
_STRANGER_S = 1.0
_LOOK_S = 0.05
_ROOT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What is known of the embedded AWS.

    Attributes:
        running: Whether it runs and answers.
        instance: Id of the AWS that it embeds, or None. Another id than before means that what was deployed is gone.
        pid: Process id, or None.
        api_url: Address of all AWS services.
        entry_url: Address of the HTTP entry.
        log: Its log file.
        started: Whether this very call started it.
    """

    running: bool
    instance: str | None
    pid: int | None
    api_url: str
    entry_url: str
    log: str
    started: bool = False

    def to_json(self) -> dict[str, Any]:
        """The status as JSON values."""
        return dataclasses.asdict(self)


def status(config: Config) -> Status:
    """Whether the embedded AWS of this checkout runs; changes nothing."""
    found = record.read(config.state)
    running = found is not None and found.process() is not None and _ask(found.api_url, _ANSWER_S) == found
    return _status(config, found if running else None)


def start(config: Config, timeout_s: float = _START_S) -> Status:
    """Start it if it does not run, and wait until it answers. Two calls at once start one.

    One that hangs, listens elsewhere, or runs older code than this checkout's is ended first.

    Raises:
        EmbeddedAwsError: A port is taken, or it does not answer within `timeout_s`; the message names the reason.
    """
    try:
        return _start(config, timeout_s)
    except OSError as error:
        raise EmbeddedAwsError(
            f"{config.state} cannot be used by the embedded AWS: {error.strerror or error}; "
            f"free some space there or make it writable, and try again"
        ) from error


def _start(config: Config, timeout_s: float) -> Status:
    config.state.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(config, timeout_s):
        found = record.read(config.state)
        if found is not None and found.process() is not None:
            wanted = (config.api_url, config.entry_url, record.CODE)
            if _ask(found.api_url, _ANSWER_S) == found and (found.api_url, found.entry_url, found.code) == wanted:
                return _status(config, found)
            _end(found)
        deadline = time.monotonic() + timeout_s
        process, log = _spawn(config)
        while time.monotonic() < deadline:
            answer = _ask(config.api_url, _STRANGER_S)
            if answer is not None and answer.state == str(config.state):
                return dataclasses.replace(_status(config, answer), started=answer.pid == process.pid)
            ended = process.poll()
            if ended is not None and ended != record.ALREADY_RUNNING:
                raise EmbeddedAwsError(_why(config, log))
            time.sleep(_LOOK_S)
        process.kill()
        raise EmbeddedAwsError(
            f"the embedded AWS did not answer on {config.api_url} within {timeout_s:.0f} s; see {log}"
        )


def stop(config: Config) -> bool:
    """End it, and everything that it runs.

    Returns:
        Whether it ran.

    Raises:
        EmbeddedAwsError: Another command holds the lock for too long.
    """
    if not config.state.exists():
        return False
    with _one_at_a_time(config, _STOP_S + _START_S):
        found = record.read(config.state)
        if found is None:
            return False
        ran = found.process() is not None
        _end(found)
        record.remove(config.state, found.pid)
        return ran


@contextlib.contextmanager
def _one_at_a_time(config: Config, timeout_s: float) -> Iterator[None]:
    try:
        with FileLock(config.state / "start.lock", timeout=timeout_s):
            yield
    except Timeout as error:
        raise EmbeddedAwsError(
            f"another command has been starting or stopping the embedded AWS for {timeout_s:.0f} s; "
            f"wait for it, or end it"
        ) from error


def _status(config: Config, found: Record | None) -> Status:
    return Status(
        running=found is not None,
        instance=found.instance if found else None,
        pid=found.pid if found else None,
        api_url=found.api_url if found else config.api_url,
        entry_url=found.entry_url if found else config.entry_url,
        log=str(config.state / "log.txt"),
    )


def _ask(api_url: str, timeout_s: float) -> Record | None:
    """Who answers on an API port; None when nobody does, or a stranger."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            response = session.get(f"{api_url}/_slipway/status", timeout=timeout_s)
            values = response.json()
        except (requests.RequestException, ValueError):
            return None
    if not isinstance(values, dict) or values.get("service") != record.SERVICE:
        return None
    return Record.from_json(values)


def _spawn(config: Config) -> tuple[subprocess.Popen[bytes], Path]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    path = os.pathsep.join(part for part in (str(_ROOT), inherited.get("PYTHONPATH", "")) if part)
    environment = {
        **inherited,
        "PYTHONPATH": path,
        "MOTO_ACCOUNT_ID": config.account,
        "MOTO_DISABLE_GLOBAL_CORS": "true",
        "MOTO_PORT": str(config.api_port),
    }
    output = config.state / "output.txt"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "toolchain.embedded_aws.daemon", config.to_json(), str(uuid.uuid4())],
            cwd=config.state,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process, output


def _why(config: Config, output: Path) -> str:
    for port in (config.api_port, config.entry_port):
        holder = _holder(port)
        if holder:
            return (
                f"port {port} of the embedded AWS is taken by {holder}; stop that, or choose another port in "
                f"stacks/Pulumi.local.yaml"
            )
    lines = output.read_text("utf-8", "replace").strip()[-2000:]
    return f"the embedded AWS ended while it started: {lines or 'it said nothing'}; see {config.state / 'log.txt'}"


def _holder(port: int) -> str | None:
    """The process that listens on a port, in words, or None when nobody does."""
    answer = _ask(f"http://127.0.0.1:{port}", _STRANGER_S)
    if answer is not None:
        return f"the embedded AWS of another checkout ({answer.state}, process {answer.pid})"
    found = ports.holder(port)
    return str(found) if found else None


def _end(found: Record) -> None:
    process = found.process()
    if process is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(_STOP_S)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(_STOP_S)
