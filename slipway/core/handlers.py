"""Reads, without running it, what kind of function a handler is."""

from __future__ import annotations

import ast
import dataclasses
import sys
import warnings
from typing import TYPE_CHECKING, Literal

from slipway.core.files import UnreadableError, read_text
from slipway.core.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Signature = Literal["http", "cloudevent", "lambda"]
"""How a handler is called: Functions Framework for requests, for CloudEvents, or plain `handler(event, context)`."""

_LIMIT_BYTES = 2 * 1024 * 1024
_FRAMEWORK = "functions_framework"
_DECORATORS: dict[str, Signature] = {"http": "http", "cloud_event": "cloudevent"}
_UNSERVED_DECORATORS = frozenset({"typed", "background_event"})
_PLAIN_PARAMETERS = 2


class HandlerError(Exception):
    """A handler that cannot be called.

    Attributes:
        rule: Identifier of the finding.
        message: What is wrong, as one clause.
        remedy: What to do about it.
        file: Source file, when the mistake stands there and not in the manifest.
        line: Line in it, from 1.
        column: Column in it, from 1.
        severity: How much it matters.
    """

    def __init__(
        self, rule: str, message: str, remedy: str, *, file: Path | None = None, at: tuple[int, int] | None = None
    ) -> None:
        super().__init__(message)
        self.rule, self.message, self.remedy, self.file = rule, message, remedy, file
        self.line: int | None = at[0] if at else None
        self.column: int | None = at[1] if at else None
        self.severity = Severity.ERROR


@dataclasses.dataclass(frozen=True, slots=True)
class Handler:
    """A handler as its source shows it.

    Attributes:
        file: Its source file.
        line: Line of its definition.
        parameters: Number of its positional parameters.
        decorated: The signature that a decorator of the Functions Framework says, if one does.
    """

    file: Path
    line: int
    parameters: int
    decorated: Signature | None = None

    def signature(self, *, has_http: bool) -> Signature:
        """How it is called.

        Args:
            has_http: Whether HTTP routes call it.
        """
        if self.parameters == _PLAIN_PARAMETERS:
            return "lambda"
        return "http" if has_http else self.decorated or "cloudevent"


def find_handler(directory: Path, handler: str, runtime: str) -> Handler:
    """Find a handler in the source of a function.

    Args:
        directory: The function's folder.
        handler: `module:function`.
        runtime: The function's runtime, for example `python3.11`.

    Raises:
        HandlerError: The file or the function does not exist, or cannot be called by any target.
    """
    module, _, attribute = handler.partition(":")
    file = _source_file(directory, module)
    tree = _parse(file, directory, runtime)
    definition, other = _definition(tree.body, attribute)
    if definition is None:
        names = [node.name for node in _definitions(tree.body) if not node.name.startswith("_")]
        found = f"{attribute!r} is defined otherwise in line {other}" if other else f"has no function {attribute!r}"
        raise HandlerError(
            "missing-handler",
            f"{found} (handler {handler})" if other else f"{file.name} {found}",
            f"define it with def; functions there: {', '.join(names) or 'none'}",
        )
    at = (definition.lineno, definition.col_offset + 1)
    if isinstance(definition, ast.AsyncFunctionDef):
        raise HandlerError(
            "async-handler", f"handler {attribute!r} is async, which no target calls", "use def", file=file, at=at
        )
    decorated = _decorated(tree.body, definition.decorator_list, file)
    parameters = _parameters(definition.args)
    if parameters not in {1, _PLAIN_PARAMETERS}:
        found = "*args or required keywords" if parameters is None else f"{parameters} positional parameters"
        raise HandlerError(
            "bad-signature",
            f"handler {attribute!r} takes {found}",
            "take one (request or cloud event) or two (event, context)",
            file=file,
            at=at,
        )
    if parameters == _PLAIN_PARAMETERS and decorated:
        raise HandlerError(
            "bad-signature",
            f"handler {attribute!r} has a decorator of the Functions Framework and two parameters",
            "take one parameter, or remove the decorator",
            file=file,
            at=at,
        )
    return Handler(file, definition.lineno, parameters, decorated)


