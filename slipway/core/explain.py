"""Checks a document against a model and says each mistake in one clause, with its place and the nearest right value."""

from __future__ import annotations

import copy
import dataclasses
import difflib
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from slipway.core.anatomy import KEY, Spot, later_keys, spot
from slipway.core.document import PathSet, property_name, quoted
from slipway.core.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

    from slipway.core.document import Document, PropertyPath

M = TypeVar("M", bound=BaseModel)

_SIZES = frozenset({"too_short", "too_long", "string_too_short", "string_too_long"})
_PASSES = 12
_MOST = 100
_LISTED = 30


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Something wrong with a property of a document.

    Attributes:
        path: The property.
        rule: Identifier of the finding.
        message: What is wrong, as one clause that names the property.
        remedy: What to do about it.
        severity: How much it matters.
        at_key: Whether the key stands where the mistake is, not the value.
    """

    path: PropertyPath
    rule: str
    message: str
    remedy: str = ""
    severity: Severity = Severity.ERROR
    at_key: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Checked(Generic[M]):
    """What a document turned out to be.

    Attributes:
        model: The model; where `complete` is false, of what was right in the document. None when too little was.
        complete: Whether the whole document was right.
        findings: Every mistake, those of the document as YAML included.
        refused: Properties that findings speak about; what follows from them is not worth another one.
    """

    model: M | None
    complete: bool
    findings: list[Finding]
    refused: PathSet = dataclasses.field(default_factory=PathSet)


def nearest(name: str, names: Iterable[str]) -> str:
    """The one of `names` that is most like `name`, as the end of a message; empty when none is."""
    by_folded = {known.casefold(): known for known in names}
    close = difflib.get_close_matches(name[:100].casefold(), by_folded, n=1)
    return f", did you mean {quoted(by_folded[close[0]])}?" if close else ""


def known(names: Iterable[str]) -> str:
    """Names as a message lists them."""
    listed = sorted(names)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return ", ".join(listed[:_LISTED]) + more if listed else "none"


def to_finding(
    document: Document, mistake: Mistake, *, function: str | None = None, environment: str | None = None
) -> Finding:
    """A mistake with its place in the file.

    Args:
        document: The file.
        mistake: What is wrong in it.
        function: Name of the function it concerns, if one.
        environment: Name of the environment it concerns, if one.
    """
    mark = document.mark(mistake.path, key=mistake.at_key)
    return Finding(
        severity=mistake.severity,
        rule=mistake.rule,
        message=mistake.message,
        remedy=mistake.remedy,
        property=document.prefix + property_name(mistake.path) if mistake.path else None,
        file=document.file,
        line=mark.line,
        column=mark.column,
        function=function,
        environment=environment,
    )


def check(
    model: type[M],
    document: Document,
    placeholders: Mapping[str, Any],
    *,
    function: str | None = None,
    environment: str | None = None,
) -> Checked[M]:
    """Check a document against a model.

    What is wrong is taken out and the rest is checked again, so that one mistake hides no other.

    Args:
        model: The model.
        document: The document.
        placeholders: Stand-ins for required keys that are missing, so that the rest can be checked further.
        function: Name of the function it describes, if it does.
        environment: Name of the environment it describes, if it does.
    """
    findings = [
        dataclasses.replace(finding, function=function, environment=environment) for finding in document.findings
    ]
    if document.data is None:
        return Checked(None, complete=False, findings=findings)
    data, refused = copy.deepcopy(document.data), PathSet(document.refused)
    found: list[Mistake] = []
    result: M | None = None
    for _ in range(_PASSES):
        try:
            result = model.model_validate(data)
            break
        except ValidationError as error:
            details = error.errors(include_url=False)
        fresh = list(islice((detail for detail in details if not _follows(detail, refused, document)), _MOST + 1))
        found.extend(_explain(model, document, detail) for detail in _without_echo(model, fresh))
        before = len(refused)
        for detail in details:
            path = _path(detail)
            refused.add(path)
            _take_out(data, path, missing=detail["type"] == "missing", placeholders=placeholders)
        if len(refused) == before:
            break
    found.extend(
        Mistake(
            path=path,
            rule="not-served",
            message=f"{document.prefix}{property_name(path)} is not served by this version",
            remedy=instead,
            at_key=True,
        )
        for path, instead in later_keys(model, document.data).items()
    )
    findings.extend(to_finding(document, mistake, function=function, environment=environment) for mistake in found)
    if len(findings) > _MOST:
        more = Finding(
            severity=Severity.ERROR,
            rule="many-mistakes",
            message=f"more than {_MOST} mistakes, the others are not shown",
            remedy="correct these first",
            function=function,
            environment=environment,
            file=document.file,
        )
        findings = [more, *findings[:_MOST]]
    return Checked(result, complete=not findings, findings=findings, refused=refused)


def _path(detail: ErrorDetails) -> PropertyPath:
    return tuple(part for part in detail["loc"] if part != KEY)


def _follows(detail: ErrorDetails, refused: PathSet, document: Document) -> bool:
    """Whether an error only repeats, or follows from, what has been said already."""
    path = _path(detail)
    if detail["type"] == "missing" and path[:-1] in document.incomplete:
        return True
    return refused.touches(path)


def _without_echo(model: type[BaseModel], details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Errors without those about a missing key that stands there misspelt, which is said already."""
    misspelt = {
        (*_path(detail)[:-1], close[0])
        for detail in details
        if detail["type"] == "extra_forbidden"
        and (close := difflib.get_close_matches(str(detail["loc"][-1]), spot(model, _path(detail)[:-1]).keys, n=1))
    }
    return [detail for detail in details if detail["type"] != "missing" or _path(detail) not in misspelt]


