"""Images that a Containerfile in a function's folder describes, built by buildah, or by kaniko's executor where it is.

The build sees the files of the folder that travel (`tree.travels`) and the requirement files, with fixed modes and
times; times in the image are fixed as well, so the image is as reproducible as its Containerfile. The build argument
`BASE` names the environment's base image, so that a Containerfile can stand on it without any registry.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.artifacts import tree as trees
from slipway.artifacts.images.layouts import BuiltImage, Layouts
from slipway.artifacts.images.oci import ARCHITECTURES, LAYER, Layer, read_layout, write_layout
from slipway.artifacts.images.tars import EPOCH
from slipway.artifacts.zips import mode_of
from slipway.core.errors import BadInputError, EngineError, SlipwayError
from slipway.core.paths import cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable

    from slipway.artifacts.images.bases import Base
    from slipway.artifacts.inputs import ContainerInputs

    _Build = Callable[[ContainerInputs, Base | None, Path], None]
    """One way to build: `context/` in the folder in, `out/` in the OCI image layout out."""

RECIPE_VERSION = 1
"""Raise it when builds are run in another way: it is part of every key of the cache."""
_KANIKO = Path("/kaniko/executor")
_OFFLINE = re.compile(
    r"no such host|connection refused|i/o timeout|Temporary failure|network is unreachable|TLS handshake|dial tcp"
)
_UNPACKED = "error while loading shared libraries"


class ContainerBuilder:
    """Builds such images into the user's cache; safe to use from several threads.

    Args:
        cache: The user's cache folder; None takes `slipway.core.paths.cache_dir()`.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self.layouts = Layouts((cache or cache_dir()) / "images" / "built")

    def build(self, inputs: ContainerInputs, base: Base | None) -> BuiltImage:
        """The image of a folder, from the cache or built now.

        Args:
            inputs: The folder.
            base: The environment's base image, which is the build argument `BASE`; None where there is none.

        Raises:
            BadInputError: The Containerfile cannot be built, or its image is for another architecture.
            EngineError: There is no builder, or a registry cannot be reached.
            SlipwayError: A file changed meanwhile, or the disk failed.
        """
        key = [RECIPE_VERSION, inputs.digest, base.digest if base else None]

        def write(layout: Path, work: Path) -> str:
            _write_context(inputs, work / "context")
            out = work / "out"
            _builder(inputs.function)(inputs, base, work)
            image = read_layout(out)
            wanted = ARCHITECTURES[inputs.architecture]
            if image.architecture != wanted:
                raise BadInputError(
                    f"function {inputs.function!r}: its image is for {image.architecture}, architecture in "
                    f"function.yaml says {inputs.architecture}; build on such a machine, or change architecture"
                )
            layers = [_unpacked(layer, base, work) for layer in image.layers]
            notes = {"io.slipway.code": inputs.digest}
            return write_layout(layout, image.config, layers, notes)

        return self.layouts.get_or_build(hashlib.sha256(json.dumps(key).encode()).hexdigest(), write)


def needs_base(inputs: ContainerInputs) -> bool:
    """Whether a Containerfile stands on the environment's base image: only then does a new base build it again.

    Raises:
        BadInputError: It cannot be read.
    """
    return re.search(rb"\$\{?BASE\b", _read(inputs, inputs.files[inputs.containerfile])) is not None


def has_builder() -> bool:
    """Whether there is a program here that builds what Containerfiles describe."""
    return _buildah() is not None or os.access(_KANIKO, os.X_OK)


def _buildah() -> str | None:
    beside = Path(sys.executable).parent / "buildah"
    return os.fspath(beside) if os.access(beside, os.X_OK) else shutil.which("buildah")


def _builder(function: str) -> _Build:
    buildah = _buildah()
    if buildah is not None:
        return functools.partial(_by_buildah, buildah)
    if os.access(_KANIKO, os.X_OK):
        return functools.partial(_by_kaniko, os.fspath(_KANIKO))
    raise EngineError(
        f"function {function!r}: its image is built by buildah, which is missing; run `slipway toolchain install`, "
        "install it (Debian: `apt-get install buildah`), or name an image by digest in function.yaml"
    )


