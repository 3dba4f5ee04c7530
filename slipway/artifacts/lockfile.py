"""Reads a lock file: `name==version ; marker --hash=sha256:...` lines, as `slipway lock` writes them.

Source of the format: pip's requirements file format, https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_HASH = re.compile(r"--hash[=\s](?P<hash>sha(?:256|384|512):[0-9a-f]+)")
_COMMENT = re.compile(r"(^|\s)#.*$")


@dataclasses.dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a requirements file.

    Attributes:
        line: Line in the file, from 1.
        message: What is wrong, as one clause.
        remedy: What to do about it, as one clause.
    """

    line: int
    message: str
    remedy: str


@dataclasses.dataclass(frozen=True, slots=True)
class Lock:
    """A lock file.

    Attributes:
        names: Normalised names of all distributions in it.
        lines: Name to its requirements with hashes, as they can be given to an installer.
        digest: Hex SHA-256 of what it pins; comments, order and spacing do not change it.
        mistakes: Everything that makes it unusable, in reading order.
    """

    names: frozenset[str]
    lines: Mapping[str, str]
    digest: str
    mistakes: tuple[Mistake, ...]


@functools.lru_cache(maxsize=256)
def parse_lock(text: str) -> Lock:
    """What a lock file pins. Mistakes do not raise, so that a caller can show those of many files at once."""
    pins: list[tuple[str, str, list[str], str, list[str]]] = []
    lines: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for number, line in _logical_lines(text):
        hashes = sorted(_HASH.findall(line))
        wanted = _HASH.sub("", line).strip()
        if wanted.startswith("-"):
            option = wanted.split()[0].partition("=")[0]
            remedy = "an index or another option belongs into uv's configuration; run `slipway lock` again"
            mistakes.append(Mistake(number, f"option {option} is not allowed in a lock file", remedy))
            continue
        pin = _pin(wanted)
        if isinstance(pin, str):
            mistakes.append(Mistake(number, pin, "run `slipway lock` to write it again"))
        elif not hashes:
            mistakes.append(Mistake(number, f"{pin[0]} has no hash", "run `slipway lock` to write it again"))
        else:
            pins.append((*pin, hashes))
            lines[pin[0]] = lines.get(pin[0], "") + line + "\n"
    digest = hashlib.sha256(json.dumps(sorted(pins)).encode()).hexdigest()
    return Lock(frozenset(lines), lines, digest, tuple(mistakes))


@functools.lru_cache(maxsize=256)
def parse_direct(text: str) -> frozenset[str] | None:
    """What a `requirements.in` asks for, as normalised `name` or `name[extra]`; None if it takes in another file."""
    names = set()
    for _, line in _logical_lines(text):
        if line.startswith(("-r", "--requirement")):
            return None
        try:
            requirement = Requirement(_HASH.sub("", line).strip())
        except InvalidRequirement:
            continue  # an option such as `-c`: uv judges it when it locks
        extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        names.add(canonicalize_name(requirement.name) + extras)
    return frozenset(names)


def parse_names(text: str) -> frozenset[str]:
    """Normalised names of a plain list, one name a line, `#` starts a comment."""
    return frozenset(canonicalize_name(line) for _, line in _logical_lines(text))


def _pin(wanted: str) -> tuple[str, str, list[str], str] | str:
    """Name, version, extras and marker of a pinned requirement, or what is wrong with it."""
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement:
        return f"{wanted[:60]!r} is not a requirement"
    specifiers = list(requirement.specifier)
    if requirement.url or len(specifiers) != 1 or specifiers[0].operator != "==" or "*" in specifiers[0].version:
        return f"{requirement.name} is not pinned as NAME==VERSION"
    name = canonicalize_name(requirement.name)
    return name, specifiers[0].version, sorted(requirement.extras), str(requirement.marker or "")


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with their continuations joined and without comments, each with the number of its first line."""
    lines: list[tuple[int, str]] = []
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = _COMMENT.sub("", raw).strip()
        start = start if pending else number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        if joined := (pending + line).strip():
            lines.append((start, joined))
        pending = ""
    if pending.strip():
        lines.append((start, pending.strip()))
    return lines