def _take_out(data: Any, path: PropertyPath, *, missing: bool, placeholders: Mapping[str, Any]) -> None:
    if missing and len(path) == 1 and path[0] in placeholders:
        data[path[0]] = copy.deepcopy(placeholders[str(path[0])])
        return
    place = path[:-1] if missing else path
    holder: Any = data
    for part in place[:-1]:
        try:
            holder = holder[part]
        except (KeyError, IndexError, TypeError):
            return
    if place and isinstance(holder, dict):
        holder.pop(place[-1], None)
    elif place and isinstance(holder, list) and isinstance(place[-1], int):
        # The items after it go too, so that those that stay keep their numbers and findings their places.
        del holder[place[-1] :]


def _explain(model: type[BaseModel], document: Document, detail: ErrorDetails) -> Mistake:
    path, kind = _path(detail), detail["type"]
    here = spot(model, (*path[:-1], KEY) if KEY in detail["loc"] else path)
    name = document.prefix + property_name(path) if path else "the file"
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(document, path, spot(model, path[:-1]))
    if kind == "missing":
        return Mistake(
            path=path, rule="missing-key", message=f"{name} is missing", remedy=f"it is {here.form or here.kind}"
        )
    if "text" in context:
        message, at_key = f"{name} {context['text']}", KEY in detail["loc"]
        return Mistake(path=path, rule=kind, message=message, remedy=context["remedy"], at_key=at_key)
    if KEY in detail["loc"]:
        holder = document.prefix + property_name(path[:-1])
        found = f"a key of {holder} must be {here.form or here.kind}, found {quoted(str(path[-1]))}"
        return Mistake(path=path, rule="bad-key", message=found, at_key=True)
    return _wrong_value(path, name, here, detail)


def _wrong_value(path: PropertyPath, name: str, here: Spot, detail: ErrorDetails) -> Mistake:
    value, kind = detail["input"], detail["type"]
    found = f", found {describe(value, private=here.private)}"
    if kind in _SIZES:
        size = len(value) if isinstance(value, str | list | dict) else 0
        return Mistake(path=path, rule="out-of-range", message=f"{name} must have {here.size}, found {size}")
    if kind in {"greater_than_equal", "less_than_equal"}:
        return Mistake(path=path, rule="out-of-range", message=f"{name} must be {here.form}{found}")
    if kind == "literal_error":
        close = nearest(str(value), here.choices) if isinstance(value, str | float) else ""
        return Mistake(path=path, rule="not-allowed", message=f"{name} must be {here.form}{found}{close}")
    if kind == "string_pattern_mismatch":
        shown = "" if here.private else found
        return Mistake(path=path, rule="bad-format", message=f"{name} must be {here.form}{shown}", remedy=here.remedy)
    return _wrong_type(path, name, here, value)


def _unknown_key(document: Document, path: PropertyPath, holder: Spot) -> Mistake:
    prefix = document.prefix if len(path) == 1 else ""
    key, allowed = prefix + str(path[-1]), [prefix + name for name in holder.keys]
    return Mistake(
        path=path,
        rule="unknown-key",
        message=f"unknown key {quoted(key)}{nearest(key, allowed)}",
        remedy=f"allowed: {known(allowed)}",
        at_key=True,
    )


def _wrong_type(path: PropertyPath, name: str, here: Spot, value: Any) -> Mistake:
    remedy = ""
    if here.kind == "text" and isinstance(value, bool | int | float):
        remedy = f'quote it: {path[-1]}: "..."' if isinstance(path[-1], str) else "quote it"
    elif here.kind in {"a whole number", "a number", "true or false"} and isinstance(value, str):
        remedy = "remove the quotes" if value.isdecimal() or value in {"true", "false"} else ""
    elif here.kind == "a list" and isinstance(value, str | int):
        remedy = "write it as a list: [...]"
    if here.keys and not remedy:
        remedy = f"its keys are {', '.join(here.keys)}"
    expected = f"{here.kind} ({here.form})" if here.form else here.kind
    found = _kind(value) if here.private else describe(value)
    return Mistake(path=path, rule="wrong-type", message=f"{name} must be {expected}, found {found}", remedy=remedy)


def describe(value: Any, *, private: bool = False) -> str:
    """A value as a message shows it, on one line and short; only its kind when it is private."""
    if private or value is None or isinstance(value, list | dict):
        return _kind(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")