def _source_file(directory: Path, module: str) -> Path:
    base = directory.joinpath(*module.split("."))
    for candidate in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
        if candidate.exists() or candidate.is_symlink():
            return candidate
    present = sorted(path.name for path in directory.glob("*.py"))
    expected = base.relative_to(directory).as_posix()
    raise HandlerError(
        "missing-handler",
        f"the handler's file {expected}.py does not exist",
        f"create it or correct handler; files there: {', '.join(present) or 'none'}",
    )


def _parse(file: Path, directory: Path, runtime: str) -> ast.Module:
    try:
        source = read_text(file, inside=directory, limit=_LIMIT_BYTES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about a developer's code are no matter of a deployment
            return ast.parse(source, filename=file.name)
    except UnreadableError as error:
        raise HandlerError(error.rule, f"{file.name} {error.message}", error.remedy, file=file) from None
    except SyntaxError as error:
        at = (error.lineno or 1, max(error.offset or 1, 1))
        found = HandlerError("syntax-error", f"is not valid Python: {error.msg}", "correct it", file=file, at=at)
    except (ValueError, RecursionError, MemoryError):
        found = HandlerError("syntax-error", "is not valid Python: it cannot be parsed", "correct it", file=file)
    ours = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if tuple(map(int, runtime.removeprefix("python").split("."))) > sys.version_info[:2]:
        found.rule, found.severity = "syntax-not-checked", Severity.WARNING
        found.message = f"is not checked: it does not parse under {ours}, which runs Slipway"
        found.remedy = f"run Slipway under {runtime} to check it"
    raise found


_Def = ast.FunctionDef | ast.AsyncFunctionDef


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, those under if, try and with included, in order."""
    for node in body:
        yield node
        for name in ("body", "orelse", "handlers", "finalbody"):
            if isinstance(node, ast.If | ast.Try | ast.With):
                inner: list[ast.stmt | ast.ExceptHandler] = getattr(node, name, [])
                for child in inner:
                    yield from _statements(child.body if isinstance(child, ast.ExceptHandler) else [child])


def _definitions(body: Sequence[ast.stmt]) -> Iterator[_Def]:
    return (node for node in _statements(body) if isinstance(node, _Def))


def _definition(body: Sequence[ast.stmt], name: str) -> tuple[_Def | None, int | None]:
    """The last definition of a function, else the line that gives its name to something else."""
    found: _Def | None = None
    other: int | None = None
    for node in _statements(body):
        if isinstance(node, _Def) and node.name == name:
            found, other = node, None
        elif name in _bound(node):
            found, other = None, node.lineno
    return found, other


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _parameters(args: ast.arguments) -> int | None:
    """Number of positional parameters; None when there is no such number."""
    required_keywords = any(default is None for default in args.kw_defaults)
    if args.vararg is not None or required_keywords:
        return None
    return len(args.posonlyargs) + len(args.args)


def _decorated(body: Sequence[ast.stmt], decorators: Sequence[ast.expr], file: Path) -> Signature | None:
    names = _framework_names(body)
    for decorator in decorators:
        dotted = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
        kind = names.get(dotted, "")
        if kind in _UNSERVED_DECORATORS:
            raise HandlerError(
                "bad-signature",
                f"the decorator {kind} is not served",
                "use http or cloud_event",
                file=file,
                at=(decorator.lineno, decorator.col_offset + 1),
            )
        if kind in _DECORATORS:
            return _DECORATORS[kind]
    return None


def _framework_names(body: Sequence[ast.stmt]) -> dict[str, str]:
    """Names under which a module knows the decorators of the Functions Framework."""
    kinds = [*_DECORATORS, *_UNSERVED_DECORATORS]
    names: dict[str, str] = {}
    for node in _statements(body):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == _FRAMEWORK:
                    names.update({f"{alias.asname or _FRAMEWORK}.{kind}": kind for kind in kinds})
        elif isinstance(node, ast.ImportFrom) and node.module == _FRAMEWORK and node.level == 0:
            names.update({alias.asname or alias.name: alias.name for alias in node.names if alias.name in kinds})
    return names
