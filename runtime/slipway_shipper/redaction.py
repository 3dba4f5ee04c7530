"""Masks what must not leave the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

MASK = "[redacted]"


class Redaction:
    """Replaces what any of the expressions matches.

    Args:
        expressions: What is masked.
        keys: Keys whose values are masked whole; None masks none of them.
    """

    def __init__(self, expressions: Sequence[re.Pattern[str]], keys: re.Pattern[str] | None = None) -> None:
        self._expressions = expressions
        self._keys = keys

    def text(self, text: str) -> str:
        """The text with each match masked."""
        for expression in self._expressions:
            text = expression.sub(MASK, text)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value with each match masked, in keys too; a number of which a part is masked becomes text."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): MASK if self._hides(name) else self.value(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, bool) or value is None:
            return value
        shown = str(value)
        masked = self.text(shown)
        return value if masked == shown else masked

    def _hides(self, key: str) -> bool:
        return self._keys is not None and self._keys.search(key) is not None
