"""Where the embedded cluster of a checkout listens, what it runs, and where it keeps what it needs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from toolchain.embedded_cluster.pki import Pki

_HOST = "127.0.0.1"
_ID_LENGTH = 8


def _code() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


CODE = _code()
"""Digest of the node's own code, as this process was started from it; the content keeps a digest of its own."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Settings of one embedded cluster.

    Attributes:
        state: Its folder: access, logs, data.
        cache: The user's cache folder of the project.
        binaries: Programs by name, as `toolchain.cluster_parts` gives them; only `up` needs them.
        api_port: Port on the machine's loopback for the API server.
        http_port: The same for HTTP calls of functions.
        registry_port: The same for the image registry; it is that inside of the cluster too.
        loki_port: The same for the log store.
    """

    state: Path
    cache: Path
    binaries: dict[str, Path] = dataclasses.field(default_factory=dict)
    api_port: int = 4612
    http_port: int = 4613
    registry_port: int = 4614
    loki_port: int = 4615

    @property
    def id(self) -> str:
        """Short name of this cluster, from its folder; it names its control groups and its host."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:_ID_LENGTH]

    @property
    def cgroup(self) -> str:
        """Control group below which all of its pods are, in every hierarchy."""
        return f"/slipway-{self.id}"

    @property
    def api_url(self) -> str:
        """The API server, as the machine reaches it."""
        return f"https://{_HOST}:{self.api_port}"

    @property
    def entry_url(self) -> str:
        """HTTP entry of functions, as the machine reaches it."""
        return f"http://{_HOST}:{self.http_port}"

    @property
    def registry(self) -> str:
        """The image registry, the same on the machine and inside."""
        return f"{_HOST}:{self.registry_port}"

    @property
    def loki_url(self) -> str:
        """The log store, as the machine reaches it."""
        return f"http://{_HOST}:{self.loki_port}"

    @property
    def ports(self) -> dict[str, int]:
        """Ports on the machine's loopback by what they are for."""
        return {"api": self.api_port, "http": self.http_port, "registry": self.registry_port, "loki": self.loki_port}

    @property
    def kubeconfig(self) -> Path:
        """Administrator's access from the machine, context `slipway`."""
        return self.state / "kubeconfig"

    @property
    def logs(self) -> Path:
        """Folder of logs."""
        return self.state / "logs"

    @property
    def data(self) -> Path:
        """Folder of everything that `down --purge` removes: it belongs to one instance."""
        return self.state / "data"

    @property
    def pki(self) -> Pki:
        """Keys and certificates of the instance."""
        return Pki(self.data / "pki")

    @property
    def rendered(self) -> Path:
        """Folder of configuration files, written at each start."""
        return self.state / "config"

    @property
    def control(self) -> Path:
        """Socket of the supervisor."""
        return self.state / "control.sock"

    def digest(self) -> str:
        """Digest of the settings and of the code that would run: another one needs a restart."""
        return hashlib.sha256((CODE + self.to_json()).encode()).hexdigest()

    def to_json(self) -> str:
        """The settings as one line of JSON."""
        values: dict[str, Any] = dataclasses.asdict(self)
        values |= {"state": str(self.state), "cache": str(self.cache)}
        values["binaries"] = {name: str(path) for name, path in sorted(self.binaries.items())}
        return json.dumps(values, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Config:
        """Settings from what `to_json` wrote."""
        values = json.loads(text)
        paths = {"state": Path(values["state"]), "cache": Path(values["cache"])}
        return cls(**{**values, **paths, "binaries": {name: Path(path) for name, path in values["binaries"].items()}})
