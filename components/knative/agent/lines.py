"""How the agent reads lines of pods: which files, where a record begins, and what the runtime put around it."""

from __future__ import annotations

from typing import Any

CHECKPOINTS = "file_storage/checkpoints"
"""Where the agent remembers up to where it has read."""

_POLL = "200ms"
# A record ends where the next one begins; the last one of a file when nothing followed until the next look. Were this
# longer than the time between two looks, the last words of a pod that is removed meanwhile would be lost.
_FLUSH = "100ms"
_LONGEST = 4 * 2**20  # bytes of a record as the runtime wrote it; what is longer arrives in parts, marked as cut


def receiver(files: str) -> dict[str, Any]:
    """Settings of the receiver that reads files of logs.

    Args:
        files: Pattern of the files that are written now.
    """
    return {
        # With the file that was rotated last: the agent may have been away while it was.
        "include": [files, f"{files}.*"],
        "exclude": [f"{files}.*.gz", f"{files}.*.tmp"],
        "start_at": "beginning",
        "poll_interval": _POLL,
        "max_log_size": _LONGEST,
        "force_flush_period": _FLUSH,
        "encoding": "utf-8-raw",  # the runtime's parts end in the middle of letters
        "multiline": {"line_start_pattern": record_start()},
        "preserve_trailing_whitespaces": True,
        "include_file_path": True,
        "include_file_name": False,
        "include_file_record_offset": True,
        "storage": CHECKPOINTS,
        "retry_on_failure": {
            "enabled": True,
            "initial_interval": "100ms",
            "max_interval": "5s",
            "max_elapsed_time": "0s",
        },
        "operators": _operators(),
    }


_TIME = r"\d{4}-\d\d-\d\dT[^ \n]+ std(?:out|err) "
_WHOLE, _PART = f"{_TIME}F ", f"{_TIME}P "


def record_start() -> str:
    """The expression that the first line of a record matches, in the format that container runtimes write.

    Reading by it, and not joining lines afterwards, means that no half of a record waits in memory, where a kill would
    lose it. What cannot begin a record is swallowed by the match: lines that the runtime cut into parts; the rest of a
    Python traceback with its causes; Java's causes. What is indented, or empty, continues the record before it.
    """
    first = r"[^ \t\n]"
    indented = rf"(?:{_WHOLE}[ \t][^\n]*\n)+"
    block = rf"Traceback \(most recent call last\):\n{indented}{_WHOLE}{first}[^\n]*"
    cause = rf"\n{_WHOLE}\n{_WHOLE}(?:During handling of|The above exception)[^\n]*\n{_WHOLE}\n{_WHOLE}{block}"
    java = rf"{first}[^\n]*\n{indented}{_WHOLE}Caused by:"
    parts = rf"{_PART}{first}[^\n]*\n(?:{_PART}[^\n]*\n)*{_WHOLE}"
    return rf"^(?:{parts}|{_WHOLE}(?:{block}(?:{cause})*|{java}|{first}))"


def _operators() -> list[dict[str, Any]]:
    """From a line as the runtime wrote it to its text, and to whose it is."""
    path = (
        r"/(?P<namespace>[^/_]+)_(?P<pod>[^/_]+)_(?P<uid>[^/]+)/(?P<container>[^/]+)/(?P<restart>\d+)\.log(?:\.[^/]*)?$"
    )
    places = {
        "namespace": "k8s.namespace.name",
        "pod": "k8s.pod.name",
        "uid": "k8s.pod.uid",
        "container": "k8s.container.name",
        "restart": "k8s.container.restart_count",
    }
    return [
        {"type": "regex_parser", "parse_from": 'attributes["log.file.path"]', "regex": path},
        *(
            {"type": "move", "from": f"attributes.{name}", "to": f'resource["{attribute}"]'}
            for name, attribute in places.items()
        ),
        {
            "type": "regex_parser",
            "on_error": "send_quiet",
            "regex": r"^(?P<time>\d{4}-\d\d-\d\dT[^ ]+) std(?:out|err) ",
            "timestamp": {
                "parse_from": "attributes.time",
                "layout_type": "gotime",
                "layout": "2006-01-02T15:04:05.999999999Z07:00",
            },
        },
        {
            "type": "regex_replace",
            "field": "body",
            "regex": rf"(?m)^(?:{_PART}([^\n]*)\n?|{_TIME}F ?([^\n]*\n?))",
            "replace_with": "$1$2",
        },
        # What is no UTF-8 now that parts are joined matches its own replacement; stores refuse it otherwise.
        {"type": "regex_replace", "field": "body", "regex": r"\x{FFFD}", "replace_with": "\ufffd"},
        # Beginnings and ends of text are the runtime's line ends, never the function's.
        {"type": "regex_replace", "field": "body", "regex": r"[\r\n]+$", "replace_with": ""},
        {
            "type": "json_parser",
            "if": 'body startsWith "{"',
            "on_error": "send_quiet",
            "parse_to": "attributes.json",
            "parse_ints": True,
        },
    ]
