"""Writes OCI images so that the same inputs give the same bytes: layers, archives for import, layouts on disk.

Layers are uncompressed tar files: what gzip makes of the same bytes differs between versions of zlib, and nothing here
travels over a network. Format: OCI image specification 1.0 (image-layout, manifest, config, layer).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_REFERENCE_OF_CONTAINERD = "io.containerd.image.name"
_REFERENCE = "org.opencontainers.image.ref.name"
_EPOCH = "1970-01-01T00:00:00Z"
_CHUNK = 1 << 20
NON_ROOT = "65532"
"""The user of all images: numeric, so that Kubernetes can tell that it is not root."""


@dataclasses.dataclass(frozen=True, slots=True)
class ProgramLayer:
    """A layer with one executable, never written to disk: its bytes are a tar header, the program and padding.

    Attributes:
        program: The executable on this machine.
        path: Where it lies in the image, without a slash in front.
    """

    program: Path
    path: str

    def chunks(self) -> Iterator[bytes]:
        """The layer's bytes."""
        info = tarfile.TarInfo(self.path)
        info.size = self.program.stat().st_size
        info.mode = 0o755
        yield info.tobuf(tarfile.USTAR_FORMAT)
        with self.program.open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece
        yield b"\0" * (-info.size % tarfile.BLOCKSIZE)
        yield b"\0" * (2 * tarfile.BLOCKSIZE)


@dataclasses.dataclass(frozen=True, slots=True)
class FileLayer:
    """A layer that lies on disk as an uncompressed tar file."""

    tar: Path

    def chunks(self) -> Iterator[bytes]:
        """The layer's bytes."""
        with self.tar.open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece


Layer = ProgramLayer | FileLayer


@dataclasses.dataclass(frozen=True, slots=True)
class Blob:
    """A layer's identity: `sha256:...` and its size in bytes."""

    digest: str
    size: int


def measure(layer: Layer) -> Blob:
    """Read a layer once and tell its digest and size."""
    digest, size = hashlib.sha256(), 0
    for piece in layer.chunks():
        digest.update(piece)
        size += len(piece)
    return Blob(f"sha256:{digest.hexdigest()}", size)


@dataclasses.dataclass(frozen=True, slots=True)
class Image:
    """An image: its layers with their identities, and how its process starts.

    Attributes:
        layers: Layers from the bottom up.
        config: The `config` object of the OCI image configuration: User, Env, Entrypoint and so on.
        architecture: Architecture in Go's words, such as amd64.
    """

    layers: tuple[tuple[Layer, Blob], ...]
    config: Mapping[str, Any]
    architecture: str

    @property
    def configuration(self) -> bytes:
        """The image configuration as it is stored."""
        return _json(
            {
                "architecture": self.architecture,
                "config": dict(self.config),
                "created": _EPOCH,
                "history": [{"created": _EPOCH} for _ in self.layers],
                "os": "linux",
                "rootfs": {"diff_ids": [blob.digest for _, blob in self.layers], "type": "layers"},
            }
        )

    @property
    def manifest(self) -> bytes:
        """The image manifest as it is stored; its digest is the image's."""
        return _json(
            {
                "config": _descriptor(_CONFIG_TYPE, self.configuration),
                "layers": [
                    {"digest": blob.digest, "mediaType": _LAYER_TYPE, "size": blob.size} for _, blob in self.layers
                ],
                "mediaType": MANIFEST_TYPE,
                "schemaVersion": 2,
            }
        )

    @property
    def digest(self) -> str:
        """The image's digest, `sha256:...`."""
        return digest_of(self.manifest)

    def index(self, reference: str) -> bytes:
        """The layout's index with this one image, known to containerd and others under a reference."""
        entry = _descriptor(MANIFEST_TYPE, self.manifest)
        entry["annotations"] = {_REFERENCE_OF_CONTAINERD: reference, _REFERENCE: reference.rpartition(":")[2]}
        entry["platform"] = {"architecture": self.architecture, "os": "linux"}
        return _json({"manifests": [entry], "mediaType": _INDEX_TYPE, "schemaVersion": 2})


def write_archive(image: Image, reference: str, out: IO[bytes]) -> None:
    """Write an image as an OCI archive (a tar file of a layout), such as `ctr images import -` reads.

    Args:
        image: The image.
        reference: Name under which it is imported.
        out: Where the archive goes; it is only written to, never searched.
    """
    small = {
        "oci-layout": _layout_mark(),
        "index.json": image.index(reference),
        _blob_path(image.digest): image.manifest,
        _blob_path(digest_of(image.configuration)): image.configuration,
    }
    for path, content in small.items():
        _add(out, path, len(content), (content,))
    for layer, blob in {blob.digest: (layer, blob) for layer, blob in image.layers}.values():
        _add(out, _blob_path(blob.digest), blob.size, layer.chunks())
    out.write(b"\0" * (2 * tarfile.BLOCKSIZE))


def write_layout(image: Image, reference: str, folder: Path) -> None:
    """Write an image as an OCI layout folder, visible whole or not at all; one that was there is replaced.

    Args:
        image: The image.
        reference: Name that the index gives it.
        folder: The layout's folder; its parent is made when it is missing. One process at a time may write there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        staged.chmod(0o755)
        blobs = staged / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        (staged / "oci-layout").write_bytes(_layout_mark())
        (staged / "index.json").write_bytes(image.index(reference))
        for content in (image.manifest, image.configuration):
            (blobs / digest_of(content).partition(":")[2]).write_bytes(content)
        for layer, blob in image.layers:
            with (blobs / blob.digest.partition(":")[2]).open("wb") as file:
                file.writelines(layer.chunks())
        if folder.exists():
            folder.rename(Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent)) / "replaced")
        staged.rename(folder)
    finally:
        for left in folder.parent.glob(f".{folder.name}-*"):
            shutil.rmtree(left, ignore_errors=True)


def digest_of(content: bytes) -> str:
    """`sha256:` and the hex digest of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _add(out: IO[bytes], path: str, size: int, pieces: Iterable[bytes]) -> None:
    """Append one file to a tar stream."""
    info = tarfile.TarInfo(path)
    info.size, info.mode = size, 0o644
    out.write(info.tobuf(tarfile.USTAR_FORMAT))
    for piece in pieces:
        out.write(piece)
    out.write(b"\0" * (-size % tarfile.BLOCKSIZE))


def _blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _layout_mark() -> bytes:
    return _json({"imageLayoutVersion": "1.0.0"})


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"digest": digest_of(content), "mediaType": media_type, "size": len(content)}


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def process(entrypoint: Sequence[str], *, user: str = NON_ROOT, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The `config` object of an image that starts one process.

    Args:
        entrypoint: Program and arguments; empty for none.
        user: Numeric user.
        env: Environment variables beside PATH.
    """
    variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", **(env or {})}
    config: dict[str, Any] = {"Env": [f"{name}={value}" for name, value in variables.items()], "User": user}
    if entrypoint:
        config["Entrypoint"] = list(entrypoint)
    return config
