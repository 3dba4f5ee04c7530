"""Builds images of functions: the base, the server's dependencies, the function's dependencies, its code."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
import zipfile
from typing import TYPE_CHECKING, Any

from slipway.artifacts.bundle import bundle, bundle_digest
from slipway.artifacts.images.layouts import BuiltImage, Layouts
from slipway.artifacts.images.oci import ARCHITECTURES, LAYER, Layer, write_layout
from slipway.artifacts.images.server import server_dependencies
from slipway.artifacts.images.tars import write_layer
from slipway.artifacts.inputs import SBOM
from slipway.artifacts.package import contents, refuse_conflicts
from slipway.artifacts.store import Store, file_sha256
from slipway.core.errors import BadInputError
from slipway.core.paths import cache_dir

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from slipway.artifacts.images.bases import Base
    from slipway.artifacts.inputs import PackageInputs
    from slipway.artifacts.store import Stored
    from slipway.core.project import Project

IMAGE_VERSION = 2
"""Raise it when the same inputs give other bytes: it is part of every key of the cache."""
USER = "65532"
"""Who runs in an image: nobody in particular, and not root."""
APP = "/app"
"""Folder of a function's code and dependencies, as `/var/task` is on Lambda."""
SERVER = "/opt/slipway"
"""Folder of what the server needs beside the function's own dependencies."""
_CREATED = "1980-01-01T00:00:00Z"


class ImageBuilder:
    """Builds images of a project into the user's cache; safe to use from several threads.

    Args:
        project: The project.
        cache: The user's cache folder; None takes `slipway.core.paths.cache_dir()`.
    """

    def __init__(self, project: Project, cache: Path | None = None) -> None:
        cache = cache or cache_dir()
        self._project = project
        self.layouts = Layouts(cache / "images" / "built")
        self.layers = Store(cache / "images" / "layers", suffix=".tar")
        self._bundles = Store(cache / "bundles")
        self._lock = threading.Lock()
        self._verified: set[str] = set()

    def build(self, inputs: PackageInputs, base: Base) -> BuiltImage:
        """The image of these inputs on a base, from the cache or built now.

        Args:
            inputs: What goes in, as for a package: the digest of these is the same for every target.
            base: What it stands on.

        Raises:
            BadInputError: It cannot be built from what the developer gave.
            SlipwayError: The index, the network or the disk failed.
        """
        if "runtime" not in inputs.sections:
            text = f"function {inputs.function!r} is a plain handler(event, context), which only Lambda can call"
            raise BadInputError(f"{text}; give it one parameter, request or cloud_event, or target: lambda")
        # Images carry what serves the function too, so nothing is cut from its dependencies.
        parts = [dataclasses.replace(inputs, cut=())]
        if "program" not in inputs.sections:
            parts.insert(0, server_dependencies(self._project, inputs))
        locked = [part for part in parts if part.lock is not None]
        decisive = [IMAGE_VERSION, base.digest, inputs.digest, *map(bundle_digest, locked)]
        key = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()

        def write(layout: Path, work: Path) -> str:
            return self._write(inputs, base, locked, layout, work / "code.tar")

        return self.layouts.get_or_build(key, write)

    def _write(self, inputs: PackageInputs, base: Base, locked: list[PackageInputs], layout: Path, code: Path) -> str:
        from slipway.artifacts.sbom import sbom  # noqa: PLC0415 - its library is slow to load, and only this needs it

        layers = [*base.image.layers]
        installed = [(part, self._bundle(part)) for part in locked]
        for part, dependencies in installed:
            if part.function == inputs.function:
                with zipfile.ZipFile(dependencies.path) as archive:
                    refuse_conflicts(inputs, archive.namelist())
            layers.append(self._dependencies(dependencies, APP if part.function == inputs.function else SERVER))
        files = dict(contents(inputs))
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        files[SBOM] = sbom(inputs, digests, installed, base=base.digest)
        write_layer(code, files.items(), root=APP)
        digest = f"sha256:{file_sha256(code)}"
        layers.append(Layer(digest, code.stat().st_size, LAYER, digest, code))
        notes = {"org.opencontainers.image.base.digest": base.digest, "io.slipway.code": inputs.digest}
        notes["io.slipway.sbom"] = f"{APP}/{SBOM}"
        return write_layout(layout, _config(inputs, base, len(layers) - len(base.image.layers)), layers, notes)

    def _dependencies(self, dependencies: Stored, root: str) -> Layer:
        decisive = json.dumps([IMAGE_VERSION, dependencies.sha256, root])

        def write(path: Path) -> dict[str, Any]:
            with zipfile.ZipFile(dependencies.path) as archive:
                files = ((name, archive.read(name)) for name in archive.namelist())
                return {"bytes": write_layer(path, files, root=root)}

        # Its bytes are read for every image that takes it: the digest in an image must be that of what is pushed.
        stored, _ = self.layers.get_or_build(hashlib.sha256(decisive.encode()).hexdigest(), write, verify=True)
        digest = f"sha256:{stored.sha256}"
        return Layer(digest, stored.size, LAYER, digest, stored.path)

    def _bundle(self, part: PackageInputs) -> Stored:
        digest = bundle_digest(part)
        with self._lock:
            verify = digest not in self._verified
        found = bundle(part, store=self._bundles, cwd=self._project.root, verify=verify, limited=False)
        assert found is not None
        with self._lock:
            self._verified.add(digest)
        return found


def _config(inputs: PackageInputs, base: Base, added: int) -> dict[str, Any]:
    below: Mapping[str, Any] = base.image.config
    given: Mapping[str, Any] = below.get("config") or {}
    variables = dict(entry.split("=", 1) for entry in given.get("Env") or ())
    variables |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "SLIPWAY_SERVER_PATH": SERVER}
    program = inputs.sections.get("program")
    module = program.prefix.rstrip("/") if program else "slipway_runtime.server"
    return {
        "architecture": ARCHITECTURES[inputs.architecture],
        "os": "linux",
        "created": _CREATED,
        "config": {
            "User": USER,
            "Env": [f"{name}={value}" for name, value in sorted(variables.items())],
            "Entrypoint": [inputs.runtime, "-m", module],
            "WorkingDir": APP,
        },
        "history": [
            *(below.get("history") or ()),
            *({"created": _CREATED, "created_by": "slipway"} for _ in range(added)),
        ],
    }
