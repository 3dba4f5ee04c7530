"""Finds out what is in the files of a folder: digests, imports, locks; all as plain JSON, so that it can be kept."""

from __future__ import annotations

import hashlib
import platform
from typing import TYPE_CHECKING, Any

from slipway.artifacts import tree as trees
from slipway.artifacts.imports import references
from slipway.artifacts.lockfile import parse_direct, parse_lock
from slipway.artifacts.shared import PACKAGE, module_of
from slipway.core.findings import Finding, Severity

if TYPE_CHECKING:
    from slipway.artifacts.imports import References
    from slipway.artifacts.tree import Tree

Problem = list[Any]
"""Name in the folder, rule, message, remedy and, if known, line."""


def mistake(
    file: str, rule: str, message: str, remedy: str, function: str | None = None, *, line: int | None = None
) -> Finding:
    """A finding that forbids packaging, about a file given relative to the project."""
    return Finding(
        severity=Severity.ERROR, rule=rule, message=message, remedy=remedy, function=function, file=file, line=line
    )


def as_mistakes(facts: dict[str, Any], *, prefix: str, function: str | None) -> list[Finding]:
    """The `problems` among facts about a folder whose path in the project is `prefix`."""
    return [
        mistake(f"{prefix}/{trees.shown(name)}", rule, message, remedy, function, line=line[0] if line else None)
        for name, rule, message, remedy, *line in facts["problems"]
    ]


def plain_facts(tree: Tree) -> dict[str, Any]:
    """`sha256`: name to digest; `problems`: files that cannot be read."""
    sha256, _, problems = _read(tree)
    return {"sha256": sha256, "problems": problems}


def function_facts(tree: Tree) -> dict[str, Any]:
    """What a function's folder holds.

    Returns:
        `digest` of all that travels; `names` and `dynamic`, its references to shared modules; `lock`, what its lock
        file pins, or None without one; `direct`, the names that it asks for, or None where any may be; `problems`.
    """
    sha256, sources, problems = _read(tree)
    names: set[str] = set()
    dynamic = False
    for name, source in sources.items():
        found = _references(name, source, problems)
        names |= found.names
        dynamic = dynamic or found.dynamic
    texts = {name: _text(name, path, problems) for name, path in tree.extras.items()}
    lock = parse_lock(texts[trees.LOCK_NAME]) if trees.LOCK_NAME in texts else None
    direct = parse_direct(texts[trees.DIRECT_NAME]) if trees.DIRECT_NAME in texts else None
    if lock is not None:
        problems += [[trees.LOCK_NAME, "bad-lock-file", m.message, m.remedy, m.line] for m in lock.mistakes]
    return {
        "digest": trees.listing_digest(list(sha256.items())),
        "names": sorted(names),
        "dynamic": dynamic,
        "lock": None if lock is None else {"digest": lock.digest, "names": sorted(lock.names)},
        "direct": None if direct is None else sorted(direct),
        "problems": problems,
    }


def shared_facts(tree: Tree) -> dict[str, Any]:
    """`files`: name to facts about it (`sha256`; `names` and `dynamic` of Python files); `problems`."""
    sha256, sources, problems = _read(tree)
    files: dict[str, dict[str, Any]] = {name: {"sha256": digest} for name, digest in sha256.items()}
    for name, source in sources.items():
        found = _references(name, source, problems, in_shared=True)
        files[name] |= {"names": sorted(found.names), "dynamic": found.dynamic}
    return {"files": files, "problems": problems}


def _read(tree: Tree) -> tuple[dict[str, str], dict[str, bytes], list[Problem]]:
    """Digests of all files, the bytes of the Python files, and the files that cannot be read."""
    sha256: dict[str, str] = {}
    sources: dict[str, bytes] = {}
    problems: list[Problem] = []
    for name, path in tree.files.items():
        try:
            content = trees.read(path)
        except OSError as error:
            problems.append([name, "unreadable-file", f"cannot be read: {error.strerror}", "check its permissions"])
            continue
        sha256[name] = hashlib.sha256(content).hexdigest()
        if name.endswith(".py"):
            sources[name] = content
    return sha256, sources, problems


def _references(name: str, source: bytes, problems: list[Problem], *, in_shared: bool = False) -> References:
    module, is_package = (module_of(name) if in_shared else None) or ("", False)
    try:
        return references(source, below=PACKAGE, module=module, is_package=is_package)
    except SyntaxError as error:
        message = f"is not valid for Python {platform.python_version()}: {error.msg}"
        remedy = "mend it, or run Slipway under the Python that it is written for"
        problems.append([name, "not-python", message, remedy, error.lineno])
        return references(b"", below=PACKAGE)


def _text(name: str, path: str, problems: list[Problem]) -> str:
    try:
        return trees.read(path).decode("utf-8-sig")
    except OSError as error:
        problems.append([name, "unreadable-file", f"cannot be read: {error.strerror}", "check its permissions"])
    except UnicodeDecodeError:
        problems.append([name, "bad-encoding", "is not UTF-8", "save it as UTF-8"])
    return ""
