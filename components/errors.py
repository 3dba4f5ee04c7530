"""What components say when they are used wrongly: one clean message, no traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import pulumi


class InputError(pulumi.RunError):
    """Arguments that cannot be used. The engine prints the message alone and registers nothing more.

    Attributes:
        mistakes: One line each: who, property, found, allowed, what to do.
    """

    def __init__(self, mistakes: str | Sequence[str]) -> None:
        self.mistakes = (mistakes,) if isinstance(mistakes, str) else tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


def nearest(found: str, allowed: Iterable[str]) -> str:
    """The allowed names as a clause, with the nearest one first: `did you mean 'queue'? Allowed: bucket, queue`."""
    names = sorted(allowed)
    if not names:
        return "there are none"
    close = difflib.get_close_matches(found, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}Allowed: {', '.join(names)}"
