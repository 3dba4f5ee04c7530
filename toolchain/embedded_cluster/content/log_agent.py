"""The image of the log agent: the collector on top of the base image, whose certificates it checks stores with.

It lies in the cache beside the base image, and whoever deploys an environment pushes it like the images of functions.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from filelock import FileLock

from toolchain.embedded_cluster.content import oci
from toolchain.embedded_cluster.content.base_image import architecture

if TYPE_CHECKING:
    from pathlib import Path

    from toolchain.embedded_cluster.content.images import Measured

NAME = "log-agent"
_PROGRAM = "usr/local/bin/otelcol"
_ROOT = "0"  # logs of pods are root's; its pod has no other right than to read them


def layout(cache: Path) -> Path:
    """Folder of the image's OCI layout in the user's cache."""
    return cache / "images" / NAME


def ensure(cache: Path, program: Path, base: oci.Image, measured: Measured) -> oci.Image:
    """The image, written to the cache where it lacks it.

    Args:
        cache: The user's cache folder.
        program: The collector.
        base: The base image of Python functions.
        measured: Digests of layers known from before.
    """
    layer = oci.ProgramLayer(program, _PROGRAM)
    layers = (*base.layers, (layer, measured.layers([layer])[0]))
    image = oci.Image(layers, oci.process((f"/{_PROGRAM}",), user=_ROOT), architecture())
    folder = layout(cache)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{NAME}.lock"):
        if _digest(folder) != image.digest:
            oci.write_layout(image, f"slipway/{NAME}:{image.digest.removeprefix('sha256:')[:12]}", folder)
    return image


def _digest(folder: Path) -> str:
    """Digest of the image that lies there, or empty."""
    try:
        return str(json.loads((folder / "index.json").read_text(encoding="utf-8"))["manifests"][0]["digest"])
    except (OSError, ValueError, KeyError, IndexError):
        return ""
