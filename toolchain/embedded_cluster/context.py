"""What the content of the cluster is installed with: the seam between the node and what runs on it.

`content.install(context, reporter)` is called by `up` once the node is Ready. It brings the content to what this
version of the project wants and returns when all of it is ready; on a cluster where nothing changed it must be quick.
`content.inspect(context)` only looks; its parts appear in `status`.
"""

from __future__ import annotations

import dataclasses
import enum
import subprocess
from typing import TYPE_CHECKING, Any

from toolchain.embedded_cluster.errors import EmbeddedClusterError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from toolchain.embedded_cluster.api import Api

_KUBECTL_S = 120.0


class State(enum.StrEnum):
    """How a part of the cluster is."""

    OK = "ok"
    STARTING = "starting"
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of the cluster: a process of the node, or something that runs on Kubernetes.

    Attributes:
        name: Its name, as `slipway cluster logs` takes it.
        state: How it is.
        pid: Process id as the machine sees it, or None.
        detail: What is wrong, or what else is worth knowing; may be empty.
    """

    name: str
    state: State
    pid: int | None = None
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """The part as JSON values."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Context:
    """A running node.

    Addresses inside the cluster (DNS, entry, pods) are the constants of `toolchain.embedded_cluster.network`.

    Attributes:
        kubeconfig: Administrator's access from the machine, by the relay.
        registry: `127.0.0.1:<port>`, plain HTTP; the same address works on the machine and for the node's containerd.
        binaries: Programs by name, as `toolchain.cluster_parts` gives them.
        cache: The user's cache folder of the project.
        booted_at: When the node started. A container that began earlier is none of this boot: its pod's conditions are
            what was true before, until the kubelet corrects them.
        api: The API server, for single requests without the cost of a process.
        log_folder: Where logs of the node lie.
        ctr: Beginning of a command line that reaches containerd's namespace `k8s.io` from the machine.
        snapshotter: Name of the snapshotter that containerd uses.
        volumes: Folder for persistent volumes, the same path on the machine and on the node.
    """

    kubeconfig: Path
    registry: str
    binaries: Mapping[str, Path]
    cache: Path
    booted_at: dt.datetime
    api: Api
    log_folder: Path
    ctr: tuple[str, ...]
    snapshotter: str
    volumes: Path

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout_s: float = _KUBECTL_S) -> str:
        """Run kubectl as administrator.

        Args:
            arguments: As on its command line, without the kubeconfig.
            stdin: What it reads with `-f -`.
            timeout_s: Longest time that it may take.

        Returns:
            Its standard output.

        Raises:
            EmbeddedClusterError: It failed or took too long; the message has what it said.
        """
        said = " ".join(arguments)
        try:
            done = subprocess.run(
                [self.binaries["kubectl"], f"--kubeconfig={self.kubeconfig}", *arguments],
                input=stdin,
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EmbeddedClusterError(f"kubectl {said}: no end after {timeout_s:.0f} s") from error
        if done.returncode:
            raise EmbeddedClusterError(f"kubectl {said}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout
