"""What is known of an embedded cluster, and how it is found out without changing anything."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from typing import TYPE_CHECKING, Any

from toolchain.embedded_cluster import content, control, launch, network
from toolchain.embedded_cluster.api import Api, ApiError
from toolchain.embedded_cluster.context import Context, Part, State
from toolchain.embedded_cluster.errors import EmbeddedClusterError
from toolchain.embedded_cluster.rendering import CONTAINERD_SOCKET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from toolchain.embedded_cluster.config import Config

SUPERVISOR = "supervisor"
NODE = "node"
_CONTAINERD_NAMESPACE = "k8s.io"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What is known of an embedded cluster.

    Attributes:
        running: Whether its supervisor runs.
        healthy: Whether every part of it is well.
        instance: Id that is new whenever its data is; None before the first start. Another one than before means that
            what was deployed is gone.
        kubeconfig: File with the context `slipway`.
        api_url: The API server.
        entry_url: HTTP entry of functions.
        registry: The image registry, `host:port`.
        logs: Folder of logs.
        parts: Every part; empty when it does not run.
        started: Whether this very call started it.
    """

    running: bool
    healthy: bool
    instance: str | None
    kubeconfig: Path
    api_url: str
    entry_url: str
    registry: str
    logs: Path
    parts: tuple[Part, ...] = ()
    started: bool = False

    def to_json(self) -> dict[str, Any]:
        """The status as JSON values."""
        return {
            **dataclasses.asdict(self),
            "kubeconfig": str(self.kubeconfig),
            "logs": str(self.logs),
            "parts": [part.to_json() for part in self.parts],
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What the supervisor says of itself.

    Attributes:
        digest: What it was started from.
        boot: Id of this boot of the node.
        booted_at: When it started.
        parts: Its components, with process ids on the node.
        hung: Names of those that were well and give no good answer now.
    """

    digest: str
    boot: str
    booted_at: dt.datetime
    parts: tuple[Part, ...]
    hung: frozenset[str]

    @classmethod
    def of(cls, values: Mapping[str, Any] | None) -> Answer | None:
        """The answer in JSON values; None when there is none, or it is another version's."""
        try:
            assert values is not None
            parts = tuple(
                Part(name=part["name"], state=State(part["state"]), pid=part["pid"], detail=part["detail"])
                for part in values["parts"]
            )
            booted_at = dt.datetime.fromtimestamp(values["bootedAt"], dt.UTC)
            hung = frozenset(part["name"] for part in values["parts"] if part["hangs"])
            return cls(values["digest"], values["boot"], booted_at, parts, hung)
        except (AssertionError, KeyError, TypeError, ValueError):
            return None


def ask(config: Config) -> Answer | None:
    """What the supervisor says of itself; None when it does not answer."""
    return Answer.of(control.ask(config.control, {"do": "status"}))


def instance(config: Config) -> str | None:
    """Id of the data that lies in the folder; None when there is none."""
    try:
        return (config.data / "instance").read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def look(config: Config) -> Status:
    """The status of a cluster; changes nothing."""
    process = launch.supervisor(config)
    if process is None:
        return _status(config, running=False, parts=())
    answer = ask(config)
    if answer is None and os.geteuid() != 0:
        hidden = Part(name=SUPERVISOR, state=State.UNKNOWN, pid=process.pid, detail="only root may ask it")
        return _status(config, running=True, parts=[hidden])
    if answer is None:
        silent = Part(name=SUPERVISOR, state=State.FAILED, pid=process.pid, detail="does not answer")
        return _status(config, running=True, parts=[silent])
    pids = launch.node_pids(process)
    components = [dataclasses.replace(part, pid=pids.get(part.pid or 0)) for part in answer.parts]
    with Api(config.api_url, config.pki.client("admin")) as api:
        node = node_part(api, answer.boot)
        parts = [Part(name=SUPERVISOR, state=State.OK, pid=process.pid), *components, node]
        if node.state is not State.UNKNOWN:
            try:
                parts += content.inspect(context(config, answer, api, process.pid))
            except EmbeddedClusterError as error:
                parts.append(Part(name="content", state=State.UNKNOWN, detail=str(error)))
    return _status(config, running=True, parts=parts)


def node_part(api: Api, boot: str) -> Part:
    """The node as the API server knows it: ready only when the kubelet of this boot has said so."""
    try:
        node = api.get(f"/api/v1/nodes/{network.NODE_NAME}")
    except ApiError as error:
        return Part(name=NODE, state=State.UNKNOWN, detail=str(error))
    if node is None or node["status"].get("nodeInfo", {}).get("bootID") != boot:
        return Part(name=NODE, state=State.STARTING, detail="not registered yet")
    ready = [entry for entry in node["status"].get("conditions", []) if entry["type"] == "Ready"]
    if ready and ready[0]["status"] == "True":
        return Part(name=NODE, state=State.OK)
    return Part(name=NODE, state=State.STARTING, detail=ready[0].get("message", "") if ready else "no condition yet")


def context(config: Config, answer: Answer, api: Api, supervisor_pid: int) -> Context:
    """What the content works with on a running node."""
    ctr = config.binaries.get("ctr")
    return Context(
        kubeconfig=config.kubeconfig,
        registry=config.registry,
        binaries=config.binaries,
        cache=config.cache,
        booted_at=answer.booted_at,
        api=api,
        log_folder=config.logs,
        ctr=(
            *("nsenter", f"--target={supervisor_pid}", "--mount", "--"),
            *(str(ctr or "ctr"), f"--address={CONTAINERD_SOCKET}", f"--namespace={_CONTAINERD_NAMESPACE}"),
        ),
        snapshotter=snapshotter(config),
        volumes=config.data / "volumes",
    )


def snapshotter(config: Config) -> str:
    """What containerd makes root file systems with, as it was found out when the data was begun."""
    return (config.data / "snapshotter").read_text(encoding="utf-8").strip()


def _status(config: Config, *, running: bool, parts: Sequence[Part]) -> Status:
    return Status(
        running=running,
        healthy=running and bool(parts) and all(part.state is State.OK for part in parts),
        instance=instance(config),
        kubeconfig=config.kubeconfig,
        api_url=config.api_url,
        entry_url=config.entry_url,
        registry=config.registry,
        logs=config.logs,
        parts=tuple(parts),
    )
