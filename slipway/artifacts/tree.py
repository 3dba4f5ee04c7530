"""What travels of a folder, and what is in it: one scan, no sorting by locale, no reading of what has not changed.

The rules of what stays at home are here and nowhere else: hidden files, byte code, `README*` at any depth; `tests/`,
`*.md`, the manifest, the example and the requirement files at the top of a function's folder.
"""

from __future__ import annotations

import dataclasses
import hashlib
import marshal
import os
import stat
import unicodedata
from typing import TYPE_CHECKING

from slipway.core.findings import Finding, Severity

if TYPE_CHECKING:
    from pathlib import Path

LOCK_NAME = "requirements.txt"
DIRECT_NAME = "requirements.in"
_EXTRAS = frozenset({LOCK_NAME, DIRECT_NAME})
_TOP_FILES = frozenset({"function.yaml", "example.json"}) | _EXTRAS
_TOP_FOLDERS = frozenset({"tests"})
_BYTE_CODE = (".pyc", ".pyo")


def travels(relative: str) -> bool:
    """Whether a file of a function's folder goes into its package, by its path in the folder (forward slashes)."""
    *folders, name = relative.split("/")
    return all(folder_travels(folder, top=not depth) for depth, folder in enumerate(folders)) and file_travels(
        name, top=not folders
    )


def folder_travels(name: str, *, top: bool) -> bool:
    """Whether a folder's content may travel; `top` means directly in the function's folder."""
    return name[0] != "." and name != "__pycache__" and not (top and name in _TOP_FOLDERS)


def file_travels(name: str, *, top: bool) -> bool:
    """Whether a file of that name travels; `top` means directly in the function's folder."""
    if name[0] == "." or name.startswith("README") or name.endswith(_BYTE_CODE):
        return False
    return not (top and (name in _TOP_FILES or name.endswith(".md")))


@dataclasses.dataclass(slots=True)
class Tree:
    """A folder as one scan found it.

    Attributes:
        root: Absolute path of the folder.
        names: Name in the folder (forward slashes) of all that travels, in no particular order.
        extras: The lock and the direct requirements at the top, which decide but do not travel: name to absolute path.
        stats: Of each of these and of each link on the way: name, size, times of content and of status, inode.
        problems: Files that cannot be packaged: name, rule, message and remedy of each.
    """

    root: str = ""
    names: list[str] = dataclasses.field(default_factory=list)
    extras: dict[str, str] = dataclasses.field(default_factory=dict)
    stats: list[tuple[str, int, int, int, int]] = dataclasses.field(default_factory=list)
    problems: list[tuple[str, str, str, str]] = dataclasses.field(default_factory=list)

    @property
    def files(self) -> dict[str, str]:
        """Name to absolute path of all that travels, sorted by name."""
        return {name: f"{self.root}/{name}" for name in sorted(self.names)}

    @property
    def stamp(self) -> str:
        """Changes whenever a file is added, removed, renamed or (but for the newest changes) written."""
        # Version 2 of the format has no back references, so equal values give equal bytes.
        return hashlib.sha256(marshal.dumps(self.stats, 2)).hexdigest()

    @property
    def newest_ns(self) -> int:
        """Latest change of any of the files, in nanoseconds since 1970."""
        return max((max(content, status) for _, _, content, status, _ in self.stats), default=0)


