"""Starts, mends, inspects and ends the embedded cluster of a checkout."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import shutil
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock, Timeout

from toolchain.embedded_cluster import content, control, launch, rendering
from toolchain.embedded_cluster import status as state_of
from toolchain.embedded_cluster.api import Api, ApiError
from toolchain.embedded_cluster.components import API_SERVER, RELAY
from toolchain.embedded_cluster.config import Config
from toolchain.embedded_cluster.content import images
from toolchain.embedded_cluster.context import State
from toolchain.embedded_cluster.errors import EmbeddedClusterError
from toolchain.embedded_cluster.launch import require_machine
from toolchain.embedded_cluster.status import Answer, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolchain.progress import Reporter

__all__ = ["Config", "Status", "down", "require_machine", "status", "up"]

_LOCK_S = 900.0
_START_S = 300.0
_STOP_S = 10.0
_LOOK_S = 0.1
_HEAL_S = 10.0
"""How long a part may give no answer while `up` waits for it, before it is restarted."""
_ROUNDS = 3
"""What dies while `up` looks elsewhere, or was dying already, is noticed at its end: it looks again."""
_LINES = 12


def status(config: Config) -> Status:
    """What runs of the cluster and how well; changes nothing."""
    return state_of.look(config)


def up(config: Config, reporter: Reporter) -> Status:
    """Bring the cluster to where every part of it works, from whatever state it is in. Two calls at once start one.

    Args:
        config: The cluster.
        reporter: Told what takes time.

    Raises:
        EmbeddedClusterError: It cannot run here, a port is taken, or a part does not become well; the message names
            the part and its log.
    """
    require_machine()
    try:
        config.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _one_at_a_time(config):
            return _up(config, reporter)
    except OSError as error:
        raise EmbeddedClusterError(
            f"{error.filename or config.state} cannot be used by the embedded cluster: {error.strerror or error}"
        ) from error


def down(config: Config, *, purge: bool = False) -> bool:
    """End the cluster and everything that runs in it.

    Args:
        config: The cluster.
        purge: Whether to remove its data too: the next `up` begins with an empty cluster.

    Returns:
        Whether it ran.

    Raises:
        EmbeddedClusterError: Something of it does not end.
    """
    require_machine()
    if not config.state.exists():
        return False
    with _one_at_a_time(config):
        ran = _end(config)
        if purge:
            for folder in (config.data, config.rendered, config.logs):
                shutil.rmtree(folder, ignore_errors=True)
            config.kubeconfig.unlink(missing_ok=True)
            left = [folder for folder in (config.data, config.rendered, config.logs) if folder.exists()]
            if left:
                raise EmbeddedClusterError(f"{left[0]} could not be removed; remove it by hand")
        return ran


def _up(config: Config, reporter: Reporter) -> Status:
    fresh = not (config.data / "etcd" / "member").is_dir()
    if fresh or state_of.instance(config) is None:
        _end(config)
        _begin(config)
    digest = _digest(config)
    answer = state_of.ask(config)
    started = answer is None or answer.digest != digest
    if started:
        if launch.find(config):
            reporter.say("the embedded cluster hangs or is of another version: starting it again")
            _end(config)
        launch.clean(config, [])
        config.pki.ensure()
        reporter.say(f"starting the embedded cluster ({'empty' if fresh else 'with its data'})")
        rendering.write_all(config, snapshotter=state_of.snapshotter(config), pause_image=_pause_image(config))
        process = launch.start(config, digest)
    else:
        process = None
    for _ in range(_ROUNDS):
        _make_ready(config, reporter, process)
        found = state_of.look(config)
        if found.healthy:
            break
    return dataclasses.replace(found, started=started)


def _make_ready(config: Config, reporter: Reporter, process: subprocess.Popen[bytes] | None) -> None:
    """Wait for the node, and bring its content to what it should be."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        prepared = pool.submit(content.prepare, config.cache, config.binaries, reporter)
        answer = _Waiting(config, reporter, process).until_ready()
        prepared.result()
    supervisor = launch.supervisor(config)
    if supervisor is None:
        raise EmbeddedClusterError(f"the embedded cluster ended while it started; see {config.logs}")
    with Api(config.api_url, config.pki.client("admin")) as api:
        content.install(state_of.context(config, answer, api, supervisor.pid), reporter)


def _begin(config: Config) -> None:
    """Make the folder of a new instance; its id is written last, so that half of it is begun anew."""
    for name in ("etcd", "containerd", "kubelet", "registry", "pki"):
        shutil.rmtree(config.data / name, ignore_errors=True)
    config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    (config.data / "volumes").mkdir(exist_ok=True)
    config.pki.ensure()
    (config.data / "snapshotter").write_text(_best_snapshotter(config), encoding="utf-8")
    (config.data / "instance").write_text(f"{uuid.uuid4()}\n", encoding="utf-8")


