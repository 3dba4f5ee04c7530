"""One model for everything that Slipway has to say about a project, and its one-line rendering."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(enum.IntEnum):
    """How much a finding matters; compares in that order."""

    INFO = 1
    WARNING = 2
    ERROR = 3


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing found. It never holds a value that is or was a secret.

    Attributes:
        severity: How much it matters.
        rule: Stable identifier in kebab case, for filters and reports (`unknown-key`).
        message: Property, what was found and what is allowed, as one clause without a full stop.
        remedy: What to do about it, as one clause; empty when the message already says it.
        environment: Name of the stack it concerns, if one.
        function: Name of the function it concerns, if one.
        resource: URN or physical name of the resource it concerns, if one.
        property: Path of the property (`events[0].http.path`), if one.
        file: Path relative to the project's root, with forward slashes, if one.
        line: Line in the file, from 1.
        column: Column in the line, from 1.
        excuse: Why it is excused, by whom and how long, if it is.
    """

    severity: Severity
    rule: str
    message: str
    remedy: str = ""
    environment: str | None = None
    function: str | None = None
    resource: str | None = None
    property: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    excuse: str = ""

    def where(self) -> str:
        """The most precise place that is known: `file:line:column`, else the resource, function or environment."""
        if self.file is not None:
            numbers = [str(n) for n in (self.line, self.column) if n is not None]
            return ":".join([self.file, *numbers])
        return self.resource or self.function or self.environment or "slipway"

    def render(self) -> str:
        """One line for people: `functions/orders/function.yaml:7:9: memory must be 128-10240 MB, found 64; ...`.

        Names of files may hold anything; what cannot be printed is escaped.
        """
        clauses = (self.message, self.remedy, f"excused {self.excuse}" if self.excuse else "")
        text = f"{self.where()}: " + "; ".join(clause for clause in clauses if clause)
        if text.isprintable():
            return text
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON values, without the fields that are not set."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        fields["severity"] = self.severity.name.lower()
        return {name: value for name, value in fields.items() if value not in (None, "")}


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings as a reader goes through them: by file, line and column, those without a file last; no repetitions."""
    unique = dict.fromkeys(findings)
    return sorted(
        unique, key=lambda f: (f.file is None, f.file or "", f.line or 0, f.column or 0, f.where(), f.message)
    )


def errors_in(findings: Iterable[Finding]) -> list[Finding]:
    """Only the findings that forbid to go on."""
    return [finding for finding in findings if finding.severity >= Severity.ERROR]