def _by_buildah(program: str, inputs: ContainerInputs, base: Base | None, work: Path) -> None:
    # Storage of its own that goes with the folder; no daemon and no set-up of the machine is touched or needed.
    run = functools.partial(_run, inputs, work, program, "--root", f"{work}/root", "--runroot", f"{work}/run")
    run = functools.partial(run, "--storage-driver", "vfs")
    (work / "policy.json").write_text('{"default":[{"type":"insecureAcceptAnything"}]}', encoding="utf-8")
    policy = ["--signature-policy", f"{work}/policy.json"]
    words = ["--isolation", os.environ.get("BUILDAH_ISOLATION", "chroot"), "--format", "oci", "--layers=false"]
    words += ["--timestamp", str(EPOCH), "--quiet", "--iidfile", f"{work}/id"]
    if base is not None:
        # Named relatively: buildah makes an image's name of the path, and not every path is one.
        (work / "base").symlink_to(base.layout)
        words += ["--build-arg", f"BASE={run('pull', '--quiet', *policy, 'oci:base')}"]
    run("build", *policy, *words, "--file", f"context/{inputs.containerfile}", "context")
    run("push", "--quiet", *policy, (work / "id").read_text(encoding="utf-8").strip(), "oci:out")


def _by_kaniko(program: str, inputs: ContainerInputs, base: Base | None, work: Path) -> None:
    words = ["--context", f"dir://{work}/context", "--dockerfile", f"{work}/context/{inputs.containerfile}"]
    words += ["--reproducible", "--no-push", "--oci-layout-path", f"{work}/out"]
    if base is not None and "@" not in base.name:
        text = f"function {inputs.function!r}: kaniko reads base images from registries only; name one by digest in"
        raise BadInputError(f"{text} slipway:images, or install buildah")
    _run(inputs, work, program, *words, *(["--build-arg", f"BASE={base.name}"] if base else []))


def _run(inputs: ContainerInputs, work: Path, *words: str) -> str:
    done = subprocess.run(
        words,
        cwd=work,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise _explain(inputs, done.stderr or done.stdout)
    return done.stdout.strip()


def _write_context(inputs: ContainerInputs, context: Path) -> None:
    """Copy what counts, so that nothing else can be seen by the build."""
    found: dict[str, str] = {}
    for name, source in inputs.files.items():
        content = _read(inputs, source)
        found[name] = hashlib.sha256(content).hexdigest()
        target = context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(mode_of(content))
        os.utime(target, (EPOCH, EPOCH))
    sections = (inputs.section, inputs.shared)
    if any(trees.listing_digest([(name, found[name]) for name in part.files]) != part.digest for part in sections):
        text = f"function {inputs.function!r}: its files changed while they were built; run the same command again"
        raise SlipwayError(text)
    for folder in sorted((path for path in context.rglob("*") if path.is_dir()), reverse=True):
        folder.chmod(0o755)
        os.utime(folder, (EPOCH, EPOCH))


def _unpacked(layer: Layer, base: Base | None, work: Path) -> Layer:
    """A layer as base images and our own have them: the same blob for the same content, whoever packed it."""
    for known in base.image.layers if base else ():
        if known.diff_id == layer.diff_id:
            return known
    if not layer.media_type.endswith("+gzip"):
        return layer
    path = work / layer.diff_id.partition(":")[2]
    with gzip.open(layer.source) as packed, path.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    return Layer(layer.diff_id, path.stat().st_size, LAYER, layer.diff_id, path)


def _read(inputs: ContainerInputs, source: str) -> bytes:
    try:
        return trees.read(source)
    except OSError as error:
        raise BadInputError(f"function {inputs.function!r}: {source} cannot be read: {error.strerror}") from error


def _explain(inputs: ContainerInputs, output: str) -> SlipwayError:
    text = re.sub(r"(://)[^/@\s]+@", r"\1***@", output)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said, name = " ".join(lines[-4:])[-600:], inputs.containerfile
    if _UNPACKED in text:
        remedy = "the buildah of Slipway's cache cannot run RUN steps; install it (Debian: `apt-get install buildah`)"
        return EngineError(f"function {inputs.function!r}: {remedy}, or do without RUN in {name}")
    if _OFFLINE.search(text):
        remedy = "a registry or server that it asks cannot be reached; check the network and run the same command again"
        return EngineError(f"function {inputs.function!r}: {name} cannot be built: {remedy}: {said}")
    return BadInputError(f"function {inputs.function!r}: {name} cannot be built: {said}")
