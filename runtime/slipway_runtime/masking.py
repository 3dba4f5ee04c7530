"""Masks the values of a function's secrets in all that it writes: records, prints, tracebacks, on both targets.

The values are known here alone: not to the pipeline, not to its state, and not to what carries logs to their stores.
What programs that a function starts write themselves, and libraries beside Python's own streams, does not pass here.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import os
import sys
import threading
import urllib.parse
from typing import TYPE_CHECKING, Any, TextIO

from slipway_runtime.logs import log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from typing_extensions import Buffer

MASK = "[redacted]"
SHORTEST = 8
"""Characters of the shortest value that is masked: a shorter one is in many words that are no secret."""

VARIABLE = "SLIPWAY_MASKED"
"""Names of the variables that hold secrets, with commas between, where the target fills them in."""


class Mask:
    """Finds values in any of the forms in which code usually writes them.

    Args:
        values: The values; those that are too short are not masked.
    """

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for part in _parts(value) for form in _forms(part)}
        # The longest first: a value may lie within another one.
        self._texts = sorted(forms, key=lambda form: (-len(form), form))
        self._contents = [form.encode(errors="surrogateescape") for form in self._texts]

    def text(self, text: str) -> str:
        """The text with each value masked."""
        for form in self._texts:
            text = text.replace(form, MASK)
        return text

    def content(self, content: bytes) -> bytes:
        """Bytes with each value masked."""
        for form in self._contents:
            content = content.replace(form, MASK.encode())
        return content

    def begun(self, content: bytes) -> int:
        """How many bytes at the end may be the beginning of a value."""
        forms = [form for form in self._contents if content and content[-1] in form[:-1]]
        return max((size for form in forms for size in _overlaps(content, form)), default=0)


def from_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that hold secrets, with their values, where `SLIPWAY_MASKED` names them."""
    names = filter(None, (environ.get(VARIABLE) or "").split(","))
    return {name: environ[name] for name in names if name in environ}


def install(secrets: Mapping[str, str]) -> None:
    """Mask secrets in what this process writes from now on; say which are too short for it.

    Args:
        secrets: Values of secrets by the variables that hold them.
    """
    if not secrets:
        return
    mask = Mask(secrets.values())
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None:
            masked = _masked(stream, mask)
            setattr(sys, name, masked)
            setattr(sys, f"__{name}__", masked)
    for handler in logging.getLogger().handlers:
        _mask_handler(handler, mask)
    for variable in sorted(name for name, value in secrets.items() if len(value) < SHORTEST):
        log.warning("variable %s is not masked in logs: its value has less than %d characters", variable, SHORTEST)


def _overlaps(content: bytes, form: bytes) -> Iterator[int]:
    """Sizes of ends of the content that are beginnings of a form, but not all of it."""
    sizes = range(min(len(form) - 1, len(content)), 0, -1)
    return (size for size in sizes if content.endswith(form[:size]))


def _parts(value: str) -> Iterator[str]:
    """A value, what it consists of where it is JSON, and its lines: each may be written by itself."""
    found = [value]
    with contextlib.suppress(ValueError, RecursionError):
        found += _leaves(json.loads(value))
    for text in found:
        yield from (part for part in {text, text.strip(), *map(str.strip, text.splitlines())} if len(part) >= SHORTEST)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value


def _forms(value: str) -> Iterator[str]:
    """How a value looks where code shows it: as it is, escaped, in an address, in base64."""
    yield value
    yield repr(value)[1:-1]
    for ascii_only in (True, False):
        escaped = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        yield json.dumps(escaped, ensure_ascii=ascii_only)[1:-1]
    raw = value.encode(errors="surrogateescape")
    yield urllib.parse.quote(raw, safe="")
    yield urllib.parse.quote(raw)
    yield urllib.parse.quote_plus(raw)
    for before in range(3):
        # Within something longer, as in `user:password`: only those characters follow from the value alone.
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + raw).decode()[first:last]


def _mask_handler(handler: logging.Handler, mask: Mask) -> None:
    """Mask what a handler writes, wherever that goes: on Lambda past the streams, to the platform."""
    handler.setFormatter(_Formatter(handler.formatter or logging.Formatter(), mask))
    # AWS's runtime client writes errors of functions by itself, to what it calls the sink of its handler.
    sink: Any = getattr(handler, "log_sink", None)
    if callable(write := getattr(sink, "log", None)):
        sink.log = lambda text, *args, **kwargs: write(mask.text(text), *args, **kwargs)


class _Formatter(logging.Formatter):
    def __init__(self, inner: logging.Formatter, mask: Mask) -> None:
        super().__init__()
        self._inner = inner
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        return self._mask.text(self._inner.format(record))


def _masked(stream: Any, mask: Mask) -> io.TextIOWrapper:
    stream.flush()
    output: Any = _Output(stream, mask)
    return io.TextIOWrapper(output, encoding="utf-8", errors=stream.errors, newline="\n", write_through=True)


class _Output(io.BufferedIOBase):
    """Writes at once what it gets, masked; only what may be the beginning of a value waits for more, or for `flush`."""

    def __init__(self, stream: TextIO, mask: Mask) -> None:
        self._stream = stream  # it closes what is below when nobody has it any more
        self._mask = mask
        self._held = b""
        self._lock = threading.RLock()
        os.register_at_fork(after_in_child=self._renew)

    def write(self, data: Buffer, /) -> int:
        content = bytes(data)
        with self._lock:
            masked = self._mask.content(self._held + content)
            end = len(masked) - self._mask.begun(masked)
            self._held = masked[end:]
            self._emit(masked[:end])
        return len(content)

    def flush(self) -> None:
        with self._lock:
            held, self._held = self._held, b""
            self._emit(held)

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def writable(self) -> bool:
        return True

    def _emit(self, content: bytes) -> None:
        if content:
            self._stream.buffer.write(content)
            self._stream.buffer.flush()

    def _renew(self) -> None:
        # Another thread of the parent may have held it.
        self._lock = threading.RLock()
