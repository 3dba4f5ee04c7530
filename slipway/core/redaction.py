"""Regular expressions of log sinks, which mean the same on both targets, and the named ones of what is masked.

Lambda's side runs Python's `re` (with `re.ASCII`), Knative's side Go's RE2. What only one of them knows, or what they
read differently, is refused: look-around, references to groups, possessive and atomic parts, flags other than i, m and
s, classes such as `[[:alpha:]]`, and repetitions above 1000.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from slipway.core.fields import mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MASK = "[redacted]"
"""What stands in a record in place of what was masked."""

Pattern = Literal["email", "card", "jwt", "aws-key", "bearer", "password"]
"""A named pattern."""

# Quotes may have a backslash in front: JSON inside of JSON.
_QUOTE = r"(?:\\?[\"'])?"
_IS = rf"{_QUOTE}\s{{0,4}}[:=]\s{{0,4}}"
_QUOTED_OR_WORD = r"(?:\\?\"[^\"]{1,512}\"|'[^']{1,512}'|[^\s\"',;&]{1,512})"

PATTERNS: Mapping[Pattern, Sequence[str]] = {
    "email": (r"\b[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b",),
    # Visa, Mastercard, Discover and Amex with their own first digits: times in milliseconds are numbers as long.
    "card": (
        r"\b(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|6(?:011|5\d{2}|4[4-9]\d))[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b",
        r"\b3[47]\d{2}[ -]?\d{6}[ -]?\d{5}\b",
    ),
    "jwt": (r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4}",),
    "aws-key": (
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        rf"(?i:secret_?access_?key){_IS}{_QUOTE}[A-Za-z0-9/+]{{40}}",
    ),
    "bearer": (
        r"(?i:\bbearer)\s{1,4}[A-Za-z0-9._~+/=-]{16,}",
        rf"(?i:\bauthorization){_IS}{_QUOTE}(?:[A-Za-z]{{1,16}}\s{{1,4}})?[A-Za-z0-9._~+/=-]{{8,}}",
    ),
    "password": (rf"(?i:\b[a-z0-9_.-]{{0,32}}(?:password|passwd|secret|api[_-]?key|token)){_IS}{_QUOTED_OR_WORD}",),
}
"""Name to the expressions whose matches are masked."""

KEYS = r"(?i:password|passwd|secret|api[_-]?key|token|authorization|cookie)$"
"""Keys of structured records whose values are masked whole, together with the pattern `password`."""

_LONGEST = 512  # and so nested less deeply than either engine allows
# Go's regexp/syntax: the highest number of a repetition, repetitions inside it multiplied.
_REPEATED = 1000
_GROUP = re.compile(r"\(\?(?::|P<[A-Za-z_][A-Za-z0-9_]*>|[ims]+(?:-[ims]+)?:|[ims]+\))")
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_UP_TO = re.compile(r"\{,\d*\}")
_ESCAPES = frozenset("dDwWsSbBAnrtfva")
_CLASS_ESCAPES = _ESCAPES - set("bBA")
_FOLDED = re.compile(r"\(\?[ms]*i")
_HEX = re.compile(r"[0-9A-Fa-f]{2}")


class ExpressionError(ValueError):
    """An expression that cannot be used on both targets.

    Attributes:
        position: Where in it, from 1.
    """

    def __init__(self, text: str, position: int) -> None:
        super().__init__(f"{text} at character {position}")
        self.position = position


def check_expression(expression: str) -> None:
    """Check that an expression is right and means the same in Python's `re` and in Go's RE2.

    Raises:
        ExpressionError: It does not.
    """
    if len(expression) > _LONGEST:
        raise ExpressionError(f"has more than {_LONGEST} characters", _LONGEST + 1)
    _Scanner(expression).run()
    if not expression.isascii() and _FOLDED.search(expression):
        raise ExpressionError("ignores the case of letters beyond ASCII", 1)
    try:
        compiled = re.compile(expression, re.ASCII)
    except re.error as error:
        raise ExpressionError(f"is wrong: {error.msg}", (error.pos or 0) + 1) from None
    if any(not found.group() for found in compiled.finditer(" a-1 ")):
        raise ExpressionError("matches where there is nothing", 1)


class _Scanner:
    """Reads an expression and refuses what only one of the two engines knows.

    Python's `re` does the rest, so that what is malformed in both is left to it.
    """

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._inside = [1]  # the highest repetition so far, of the whole and of each open group
        self._atom = 1  # that of what a quantifier would follow now

    def run(self) -> None:
        while self._at < len(self._text):
            match self._text[self._at]:
                case "\\":
                    self._escape(_ESCAPES)
                case "[":
                    self._set()
                case "(":
                    self._open()
                case ")":
                    self._close()
                case "*" | "+" | "?":
                    self._repeated(1, 1)
                case "{":
                    self._count()
                case _:
                    self._atom = 1
                    self._at += 1

    def _fail(self, text: str) -> ExpressionError:
        return ExpressionError(text, self._at + 1)

    def _escape(self, allowed: frozenset[str]) -> None:
        self._atom = 1
        letter = self._text[self._at + 1 : self._at + 2]
        if letter == "x" and _HEX.match(self._text, self._at + 2):
            self._at += 4
            return
        if letter.isdigit():
            raise self._fail("refers to a group, or is an octal number,")
        if letter and letter not in allowed and (letter.isalnum() or not letter.isascii()):
            raise self._fail("has an escape that is not the same in both")
        self._at += 2

    def _set(self) -> None:
        self._atom = 1
        self._at += 1
        if self._text.startswith("^", self._at):
            self._at += 1
        if self._text.startswith("]", self._at):
            self._at += 1
        while self._at < len(self._text) and self._text[self._at] != "]":
            here = self._text[self._at : self._at + 2]
            if here[0] == "[":
                raise self._fail("has [ inside [...], which must be written \\[,")
            if here in {"--", "&&", "~~", "||"}:
                raise self._fail(f"has {here} inside [...]")
            if here[0] == "\\":
                self._escape(_CLASS_ESCAPES)
            else:
                self._at += 1
        self._at += 1

    def _open(self) -> None:
        if self._text.startswith("(?", self._at):
            found = _GROUP.match(self._text, self._at)
            if found is None:
                raise self._fail("has a kind of group that RE2 does not know")
            if found[0].endswith(")"):
                self._at = found.end()
                return
            self._at = found.end()
        else:
            self._at += 1
        self._inside.append(1)

    def _close(self) -> None:
        if len(self._inside) > 1:
            self._atom = self._inside.pop()
            self._inside[-1] = max(self._inside[-1], self._atom)
        self._at += 1

    def _count(self) -> None:
        if _UP_TO.match(self._text, self._at):
            raise self._fail("has a repetition without its lowest number")
        found = _COUNT.match(self._text, self._at)
        if found is None:
            raise self._fail("has { that starts no repetition, which must be written \\{,")
        self._repeated(max(int(number) for number in found.groups() if number), len(found[0]))

    def _repeated(self, times: int, length: int) -> None:
        self._atom *= max(times, 1)
        if self._atom > _REPEATED:
            raise self._fail(f"repeats more than {_REPEATED} times")
        self._inside[-1] = max(self._inside[-1], self._atom)
        self._at += length
        if self._text.startswith("+", self._at):
            raise self._fail("has a possessive repetition")
        if self._text.startswith("?", self._at):
            self._at += 1


def expressions(patterns: Iterable[Pattern], further: Iterable[str]) -> list[str]:
    """All expressions of what is masked: those of named patterns first."""
    return [*(expression for name in patterns for expression in PATTERNS[name]), *further]


def _checked(expression: str) -> str:
    try:
        check_expression(expression)
    except ExpressionError as error:
        raise mistake(
            "bad-expression",
            f"is no regular expression that both targets understand: {error}",
            "write it without look-around and references, as RE2 takes it",
        ) from None
    return expression


Expression = Annotated[str, Field(min_length=1), AfterValidator(_checked)]
"""A regular expression that means the same on both targets."""
