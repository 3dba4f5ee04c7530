"""Known causes of failures: what a message of a provider means, and what to do about it."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """A known cause of failures.

    Attributes:
        rule: Stable identifier in kebab case.
        pattern: Finds it in a message, ignoring case.
        meaning: What it means, as one clause.
        remedy: What to do, as one clause; `{stack}` stands for the environment's name.
    """

    rule: str
    pattern: re.Pattern[str]
    meaning: str
    remedy: str


def cause(rule: str, pattern: str, meaning: str, remedy: str) -> Cause:
    """A cause whose pattern ignores case and line ends."""
    return Cause(rule, re.compile(pattern, re.IGNORECASE | re.DOTALL), meaning, remedy)


def first_cause(causes: Iterable[Cause], text: str) -> Cause | None:
    """The first of the causes that a message shows, or None."""
    return next((candidate for candidate in causes if candidate.pattern.search(text)), None)


def advice(found: Cause, environment: str) -> str:
    """`meaning; what to do: ...` for an environment."""
    return f"{found.meaning}; what to do: {found.remedy.format(stack=environment)}"


def with_advice(causes: Iterable[Cause], text: str, environment: str, who: str) -> str:
    """A failure as `who: what was said; meaning; what to do: ...`; without the last two when it is not known."""
    found = first_cause(causes, text)
    return f"{who}: {text}" if found is None else f"{who}: {text}; {advice(found, environment)}"
