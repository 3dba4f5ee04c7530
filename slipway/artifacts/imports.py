"""Which modules below a package a Python file may import: read from its syntax tree, nothing is run.

The answer errs on the side of more: an import inside a function, under `if TYPE_CHECKING` or in a `try` counts, and an
import whose name is only known at run time means that anything may be imported.
"""

from __future__ import annotations

import ast
import dataclasses
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Callables of the standard library whose first argument names a module.
_BY_NAME = frozenset({
    "__import__",
    "builtins.__import__",
    "importlib.__import__",
    "importlib.import_module",
    "importlib.resources.as_file",
    "importlib.resources.contents",
    "importlib.resources.files",
    "importlib.resources.open_binary",
    "importlib.resources.open_text",
    "importlib.resources.path",
    "importlib.resources.read_binary",
    "importlib.resources.read_text",
    "importlib.util.find_spec",
    "pkgutil.get_data",
    "pkgutil.resolve_name",
    "runpy.run_module",
})  # fmt: skip
# Callables that import by file, by search or from text: no name can be read from the call.
_UNRESOLVABLE = frozenset({
    "exec",
    "builtins.exec",
    "importlib.machinery.SourceFileLoader",
    "importlib.util.spec_from_file_location",
    "pkgutil.iter_modules",
    "pkgutil.walk_packages",
    "runpy.run_path",
})  # fmt: skip
_ROOTS = frozenset(name.split(".", maxsplit=1)[0] for name in _BY_NAME | _UNRESOLVABLE)
_PACKAGE_NAMES = frozenset({"__package__", "__name__"})


@dataclasses.dataclass(frozen=True, slots=True)
class References:
    """What one file may import below a package.

    Attributes:
        names: Absolute dotted names, each a module or an attribute of one (`shared.money`, `shared.money.show`); one
            that ends with `.*` means every module directly in that package.
        dynamic: Whether it may import any module, because a name is only known at run time.
    """

    names: frozenset[str]
    dynamic: bool


def references(source: bytes, *, below: str, module: str = "", is_package: bool = False) -> References:
    """Names below the package `below` that a file may import.

    Args:
        source: The file's bytes, with a byte order mark or an encoding declaration if it likes.
        below: Top-level package of interest, such as `shared`.
        module: The file's own absolute dotted name when it lies in that package, for relative imports; empty for other
            files, whose relative imports cannot reach it.
        is_package: Whether the file is an `__init__.py`.

    Raises:
        SyntaxError: The file is not Python of the running version or older.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a developer's odd escape sequence is no matter of packaging
            tree = ast.parse(source)
    except ValueError as error:  # a null byte
        raise SyntaxError(str(error)) from None
    except (RecursionError, MemoryError):
        raise SyntaxError("nested too deeply") from None
    reader = _Reader(below, module, module if is_package else module.rpartition(".")[0])
    nodes = list(ast.walk(tree))
    for node in nodes:
        reader.statement(node)
    reader.calls(nodes)
    return References(frozenset(reader.names), reader.dynamic)


class _Reader:
    def __init__(self, below: str, module: str, package: str) -> None:
        self.below = below
        self.module = module
        self.package = package
        self.names: set[str] = set()
        self.dynamic = False
        self.aliases: dict[str, str] = {"__import__": "__import__", "exec": "exec"}

    def statement(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._add(alias.name)
                top = alias.name.split(".", maxsplit=1)[0]
                if top in _ROOTS:
                    self.aliases[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            base = self._base(node)
            if base is None:
                return
            self._add(base)
            for alias in node.names:
                self._add(f"{base}.{alias.name}")
                if base.split(".", maxsplit=1)[0] in _ROOTS:
                    self.aliases[alias.asname or alias.name] = f"{base}.{alias.name}"

    def calls(self, nodes: list[ast.AST]) -> None:
        called: set[int] = set()
        for node in nodes:
            if isinstance(node, ast.Call):
                name = self._dotted(node.func)
                if name in _BY_NAME:
                    called.add(id(node.func))
                    self._call(node)
        for node in nodes:
            # An importing function that is passed on, or kept under another name, can import anything.
            if isinstance(node, ast.Name | ast.Attribute) and id(node) not in called:
                name = self._dotted(node)
                self.dynamic = self.dynamic or name in _BY_NAME or name in _UNRESOLVABLE

    def _add(self, name: str) -> None:
        if name == self.below or name.startswith(f"{self.below}."):
            self.names.add(name)

    def _base(self, node: ast.ImportFrom) -> str | None:
        """The absolute name that a `from` import starts at; None when it lies elsewhere."""
        if not node.level:
            return node.module
        if not self.package:
            return None
        parents = self.package.split(".")
        if node.level > len(parents):
            return None
        parts = [*parents[: len(parents) - node.level + 1], *([node.module] if node.module else [])]
        return ".".join(parts)

    def _dotted(self, node: ast.AST) -> str | None:
        """The full name of what an expression like `il.import_module` means, through this file's imports."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.aliases:
            return None
        return ".".join([self.aliases[node.id], *reversed(parts)])

    def _call(self, node: ast.Call) -> None:
        arguments = {word.arg: word.value for word in node.keywords if word.arg}
        target = node.args[0] if node.args else arguments.get("name") or arguments.get("mod_name")
        if isinstance(target, ast.Constant):
            if not isinstance(target.value, str):
                return
            self._literal(target.value.partition(":")[0], node.args[1:], arguments)
        elif target is None or self._may_be_below(target):
            self.dynamic = True
        if "fromlist" in arguments or "level" in arguments or len(node.args) > 3:  # noqa: PLR2004 - __import__
            self.dynamic = self.dynamic or target is None or self._may_be_below(target)

    def _literal(self, name: str, rest: list[ast.expr], arguments: dict[str, ast.expr]) -> None:
        if not name.startswith("."):
            self._add(name)
            return
        anchor = rest[0] if rest else arguments.get("package")
        base = self._anchor(anchor)
        if base is None:
            # In a file of the function, its own package is never `below`.
            own = isinstance(anchor, ast.Name) and anchor.id in _PACKAGE_NAMES and not self.module
            self.dynamic = self.dynamic or not own
            return
        level = len(name) - len(name.lstrip("."))
        parents = base.split(".")
        if level <= len(parents):
            self._add(".".join([*parents[: len(parents) - level + 1], name[level:]]).rstrip("."))

    def _anchor(self, node: ast.expr | None) -> str | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.Name) and self.module:
            return {"__package__": self.package, "__name__": self.module}.get(node.id)
        return None

    def _may_be_below(self, node: ast.expr) -> bool:
        prefix = "".join(_literal_prefix(node))
        return self.below.startswith(prefix) or prefix.startswith((self.below + ".", "."))


def _literal_prefix(node: ast.expr) -> Iterator[str]:
    """The text that a string expression certainly starts with."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            if not isinstance(part, ast.Constant):
                return
            yield str(part.value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _literal_prefix(node.left)