def _best_snapshotter(config: Config) -> str:
    """Overlays where the folder's file system allows them, else plain copies."""
    probe = config.data / "overlay-probe"
    names = ("lower", "upper", "work", "merged")
    for name in names:
        (probe / name).mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={probe / 'lower'},upperdir={probe / 'upper'},workdir={probe / 'work'}"
    command = ["unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o", options, str(probe / "merged")]
    works = subprocess.run(command, capture_output=True, check=False).returncode == 0
    shutil.rmtree(probe, ignore_errors=True)
    return "overlayfs" if works else "native"


def _pause_image(config: Config) -> str:
    return images.pause(config.binaries["pause"]).reference


def _digest(config: Config) -> str:
    """Digest of everything that a start is made from."""
    parts = (config.digest(), state_of.instance(config) or "", state_of.snapshotter(config), _pause_image(config))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _end(config: Config) -> bool:
    """End it gently if it listens, else hard."""
    found = launch.find(config)
    if found and control.ask(config.control, {"do": "stop"}) is not None:
        psutil.wait_procs(found, timeout=_STOP_S)
    return launch.end(config) or bool(found)


class _Waiting:
    """Waits until the node is ready, and restarts parts that hang.

    Args:
        config: The cluster.
        reporter: Told what is mended.
        process: The process that holds the cluster, when it was started just now.
    """

    def __init__(self, config: Config, reporter: Reporter, process: subprocess.Popen[bytes] | None) -> None:
        self._config, self._reporter, self._process = config, reporter, process
        self._ill_since: dict[str, float] = {}

    def until_ready(self) -> Answer:
        """Wait until every component is well and the node is Ready.

        Raises:
            EmbeddedClusterError: It ended, or a part is not well in time.
        """
        deadline = time.monotonic() + _START_S
        with Api(self._config.api_url, self._config.pki.client("admin")) as api:
            while True:
                answer = state_of.ask(self._config)
                ill = self._ill(answer, api)
                if answer is not None and not ill:
                    return answer
                if self._process is not None and self._process.poll() is not None:
                    raise EmbeddedClusterError(f"the embedded cluster ended while it started: {self._said()}")
                if self._process is None and answer is None and not launch.find(self._config):
                    raise EmbeddedClusterError("the embedded cluster was ended meanwhile; run the same command again")
                if time.monotonic() > deadline:
                    raise EmbeddedClusterError(self._too_late(ill))
                time.sleep(_LOOK_S)

    def _ill(self, answer: Answer | None, api: Api) -> dict[str, str]:
        """Parts that are not well, with what is wrong; those that hang are restarted."""
        if answer is None:
            return {state_of.SUPERVISOR: "does not answer"}
        ill = {part.name: part.detail for part in answer.parts if part.state is not State.OK}
        if not ill:
            try:
                api.text("/readyz")
            except ApiError as error:
                # An answer that is not fine came from the API server; none at all got lost on the way.
                ill[RELAY if error.status is None else API_SERVER] = str(error)
            else:
                node = state_of.node_part(api, answer.boot)
                if node.state is not State.OK:
                    return {node.name: node.detail}
        # What never answered since its start is starting; only what answered before can hang.
        for name in ill.keys() & {*answer.hung, RELAY}:
            since = self._ill_since.setdefault(name, time.monotonic())
            if self._process is None and time.monotonic() - since > _HEAL_S:
                self._reporter.say(f"{name} hangs: starting it again")
                control.ask(self._config.control, {"do": "restart", "name": name})
                del self._ill_since[name]
        for name in self._ill_since.keys() - ill.keys():
            del self._ill_since[name]
        return ill

    def _said(self) -> str:
        lines = launch.start_log(self._config).read_text("utf-8", "replace").strip().splitlines()
        return "\n".join(lines[-_LINES:]) or f"it said nothing; see {self._config.logs}"

    def _too_late(self, ill: dict[str, str]) -> str:
        first = next(iter(ill))
        wrong = "; ".join(f"{name}: {detail or 'not ready'}" for name, detail in ill.items())
        return (
            f"the embedded cluster is not ready after {_START_S:.0f} s: {wrong}; "
            f"see `slipway cluster logs {first}` or {self._config.logs}"
        )


@contextlib.contextmanager
def _one_at_a_time(config: Config) -> Iterator[None]:
    try:
        with FileLock(config.state / "lock", timeout=_LOCK_S):
            yield
    except Timeout as error:
        raise EmbeddedClusterError(
            f"another command has been starting or stopping the embedded cluster for {_LOCK_S:.0f} s; wait for it, or "
            f"end it"
        ) from error
