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
        files: Name in the folder (forward slashes) to absolute path, of all that travels, sorted by name.
        extras: The same for the lock and the direct requirements at the top, which decide but do not travel.
        stamp: Changes whenever a file is added, removed, renamed or (but for the newest changes) written.
        newest_ns: Latest change of any of the files, in nanoseconds since 1970.
        problems: Files that cannot be packaged: name, rule, message and remedy of each.
    """

    files: dict[str, str]
    extras: dict[str, str]
    stamp: str
    newest_ns: int
    problems: list[tuple[str, str, str, str]]


class _Scan:
    def __init__(self, root: str) -> None:
        self.root = root
        self.real_root = os.path.realpath(root)
        self.found: list[tuple[str, str]] = []
        self.extras: dict[str, str] = {}
        self.stats: list[tuple[str, int, int, int, int]] = []
        self.newest = 0
        self.problems: list[tuple[str, str, str, str]] = []

    def folder(self, path: str, prefix: str, above: tuple[str, ...]) -> None:
        """Take in a folder; `above` are the real paths of it and all folders that it lies in, outermost first."""
        try:
            with os.scandir(path) as entries:
                listing = list(entries)
        except OSError as error:
            self._problem(prefix.rstrip("/") or ".", "unreadable-file", _reason(error), "check its permissions")
            return
        taken = [entry.name for entry in listing if self._entry(entry, prefix, above)]
        if len({name.lower() for name in taken}) != len(taken) or not "".join(taken).isascii():
            self._check_names(taken, prefix)

    def _entry(self, entry: os.DirEntry[str], prefix: str, above: tuple[str, ...]) -> bool:
        """Take in one entry of a folder; returns whether anything of it travels."""
        name = entry.name
        relative = prefix + name
        top = not prefix
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._problem(relative, "unreadable-file", _reason(error), "check its permissions")
            return False
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFREG:
            return self._file(relative, entry.path, status, top=top)
        if kind == stat.S_IFDIR:
            travels_in = folder_travels(name, top=top)
            if travels_in:
                self.folder(entry.path, relative + "/", (*above, f"{above[-1]}/{name}"))
            return travels_in
        wanted = file_travels(name, top=top) and folder_travels(name, top=top)
        if wanted or (top and name in _EXTRAS):
            if kind == stat.S_IFLNK:
                self._stamp(relative, status)
                return self._link(relative, entry.path, above)
            self._problem(relative, "special-file", "is not a regular file", "remove it or move it out of the folder")
        return False

    def _file(self, relative: str, path: str, status: os.stat_result, *, top: bool) -> bool:
        if file_travels(relative.rpartition("/")[2], top=top):
            self.found.append((relative, path))
        elif top and relative in _EXTRAS:
            self.extras[relative] = path
        else:
            return False
        self._stamp(relative, status)
        return True

    def _link(self, relative: str, path: str, above: tuple[str, ...]) -> bool:
        """Follow a symbolic link that stays inside the folder; its content travels as if it were no link."""
        try:
            real = os.path.realpath(path, strict=True)
            status = os.stat(real)  # noqa: PTH116 - Path objects cost more than all the rest of a scan
        except OSError as error:
            self._problem(relative, "symlink-broken", f"is a symbolic link: {_reason(error)}", "remove or mend it")
            return False
        if not real.startswith(self.real_root + os.sep):
            remedy = "copy the file here, or put shared code into functions/shared"
            self._problem(relative, "symlink-outside", "is a symbolic link that leaves its folder", remedy)
            return False
        if stat.S_ISDIR(status.st_mode):
            if real in above:
                self._problem(relative, "symlink-loop", "is a symbolic link to a folder that it lies in", "remove it")
                return False
            self.folder(path, relative + "/", (*above, real))
            return True
        if not stat.S_ISREG(status.st_mode):
            self._problem(relative, "special-file", "leads to what is not a regular file", "remove it")
            return False
        return self._file(relative, path, status, top="/" not in relative)

    def _stamp(self, relative: str, status: os.stat_result) -> None:
        changed = status.st_mtime_ns, status.st_ctime_ns
        self.newest = max(self.newest, *changed)
        # Only printable names get this far in the end; until then the bytes of any name must do.
        self.stats.append((ascii(relative), status.st_size, *changed, status.st_ino))

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
        shown = relative.encode(errors="backslashreplace").decode() if not relative.isascii() else relative
        self.problems.append((shown, rule, message, remedy))


def _reason(error: OSError) -> str:
    return f"cannot be read: {os.strerror(error.errno) if error.errno else error}"


def scan(folder: Path | str) -> Tree:
    """Look at everything in a folder without opening any file.

    Args:
        folder: Absolute path of an existing folder.
    """
    found = _Scan(os.fspath(folder))
    found.folder(found.root, "", (found.real_root,))
    # Version 2 of the format has no back references, so equal values give equal bytes.
    stamp = hashlib.sha256(marshal.dumps(found.stats, 2)).hexdigest()
    return Tree(dict(sorted(found.found)), found.extras, stamp, found.newest, found.problems)


def read(path: str) -> bytes:
    """The bytes of a regular file that a scan found.

    Raises:
        OSError: It cannot be read, or has become something else since.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        return file.read()


def _open_at_once(path: str, flags: int) -> int:
    # A named pipe that has taken a file's place must not make us wait for its writer.
    return os.open(path, flags | os.O_NONBLOCK)


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
    joined = "".join(f"{sha256} {len(name.encode())} {name}\n" for name, sha256 in sorted(contents))
    return hashlib.sha256(joined.encode()).hexdigest()