class _Scan:
    def __init__(self, root: str) -> None:
        self.root = root
        self.tree = Tree(root)
        self.names = self.tree.names
        self.stats = self.tree.stats

    def folder(self, path: str, prefix: str, above: tuple[bytes, ...]) -> None:
        """Take in a folder; `above` are the real paths of those that it lies in through links, and of the first."""
        try:
            with os.scandir(_on_disk(path)) as entries:
                listing = list(entries)
        except OSError as error:
            self._problem(prefix.rstrip("/") or ".", "unreadable-file", _reason(error), "check its permissions")
            return
        top = not prefix
        taken = []
        # The loop that every run goes through for every file: as little as possible for a regular one.
        for entry in listing:
            name = entry.name.decode("utf-8", "surrogateescape")
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                self._problem(prefix + name, "unreadable-file", _reason(error), "check its permissions")
                continue
            if stat.S_ISREG(status.st_mode):
                if self._file(prefix + name, name, status, top=top):
                    taken.append(name)
            elif self._other(prefix + name, name, status, above, top=top):
                taken.append(name)
        if len({name.lower() for name in taken}) != len(taken) or not "".join(taken).isascii():
            self._check_names(taken, prefix)

    def _file(self, relative: str, name: str, status: os.stat_result, *, top: bool) -> bool:
        if file_travels(name, top=top):
            self.names.append(relative)
        elif top and name in _EXTRAS:
            self.tree.extras[name] = f"{self.root}/{name}"
        else:
            return False
        self.stats.append((relative, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
        return True

    def _other(self, relative: str, name: str, status: os.stat_result, above: tuple[bytes, ...], *, top: bool) -> bool:
        """Take in what is no regular file; returns whether anything of it travels."""
        wanted = folder_travels(name, top=top)
        if stat.S_ISDIR(status.st_mode):
            if wanted:
                self.folder(f"{self.root}/{relative}", relative + "/", above)
            return wanted
        if (wanted and file_travels(name, top=top)) or (top and name in _EXTRAS):
            if stat.S_ISLNK(status.st_mode):
                times = status.st_mtime_ns, status.st_ctime_ns
                self.stats.append((relative, status.st_size, *times, status.st_ino))
                return self._link(relative, name, above)
            self._problem(relative, "special-file", "is not a regular file", "remove it or move it out of the folder")
        return False

    def _link(self, relative: str, name: str, above: tuple[bytes, ...]) -> bool:
        """Follow a symbolic link that stays inside the folder; its content travels as if it were no link."""
        path = _on_disk(f"{self.root}/{relative}")
        try:
            real = os.path.realpath(path, strict=True)
            here = os.path.realpath(os.path.dirname(path))  # noqa: PTH120 - strings, see `folder`
            status = os.stat(real)  # noqa: PTH116
        except OSError as error:
            self._problem(relative, "symlink-broken", f"is a symbolic link: {_reason(error)}", "remove or mend it")
            return False
        if not real.startswith(os.path.realpath(_on_disk(self.root)) + b"/"):
            remedy = "copy the file here, or put shared code into functions/shared"
            self._problem(relative, "symlink-outside", "is a symbolic link that leaves its folder", remedy)
            return False
        if stat.S_ISDIR(status.st_mode):
            if real in above or (here + b"/").startswith(real + b"/"):
                self._problem(relative, "symlink-loop", "is a symbolic link to a folder that it lies in", "remove it")
                return False
            self.folder(f"{self.root}/{relative}", relative + "/", (*above, real))
            return True
        if not stat.S_ISREG(status.st_mode):
            self._problem(relative, "special-file", "leads to what is not a regular file", "remove it")
            return False
        return self._file(relative, name, status, top="/" not in relative)

    def _check_names(self, names: list[str], prefix: str) -> None:
        seen: dict[str, str] = {}
        for name in sorted(names):
            try:
                name.encode()
            except UnicodeEncodeError:
                self._problem(prefix + name, "bad-file-name", "has a name that is not UTF-8", "rename it")
                continue
            key = unicodedata.normalize("NFC", name).casefold()
            if key in seen:
                message = f"differs from {seen[key]} only by case or by how accents are written"
                self._problem(prefix + name, "colliding-names", message, "rename one of them")
            seen[key] = name

    def _problem(self, relative: str, rule: str, message: str, remedy: str) -> None:
        self.tree.problems.append((shown(relative), rule, message, remedy))


def _reason(error: OSError) -> str:
    return f"cannot be read: {os.strerror(error.errno) if error.errno else error}"


def scan(folder: Path | str) -> Tree:
    """Look at everything in a folder without opening any file.

    Args:
        folder: Absolute path of an existing folder.
    """
    scanning = _Scan(os.fsencode(folder).decode("utf-8", "surrogateescape"))
    scanning.folder(scanning.root, "", ())
    return scanning.tree


def _on_disk(path: str) -> bytes:
    # Names are UTF-8 whatever the locale says, or the same files would be packaged under other names elsewhere.
    return path.encode("utf-8", "surrogateescape")


def shown(name: str) -> str:
    """A name as it can be printed, with escapes for what is not UTF-8."""
    return name.encode(errors="backslashreplace").decode()


def size(path: str) -> int:
    """Bytes of a file that a scan found.

    Raises:
        OSError: It is gone.
    """
    return os.stat(_on_disk(path)).st_size  # noqa: PTH116 - strings, see `_Scan.folder`


def read(path: str) -> bytes:
    """The bytes of a regular file that a scan found.

    Raises:
        OSError: It cannot be read, or has become something else since.
    """
    # A named pipe that has taken a file's place must not make us wait for its writer.
    handle = os.open(_on_disk(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        return file.read()


def as_findings(tree: Tree, *, prefix: str, function: str | None) -> list[Finding]:
    """The problems of a scan as findings about files below `prefix`, a path relative to the project."""
    return [
        Finding(
            severity=Severity.ERROR,
            rule=rule,
            message=message,
            remedy=remedy,
            function=function,
            file=f"{prefix}/{name}",
        )
        for name, rule, message, remedy in sorted(tree.problems)
    ]


def listing_digest(contents: list[tuple[str, str]]) -> str:
    """One digest (hex SHA-256) of files, given in any order as pairs of name and hex SHA-256 of the content."""
    joined = "".join(f"{sha256} {len(_on_disk(name))} {name}\n" for name, sha256 in sorted(contents))
    return hashlib.sha256(_on_disk(joined)).hexdigest()
