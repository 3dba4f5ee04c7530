"""The table of all rules in `docs/policies.md`, made from the rules themselves: `python -m policies.docs --write`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from policies.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.judge.rule import AnyRule

_MARKED = re.compile(r"(<!-- rules: ([A-Z]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_HEAD = "| Id | Rule | What must hold | Elsewhere | Severity | Level | What to do |\n|---|---|---|---|---|---|---|\n"


def page(root: Path) -> Path:
    """Where the table stands.

    Args:
        root: The project.
    """
    return root / "docs" / "policies.md"


def generated(text: str) -> str:
    """The page with its tables brought up to date; each marker names the first letters of the ids in its table."""
    return _MARKED.sub(lambda match: f"{match[1]}{table(_of(match[2]))}{match[3]}", text)


def table(rules: Iterable[AnyRule]) -> str:
    """A Markdown table of rules, by id and name."""
    return _HEAD + "".join(f"| {' | '.join(map(_cell, _row(rule)))} |\n" for rule in sorted(rules, key=_place))


def main() -> int:
    """Write the page, or say that it is not up to date; the exit status."""
    path = page(Path(__file__).resolve().parents[1])
    text = path.read_text(encoding="utf-8")
    wanted = generated(text)
    if "--write" in sys.argv[1:]:
        path.write_text(wanted, encoding="utf-8")
        return 0
    if text != wanted:
        sys.stderr.write("docs/policies.md is not up to date; run `make generate`\n")
    return 0 if text == wanted else 1


def _of(letters: str) -> list[AnyRule]:
    return [rule for rule in all_rules() if rule.id[0] in letters]


def _place(rule: AnyRule) -> tuple[str, int, str]:
    return rule.id[0], int(rule.id[1:]), rule.name


def _row(rule: AnyRule) -> tuple[str, ...]:
    sources = ", ".join(source for source in rule.sources if source != "own") or "Slipway's own"
    return (rule.id, f"`{rule.name}`", rule.title, sources, rule.severity, rule.level, rule.remedy)


def _cell(text: str) -> str:
    return re.sub(r"([|*])", r"\\\1", text)


if __name__ == "__main__":
    sys.exit(main())
