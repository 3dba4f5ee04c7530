"""The images of what runs in the cluster: one program each, given to containerd directly.

Nothing is pulled for them and nothing is kept on disk: an image is streamed into `ctr images import`. Its name carries
its content (`slipway.internal/<name>:<digest>`), so one that containerd already has is never imported again.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from toolchain.cache import replace_text
from toolchain.embedded_cluster.content import oci
from toolchain.embedded_cluster.content.base_image import architecture
from toolchain.embedded_cluster.content.commands import failed, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

PREFIX = "slipway.internal"
PROGRAMS: Mapping[str, str] = {
    "serving-activator": "knative.dev/serving/cmd/activator",
    "serving-autoscaler": "knative.dev/serving/cmd/autoscaler",
    "serving-controller": "knative.dev/serving/cmd/controller",
    "serving-queue": "knative.dev/serving/cmd/queue",
    "serving-webhook": "knative.dev/serving/cmd/webhook",
    "kourier": "knative.dev/net-kourier/cmd/kourier",
    "eventing-controller": "knative.dev/eventing/cmd/controller",
    "eventing-webhook": "knative.dev/eventing/cmd/webhook",
    "broker-filter": "knative.dev/eventing/cmd/broker/filter",
    "broker-ingress": "knative.dev/eventing/cmd/broker/ingress",
    "imc-controller": "knative.dev/eventing/cmd/in_memory/channel_controller",
    "imc-dispatcher": "knative.dev/eventing/cmd/in_memory/channel_dispatcher",
    "mt-broker-controller": "knative.dev/eventing/cmd/mtchannel_broker",
    "mtping": "knative.dev/eventing/cmd/mtping",
    "coredns": "slipway/coredns",
    "network-policies": "slipway/network-policies",
}
"""Name of the binary to the path that manifests name it by, behind `ko://`."""
ON_BASE = frozenset({"envoy", "eventing-webhook", "mtping"})
"""Programs that need files of a system: Envoy the C library, the others the time zones of schedules."""
ABSENT = f"{PREFIX}/not-in-the-embedded-cluster"
"""Start of the name of images that nothing here provides; it explains itself in a pod's events."""
NOT_CARRIED: Mapping[str, str] = {
    path: f"{ABSENT}/{path.rpartition('/')[2]}"
    for path in ("knative.dev/eventing/cmd/apiserver_receive_adapter", "knative.dev/eventing/cmd/auth_proxy")
}
"""Images that a controller only passes on, for kinds of sources that the embedded cluster does not carry."""


@dataclasses.dataclass(frozen=True, slots=True)
class SystemImage:
    """An image that containerd gets by import.

    Attributes:
        name: Name of its program.
        image: The image.
    """

    name: str
    image: oci.Image

    @property
    def reference(self) -> str:
        """Name that pods use; another content has another name."""
        return f"{PREFIX}/{self.name}:{self.image.digest.removeprefix('sha256:')[:12]}"


class Measured:
    """Remembers digests of layers by path, size and time of the program, so that a warm start reads no program.

    Args:
        file: Where digests are kept between runs; a damaged file is started anew.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._known: dict[str, tuple[str, int]] = {
                key: (str(digest), int(size)) for key, (digest, size) in json.loads(file.read_text("utf-8")).items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            self._known = {}

    def layers(self, wanted: Sequence[oci.ProgramLayer]) -> list[oci.Blob]:
        """The layers' identities, in the same order."""
        keys = [self._key(layer) for layer in wanted]
        unknown = [index for index, key in enumerate(keys) if key not in self._known]
        with ThreadPoolExecutor() as pool:  # hashing leaves the interpreter's lock
            for index, blob in zip(unknown, pool.map(oci.measure, [wanted[i] for i in unknown]), strict=True):
                self._known[keys[index]] = (blob.digest, blob.size)
        if unknown:
            used = {key: self._known[key] for key in keys}
            replace_text(self._file, json.dumps({**self._known, **used}, indent=1, sort_keys=True) + "\n", 0o644)
        return [oci.Blob(*self._known[key]) for key in keys]

    @staticmethod
    def _key(layer: oci.ProgramLayer) -> str:
        program = layer.program.resolve()
        about = program.stat()
        return f"{program}:{about.st_size}:{about.st_mtime_ns}:{layer.path}"


def pause(program: Path) -> SystemImage:
    """The image of the process that holds a pod's namespaces; containerd wants its name before it starts."""
    layer = oci.ProgramLayer(program, "pause")
    return SystemImage("pause", _single("pause", layer, oci.measure(layer)))


def system_images(binaries: Mapping[str, Path], base: oci.Image, measured: Measured) -> tuple[SystemImage, ...]:
    """All images of the content.

    Args:
        binaries: Programs by name.
        base: The base image of Python functions, for those of `ON_BASE`.
        measured: Digests of layers known from before.
    """
    names = (*PROGRAMS, "envoy")
    layers = [oci.ProgramLayer(binaries[name], f"usr/local/bin/{name}") for name in names]
    blobs = measured.layers(layers)
    return tuple(
        SystemImage(name, _single(name, layer, blob, base.layers if name in ON_BASE else ()))
        for name, layer, blob in zip(names, layers, blobs, strict=True)
    )


def references(images: Sequence[SystemImage]) -> dict[str, str]:
    """What stands behind `ko://` in manifests to the image's name for pods."""
    by_name = {image.name: image.reference for image in images}
    own = {path: by_name[name] for name, path in PROGRAMS.items()}
    return {**own, "slipway/envoy": by_name["envoy"], **NOT_CARRIED}


def ensure(ctr: Sequence[str], snapshotter: str, images: Sequence[SystemImage], report: Callable[[str], None]) -> None:
    """Import what containerd lacks.

    Args:
        ctr: Start of a command line that reaches containerd's namespace of Kubernetes.
        snapshotter: Where containerd unpacks images.
        images: What must be there.
        report: Takes a line of progress.

    Raises:
        EmbeddedClusterError: containerd does not answer or refuses an image.
    """
    there = set(run((*ctr, "images", "list", "--quiet")).split())
    missing = [image for image in images if image.reference not in there]
    if not missing:
        return
    report(f"giving {len(missing)} images to containerd")
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda image: _import(ctr, snapshotter, image), missing))


def _import(ctr: Sequence[str], snapshotter: str, image: SystemImage) -> None:
    command = (*ctr, "images", "import", "--snapshotter", snapshotter, "-")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        if process.stdin is None or process.stderr is None:
            raise AssertionError(command)
        try:
            with process.stdin:
                oci.write_archive(image.image, image.reference, process.stdin)
        except BrokenPipeError:
            pass  # its standard error says why it ended
        said = process.stderr.read().decode(errors="replace")
    if process.returncode:
        raise failed((*command, f"({image.reference})"), said)


def _single(
    name: str, layer: oci.ProgramLayer, blob: oci.Blob, below: tuple[tuple[oci.Layer, oci.Blob], ...] = ()
) -> oci.Image:
    """An image that starts one program; its user is numeric and not root, except where it must be."""
    user = "0" if name == "network-policies" else oci.NON_ROOT
    return oci.Image((*below, (layer, blob)), oci.process((f"/{layer.path}",), user=user), architecture())
