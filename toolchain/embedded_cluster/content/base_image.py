"""The base image of Python functions, made of Debian's packages without a daemon and without installing anything.

mmdebstrap only unpacks the packages here; no maintainer script runs. What those scripts would do for a Python function
is done below, from the packages' own files: the bundle of certificates, the list of users, the merged /usr, compiled
modules (a read-only file system cannot keep them later). So the bytes depend on the packages and on this file alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from toolchain.embedded_cluster.content import oci
from toolchain.embedded_cluster.content.commands import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUITE = "bookworm"
"""The Debian release whose Python is 3.11."""
PACKAGES = (
    "base-files", "base-passwd", "ca-certificates", "coreutils", "dash", "libc-bin", "libstdc++6", "netbase",
    "perl-base", "python3.11", "tzdata",
)  # fmt: skip
"""python3.11 and what functions and builds on top of the image expect of a system: certificates, time zones, a shell,
Perl as every Debian system has it, the C++ library that compiled wheels link."""
NAME = "base-python3.11"
REPOSITORY = "slipway/base-python"

_DROPPED = re.compile(
    r"^(usr/share/(?!doc/[^/]+/copyright$|zoneinfo/(?!right/|posix/)|common-licenses/|ca-certificates/|base-passwd/)"
    r"|var/(cache|log|lib/(apt|dpkg))/|etc/(apt|cron\.daily|machine-id|resolv\.conf|hostname|hosts|dpkg|logrotate\.d)"
    r"|usr/lib/python3\.11/(pydoc_data|idlelib|ensurepip|lib2to3|turtledemo|test)/|dev/|usr/share/python3/"
    r"|usr/lib/x86_64-linux-gnu/gconv/)"
)
"""What a function never reads: documentation except licences, translations, package lists, devices."""
_MERGED = ("bin", "sbin", "lib", "lib64")
"""Folders that are links into /usr on a Debian system; packages of this release still name them the old way."""
_USERS = "usr/share/base-passwd/"
_CERTIFICATES = "usr/share/ca-certificates/"
_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
_COMPILE = (
    'PYTHONHASHSEED=0 chroot "$1" /usr/bin/python3.11 -m compileall -q --invalidation-mode unchecked-hash '
    "-x '/(test|idlelib|lib2to3|turtledemo|ensurepip|pydoc_data)/' /usr/lib/python3.11"
)
_ENV = {"LANG": "C.UTF-8", "SSL_CERT_FILE": f"/{_BUNDLE}", "PYTHONDONTWRITEBYTECODE": "1"}


def layout(cache: Path) -> Path:
    """Folder of the base image's OCI layout in the user's cache."""
    return cache / "images" / NAME


def ensure(cache: Path, mmdebstrap: Path, report: Callable[[str], None]) -> oci.Image:
    """The base image, made when the cache lacks it or this recipe has changed.

    Args:
        cache: The user's cache folder.
        mmdebstrap: The program that unpacks Debian's packages.
        report: Takes a line of progress.

    Returns:
        The image; its layout lies at `layout(cache)`.

    Raises:
        EmbeddedClusterError: mmdebstrap failed, for example because no Debian mirror answers.
    """
    folder = layout(cache)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{NAME}.lock"):
        known = load(cache)
        if known is not None:
            return known
        report(f"making the base image {NAME} of Debian's packages")
        with tempfile.TemporaryDirectory(prefix=f".{NAME}-", dir=folder.parent) as scratch:
            raw, tar = Path(scratch) / "raw.tar", Path(scratch) / "layer.tar"
            _unpack(mmdebstrap, raw)
            _compose(raw, tar)
            layer = oci.FileLayer(tar)
            made = image(layer, oci.measure(layer))
            oci.write_layout(made, f"{REPOSITORY}:{recipe()}", folder)
    loaded = load(cache)
    if loaded is None:
        raise AssertionError(folder)
    return loaded


def load(cache: Path) -> oci.Image | None:
    """The base image that lies in the cache, or None where there is none of this recipe."""
    folder = layout(cache)
    try:
        entry = json.loads((folder / "index.json").read_text(encoding="utf-8"))["manifests"][0]
        manifest = json.loads(_blob(folder, entry["digest"]).read_text(encoding="utf-8"))
        found = manifest["layers"][0]
        recipe_there = entry["annotations"]["org.opencontainers.image.ref.name"]
        whole = _blob(folder, found["digest"]).stat().st_size == found["size"]
    except (OSError, ValueError, KeyError, IndexError):
        return None
    if recipe_there != recipe() or not whole:
        return None
    return image(oci.FileLayer(_blob(folder, found["digest"])), oci.Blob(found["digest"], found["size"]))


def image(layer: oci.Layer, blob: oci.Blob) -> oci.Image:
    """The base image with this layer."""
    return oci.Image(((layer, blob),), oci.process((), env=_ENV), architecture())


def architecture() -> str:
    """This machine's architecture in Go's words."""
    machine = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def recipe() -> str:
    """Twelve hex digits that change when the image would be made otherwise: release, packages, this file."""
    inputs = (SUITE, *PACKAGES, architecture(), Path(__file__).read_text(encoding="utf-8"))
    return hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:12]


def _blob(folder: Path, digest: str) -> Path:
    return folder / "blobs" / digest.replace(":", "/")


def _unpack(mmdebstrap: Path, tar: Path) -> None:
    """Let mmdebstrap unpack the packages into a tar file; apt's own settings on this machine name the mirrors."""
    own = Path("/etc/apt/sources.list.d/debian.sources")
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    mirror = [str(own)] if release.get("VERSION_CODENAME") == SUITE and own.exists() else []
    options = ["--quiet", "--variant=extract", "--mode=root", "--components=main", "--format=tar"]
    options += [f"--include={','.join(PACKAGES)}", f"--extract-hook={_COMPILE}"]
    env = {**os.environ, "SOURCE_DATE_EPOCH": "0", "LC_ALL": "C.UTF-8"}
    run((str(mmdebstrap), *options, SUITE, str(tar), *mirror), env=env)


