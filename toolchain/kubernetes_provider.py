"""Prepare the source of Pulumi's Kubernetes provider.

Its own main package embeds a schema that carries the release's version, which its module does not have in that form.
`prepare` puts both embedded files beside our main package, as the release's own build makes them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain import go as golang

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "4.25.0"
"""Release that the pinned commit of the module is."""

SOURCE = Path(__file__).parent / "kubernetes"
"""Our module set, shared with the parts of the embedded cluster."""

PACKAGE = "kubernetes-provider"
"""Folder of our main package in it."""

UPSTREAM = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_EMBEDDED = "cmd/pulumi-resource-kubernetes"


def prepare(build_dir: Path, go: Path, env: Mapping[str, str]) -> None:
    """Fill `build_dir` with the module set, our main package and the two files that it embeds.

    Args:
        build_dir: Folder to fill; created when missing.
        go: The `go` command; it may download the provider's module through the configured proxy.
        env: Environment of that command.

    Raises:
        RuntimeError: The module does not hold the files that are expected there.
        subprocess.CalledProcessError: `go` could not provide the module; its stderr has the reason.
    """
    upstream = golang.module_folder(go, env, SOURCE, UPSTREAM) / _EMBEDDED
    package = build_dir / PACKAGE
    package.mkdir(parents=True, exist_ok=True)
    for name in ("go.mod", "go.sum", f"{PACKAGE}/main.go"):
        shutil.copyfile(SOURCE / name, build_dir / name)
    schema = _read(upstream / "schema.json")
    schema["version"] = VERSION
    _write(package / "schema.json", schema)
    _write(package / "terraform-mapping.json", _read(upstream / "terraform-mapping.json"))


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuntimeError(
            f"{UPSTREAM}: {path} cannot be read ({error}); the module is laid out differently"
        ) from error
    if not isinstance(content, dict) or content.get("name") != "kubernetes":
        raise RuntimeError(f"{UPSTREAM}: {path} does not describe the provider; the module is laid out differently")
    return content


def _write(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")
