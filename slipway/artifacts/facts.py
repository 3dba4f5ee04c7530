"""What is known about the content of folders, remembered between runs so that unchanged files are not opened again.

The memory is keyed by what `stat` says of every file in a folder. A change within the clock's grain could go unseen by
that (git calls such files racy), so a folder is remembered only when its newest change is some seconds old.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from slipway.artifacts.tree import Tree

_VERSION = 1
_RACY_NS = 2_000_000_000


class FactsCache:
    """Facts about folders of one project, by the name of the folder.

    Args:
        cache: The user's cache folder of Slipway.
        root: Root of the project; each has a file of its own.
        version: Changes when the way to find facts changes, so that older facts are forgotten.
        now_ns: The clock, in nanoseconds since 1970.
    """

    def __init__(self, cache: Path, root: Path, *, version: str, now_ns: Callable[[], int] = time.time_ns) -> None:
        key = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        self._file = cache / "facts" / f"{key}.json"
        self._version = f"{_VERSION}-{version}"
        self._now_ns = now_ns
        self._known = self._load()
        self._changed = False

    def get(self, folder: str, tree: Tree, find: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Facts about a folder: the remembered ones if nothing changed since, else those that `find` returns."""
        known = self._known.get(folder)
        stamp = tree.stamp
        if known is not None and known.get("stamp") == stamp:
            facts: dict[str, Any] = known["facts"]
            return facts
        scanned_ns = self._now_ns()
        facts = find()
        if tree.newest_ns < scanned_ns - _RACY_NS:
            self._known[folder] = {"stamp": stamp, "facts": facts}
            self._changed = True
        return facts

    def save(self, exists: Callable[[str], bool]) -> None:
        """Write down what is new, without folders that are gone; a cache that cannot be written is no error.

        Args:
            exists: Whether a folder is still there.
        """
        if not self._changed:
            return
        self._known = {folder: known for folder, known in self._known.items() if exists(folder)}
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._file.parent, suffix=".tmp")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump({"version": self._version, "folders": self._known}, file, separators=(",", ":"))
                os.replace(temporary, self._file)  # noqa: PTH105 - one call, atomic
            except BaseException:
                os.unlink(temporary)  # noqa: PTH108
                raise
        self._changed = False

    def _load(self) -> dict[str, Any]:
        try:
            content = json.loads(self._file.read_bytes())
            known = content["folders"] if content["version"] == self._version else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return known if isinstance(known, dict) else {}
