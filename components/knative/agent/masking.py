"""What of a record must not leave the node, and how long a record may be."""

from __future__ import annotations

from components.knative.agent.ottl import BODY, absent, cache, concat, key, matches, put, text, there, when
from components.knative.agent.records import SIZE
from components.log_sink.args import LogSinkArgs

MASK = "[redacted]"
LINE_BYTES = 250_000
"""Longest record as JSON. Loki takes 256 KB where nobody changed that; a longer one would be refused."""

_WORST = 8  # times as long as JSON, with what the envelope adds
_TEXT_BYTES = 100_000  # message and stack each, of a record that is too long
_SAFE_BYTES = 20_000  # the same where that was not enough: JSON writes a control character as six bytes
# JSON as the collector writes it: no space between its parts.
_STRING = r'"(?:[^"\\]|\\.)*"'
_FLAT = rf"(?:[^{{}}\[\]\"]|{_STRING})*"
_NESTED = rf"[{{\[](?:{_FLAT}[{{\[](?:{_FLAT}[{{\[]{_FLAT}[}}\]])*{_FLAT}[}}\]])*{_FLAT}[}}\]]"
_VALUE = rf"(?:{_STRING}|{_NESTED}|[^,{{}}\[\]\"]+)"
_COLON, _HIDDEN, _QUOTE = r'([^\\]"):', "\x01", r'\\"'
_FIELDS, _ERROR = key(BODY, "fields"), key(BODY, "error")
_TEXTS = (key(BODY, "message"), key(_ERROR, "message"), key(_ERROR, "stack"))


def masked(sink: LogSinkArgs) -> list[str]:
    """Statements that mask what a sink must not get: in message, error and fields, at any depth."""
    found = [*_keys(sink.redact_keys)] if sink.redact_keys else []
    for expression in sink.redact:
        found += [_replace(path, expression, there(path)) for path in _TEXTS]
    if sink.redact:
        found += _values(sink)
    return found


def shortened() -> list[str]:
    """Statements that cut a record which stores would refuse for its length, and mark it."""
    size, long = cache("size"), f"{cache('size')} > {LINE_BYTES}"
    # JSON needs six bytes for one at the worst: what is short as it was written need not be written to know.
    written = key("log.attributes", SIZE)
    found = [put(size, f"Len(String({BODY}))", there(written), f"{written} > {LINE_BYTES // _WORST}")]
    for limit in (_TEXT_BYTES, _SAFE_BYTES):
        found.append(put(key(BODY, "cut"), "true", long))
        for path in _TEXTS:
            # Half of a letter that may be left at the end is dropped.
            found.append(put(cache("short"), path, long, there(path), f"Len({path}) > {limit}"))
            cut = (there(cache("short")), long)
            found += [
                put(path, f"Substring({path}, 0, {limit})", *cut),
                rf'replace_pattern({path}, "\\x{{FFFD}}+$", ""){when(*cut)}',
                f"delete_key(log.cache, {text('short')})",
            ]
        found.append(put(size, f"Len(String({BODY}))", long))
        if limit == _TEXT_BYTES:
            continue
        fields = put(cache("fields"), f"String({_FIELDS})", long, there(_FIELDS), f"Len(String({_FIELDS})) > {limit}")
        kept = concat([f"Substring({cache('fields')}, 0, {limit})", text("...")])
        found += [fields, put(_FIELDS, f"{{{text('cut')}: {kept}}}", long, there(cache("fields")))]
    return found


def _replace(path: str, expression: str, *conditions: str) -> str:
    return f"replace_pattern({path}, {text(expression)}, {text(MASK)}){when(*conditions)}"


def _keys(expression: str) -> list[str]:
    """Mask whole values by their keys, in the fields' JSON: OTTL itself does not go below the first level."""
    inside = expression.removesuffix("$") + ("" if expression.endswith("$") else r"(?:[^\"\\]|\\.)*")
    hidden = rf'("(?:[^"\\]|\\.)*(?:{inside})":){_VALUE}'
    kept = cache("keys")
    return [
        put(kept, f"String({_FIELDS})", there(_FIELDS)),
        put(cache("hides"), "true", there(kept), matches(kept, inside)),
        f"replace_pattern({kept}, {text(hidden)}, {text('$1' + json_mask())}){when(there(cache('hides')))}",
        *_put_back(kept, there(cache("hides"))),
    ]


def _values(sink: LogSinkArgs) -> list[str]:
    """Mask matches in the fields: in texts of the first level directly, below it in their JSON.

    There the colons behind keys are hidden, so that no expression takes key and value for `name: secret`. A second
    look with apostrophes for quotes finds what texts that are JSON themselves hold.
    """
    plain, deep = cache("plain"), cache("deep")
    nested = (there(_FIELDS), matches(f"String({_FIELDS})", r"[:,\[][{\[]"))
    found = [
        f"replace_all_patterns({_FIELDS}, {text('value')}, {text(expression)}, {text(MASK)}){when(there(_FIELDS))}"
        for expression in sink.redact
    ]
    found += [
        put(deep, f"String({_FIELDS})", *nested),
        f"replace_pattern({deep}, {text(_COLON)}, {text(f'$1{_HIDDEN}')}){when(there(deep))}",
        put(plain, deep, there(deep)),
        *(_replace(deep, expression, there(deep)) for expression in sink.redact),
    ]
    inner, before = cache("inner"), cache("before")
    found += [
        put(inner, deep, there(deep), matches(deep, _QUOTE)),
        f"replace_pattern({inner}, {text(_QUOTE)}, {text(chr(39))}){when(there(inner))}",
        put(before, inner, there(inner)),
        *(_replace(inner, expression, there(inner)) for expression in sink.redact),
        put(deep, inner, there(inner), f"{inner} != {before}"),
    ]
    changed = (there(deep), f"{deep} != {plain}")
    return [
        *found,
        f"replace_pattern({deep}, {text(_HIDDEN)}, {text(':')}){when(*changed)}",
        *_put_back(deep, *changed),
    ]


def _put_back(source: str, *conditions: str) -> list[str]:
    """Fields from their masked JSON; as text where a match took a part of the JSON with it."""
    read = cache("read")
    return [
        f"delete_key(log.cache, {text('read')})",
        put(read, f"ParseJSON({source})", *conditions),
        put(_FIELDS, read, *conditions, there(read)),
        put(_FIELDS, f"{{{text('text')}: {source}}}", *conditions, absent(read)),
    ]


def json_mask() -> str:
    """The mask as JSON."""
    return f'"{MASK}"'
