"""Reads and writes images as folders in the OCI image layout.

Source of the format: OCI image specification 1.1, `image-layout.md`, `manifest.md`, `config.md`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from slipway.core.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"

# The same things under the names that Docker gave them first; a manifest must not mix the two.
_RENAMED = {
    "application/vnd.docker.image.rootfs.diff.tar": LAYER,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": f"{LAYER}+gzip",
    "application/vnd.docker.distribution.manifest.v2+json": MANIFEST,
}
ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
"""What images call an architecture."""


@dataclasses.dataclass(frozen=True, slots=True)
class Layer:
    """A layer of an image.

    Attributes:
        digest: Digest of the blob, `sha256:...`.
        size: Bytes of the blob.
        media_type: How it is packed.
        diff_id: Digest of the layer when unpacked, `sha256:...`.
        source: The file that holds the blob.
    """

    digest: str
    size: int
    media_type: str
    diff_id: str
    source: Path


@dataclasses.dataclass(frozen=True, slots=True)
class Image:
    """An image in a layout.

    Attributes:
        digest: Digest of its manifest, `sha256:...`.
        config: Its configuration.
        layers: Its layers, the lowest first.
    """

    digest: str
    config: Mapping[str, Any]
    layers: Sequence[Layer]

    @property
    def architecture(self) -> str:
        """`amd64`, `arm64`, ..."""
        return str(self.config.get("architecture", ""))


def blob(layout: Path, digest: str) -> Path:
    """Where a layout keeps a blob."""
    kind, _, value = digest.partition(":")
    return layout / "blobs" / kind / value


def read_layout(layout: Path) -> Image:
    """The one image of a layout.

    Raises:
        BadInputError: There is no image, more than one, or parts of it are missing.
    """
    try:
        listed = json.loads((layout / "index.json").read_bytes())["manifests"]
        if len(listed) != 1 or _RENAMED.get(listed[0]["mediaType"], listed[0]["mediaType"]) != MANIFEST:
            raise BadInputError(
                f"{layout}: has {len(listed)} images or an index of images; a layout with one is needed"
            )
        digest = str(listed[0]["digest"])
        raw = blob(layout, digest).read_bytes()
        if _sha256(raw) != digest:
            raise BadInputError(f"{layout}: its manifest is not what its index names; make or pull it again")
        manifest = json.loads(raw)
        config = json.loads(blob(layout, manifest["config"]["digest"]).read_bytes())
        layers = [
            Layer(
                digest=item["digest"],
                size=item["size"],
                media_type=_RENAMED.get(item["mediaType"], item["mediaType"]),
                diff_id=diff_id,
                source=blob(layout, item["digest"]),
            )
            for item, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True)
        ]
        for layer in layers:
            if layer.source.stat().st_size != layer.size:
                raise BadInputError(f"{layout}: layer {layer.digest} is damaged; make or pull the image again")
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        raise BadInputError(f"{layout}: is not an OCI image layout: {reason}") from error
    return Image(digest, config, layers)


def write_layout(layout: Path, config: Mapping[str, Any], layers: Sequence[Layer], notes: Mapping[str, str]) -> str:
    """Write an image.

    Args:
        layout: A folder that exists and is empty.
        config: Its configuration; `rootfs` is filled in.
        layers: Its layers, the lowest first.
        notes: Annotations of the manifest.

    Returns:
        Digest of its manifest, `sha256:...`.
    """
    (layout / "blobs/sha256").mkdir(parents=True)
    for layer in {layer.digest: layer for layer in layers}.values():
        _share(layer.source, blob(layout, layer.digest))
    rootfs = {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _put(layout, CONFIG, {**config, "rootfs": rootfs}),
        "layers": [_descriptor(layer.media_type, layer.digest, layer.size) for layer in layers],
        "annotations": dict(notes),
    }
    listed = _put(layout, MANIFEST, manifest)
    (layout / "index.json").write_bytes(_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [listed]}))
    (layout / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    return str(listed["digest"])


def _put(layout: Path, media_type: str, content: Mapping[str, Any]) -> dict[str, Any]:
    raw = _json(content)
    digest = _sha256(raw)
    blob(layout, digest).write_bytes(raw)
    return _descriptor(media_type, digest, len(raw))


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _share(source: Path, target: Path) -> None:
    """Have the same bytes in two places, without writing them twice where the file system can do so."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