def _compose(raw: Path, tar: Path) -> None:
    """Write the layer: what is needed of the packages, in order of path, with fixed times and owners."""
    with tarfile.open(raw) as source:
        entries: dict[str, tuple[tarfile.TarInfo, bytes]] = {}
        for info in source:
            path = _merged(info.name.removeprefix("./").rstrip("/"))
            if path and not _DROPPED.match(path + ("/" if info.isdir() else "")) and not info.isdev():
                file = source.extractfile(info) if info.isfile() else None
                entries[path] = (info, file.read() if file else b"")
    entries.update(_additions(entries))
    with tarfile.open(tar, "w", format=tarfile.PAX_FORMAT) as target:
        for path in sorted(entries):
            info, content = entries[path]
            info.name, info.mtime, info.pax_headers = path, 0, {}
            info.uname = info.gname = ""
            if info.islnk():
                info.linkname = _merged(info.linkname.removeprefix("./"))
            target.addfile(info, io.BytesIO(content) if info.isfile() else None)


def _merged(path: str) -> str:
    """The path below /usr for what packages put into /bin, /sbin, /lib and /lib64."""
    first, _, rest = path.partition("/")
    if first not in _MERGED:
        return path
    return f"usr/{path}" if rest else ""


def _additions(
    entries: dict[str, tuple[tarfile.TarInfo, bytes]],
) -> Iterator[tuple[str, tuple[tarfile.TarInfo, bytes]]]:
    """What the packages' maintainer scripts would make, and the user of the functions."""
    for name in _MERGED:
        yield name, (_link(f"usr/{name}"), b"")
        yield f"usr/{name}", (_folder(), b"")
    certificates = sorted(path for path in entries if path.startswith(_CERTIFICATES) and path.endswith(".crt"))
    yield _BUNDLE, _file(b"".join(entries[path][1].rstrip(b"\n") + b"\n" for path in certificates))
    users, groups = (entries[f"{_USERS}{name}.master"][1] for name in ("passwd", "group"))
    user = oci.NON_ROOT
    yield "etc/passwd", _file(users + f"nonroot:x:{user}:{user}:nonroot:/tmp:/usr/sbin/nologin\n".encode())
    yield "etc/group", _file(groups + f"nonroot:x:{user}:\n".encode())
    yield "etc/nsswitch.conf", _file(b"passwd: files\ngroup: files\nhosts: files dns\nservices: files\n")
    yield "usr/bin/python3", (_link("python3.11"), b"")
    yield "etc/localtime", (_link("/usr/share/zoneinfo/Etc/UTC"), b"")
    world = _folder()
    world.mode = 0o1777
    yield "tmp", (world, b"")


def _file(content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo()
    info.size, info.mode = len(content), 0o644
    return info, content


def _folder() -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info


def _link(target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
    return info
