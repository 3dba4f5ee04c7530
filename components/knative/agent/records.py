"""How a line of a pod becomes an envelope: the form that logs have in every store, on every target.

The same rules as those of the shipper on Lambda, written in OTTL. `docs/schema/log.schema.json` describes the result.
"""

from __future__ import annotations

from components.knative.agent.ottl import (
    BODY,
    JSON,
    absent,
    cache,
    concat,
    extract,
    key,
    matches,
    put,
    text,
    there,
    when,
)

SERVICE, NAMESPACE, ENVIRONMENT = "service.name", "service.namespace", "deployment.environment.name"
"""Resource attributes by which stores tell streams apart."""
FUNCTION, REVISION, OWNER, WHOLE_OWNER = (
    "slipway.function", "slipway.revision", "slipway.owner", "slipway.owner.whole",
)  # fmt: skip
"""Resource attributes that labels and annotations of a pod are put into; none of them leaves the node."""
PREFIX = "slipway.prefix"
"""Resource attribute with the folders of a record in a bucket."""
SIZE = "slipway.size"
"""Attribute with the bytes of a line as the function wrote it."""
QUEUE_PROXY = "queue-proxy"
REQUEST_MARK = "slipway"
"""Key by which a line of Knative's request log is known; its value is `request`."""

_POD, _UID, _CONTAINER, _RESTART = (
    "k8s.pod.name", "k8s.pod.uid", "k8s.container.name", "k8s.container.restart_count",
)  # fmt: skip
_LEVEL_KEYS = ("level", "logLevel", "severity", "levelname")
_MESSAGE_KEYS = ("message", "msg")
_REQUEST_KEYS = ("requestId", "request_id", "AWSRequestId", "function_request_id")
_TRACE_KEYS, _SPAN_KEYS = ("trace_id", "traceId"), ("span_id", "spanId")
_STANDARD = (
    *_LEVEL_KEYS, *_MESSAGE_KEYS, *_REQUEST_KEYS, *_TRACE_KEYS, *_SPAN_KEYS,
    "timestamp", "function", "errorType", "errorMessage", "stackTrace", "exception", "traceparent", REQUEST_MARK,
)  # fmt: skip
_SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_OTHERS = {"WARNING": "WARN", "CRITICAL": "FATAL", "NOTICE": "INFO", "ERR": "ERROR"}
_TRACEBACK = r"Traceback \(most recent call last\):"
# A revision is `{function}-{ten hex digits}`, its pods are called after it; the end may be cut.
_POD_NAME = r"^(?P<revision>(?P<function>.+?)-[0-9a-f]{10})-d"
_TRACEPARENT = r"^[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}$"
_ID_DIGITS = 32
_SERVER_ERROR = 500


def of_pods(environment: str, namespace: str) -> list[str]:
    """Statements about what all records of a container have in common: whose they are."""
    service, cut = key("resource.attributes", SERVICE), "resource.cache"
    pod = key("resource.attributes", _POD)
    return [
        f"merge_maps({cut}, {extract(pod, _POD_NAME)}, {text('upsert')}){when(there(pod))}",
        put(service, key("resource.attributes", FUNCTION), there(key("resource.attributes", FUNCTION))),
        put(service, key(cut, "function"), absent(service), there(key(cut, "function"))),
        put(service, key("resource.attributes", _CONTAINER), absent(service)),
        put(
            key("resource.attributes", REVISION),
            key(cut, "revision"),
            absent(key("resource.attributes", REVISION)),
            there(key(cut, "revision")),
        ),
        put(
            key("resource.attributes", OWNER),
            key("resource.attributes", WHOLE_OWNER),
            there(key("resource.attributes", WHOLE_OWNER)),
        ),
        put(key("resource.attributes", NAMESPACE), text(namespace)),
        put(key("resource.attributes", ENVIRONMENT), text(environment)),
    ]


def of_lines(environment: str) -> list[str]:
    """Statements that make an envelope of each line."""
    return [*_begin(environment), *_severity(), *_message(), *_fields(), *_error(), *_ids(), *_proxy(), *numbers()]


def of_events(environment: str, namespace: str) -> list[str]:
    """Statements that make an envelope of each of Kubernetes' events."""
    event = cache("event")

    def of(*names: str) -> str:
        return key(event, *names)

    name = of("involvedObject", "name")
    return [
        put(event, key(BODY, "object"), there(key(BODY, "object"))),
        put(event, BODY, absent(event)),
        put("log.time", f'Time({of("lastTimestamp")}, "%Y-%m-%dT%H:%M:%SZ")', f"IsString({of('lastTimestamp')})"),
        put("log.time", "log.observed_time", "log.time_unix_nano == 0"),
        put(BODY, _frame(environment, name, "event")),
        put(key(BODY, "timestamp"), _moment()),
        _note(name, r"^(?P<revision>(?P<function>.+?)-[0-9a-f]{10})(?:-|$)", f"IsString({name})"),
        put(key(BODY, "function"), cache("function"), there(cache("function"))),
        put(key(BODY, "revision"), cache("revision"), there(cache("revision"))),
        put(key(BODY, "severity"), text("WARN"), f"{of('type')} != {text('Normal')}"),
        put(key(BODY, "message"), concat([of("reason"), of("message")], ": ")),
        put(
            key(BODY, "fields"),
            f"{{{text('kind')}: {of('involvedObject', 'kind')}, {text('name')}: {name}, "
            f"{text('reason')}: {of('reason')}, {text('count')}: {of('count')}}}",
        ),
        f"delete_key({key(BODY, 'fields')}, {text('count')}){when(absent(of('count')))}",
        # An event that happens again is the same object with another version: another record.
        put(key(BODY, "id"), _digest([of("metadata", "uid"), of("metadata", "resourceVersion")])),
        put(key("resource.attributes", SERVICE), key(BODY, "function")),
        put(key("resource.attributes", NAMESPACE), text(namespace)),
        put(key("resource.attributes", ENVIRONMENT), text(environment)),
        *numbers(),
    ]


def _note(path: str, expression: str, *conditions: str) -> str:
    """Note the named groups of a regular expression for the statements that follow."""
    return f"merge_maps(log.cache, {extract(path, expression)}, {text('upsert')}){when(*conditions)}"


def numbers() -> list[str]:
    """Statements that say a record's severity as stores of OpenTelemetry want it, too."""
    said = key(BODY, "severity")
    named = [
        put("log.severity_number", f"SEVERITY_NUMBER_{severity}", f"{said} == {text(severity)}")
        for severity in _SEVERITIES
    ]
    return [*named, put("log.severity_text", said)]


def below(level: str) -> str:
    """Whether a record's severity is below a level."""
    return f"log.severity_number < SEVERITY_NUMBER_{level}"


def _frame(environment: str, function: str, source: str) -> str:
    parts = {
        "environment": text(environment),
        "function": function,
        "severity": text("INFO"),
        "source": text(source),
        "target": text("knative"),
    }
    return "{" + ", ".join(f"{text(name)}: {value}" for name, value in parts.items()) + "}"


def _moment() -> str:
    parts = (
        'FormatTime(log.time, "%Y-%m-%dT%H:%M:%S")',
        text("."),
        'Format("%09d", [Nanosecond(log.time)])',
        text("Z"),
    )
    return concat(parts)


def _digest(parts: list[str]) -> str:
    return f"Substring(SHA256({concat(parts, '/')}), 0, {_ID_DIGITS})"


def _begin(environment: str) -> list[str]:
    moment = key("log.attributes", "time")
    found = [
        put(cache("text"), BODY),
        put(key("log.attributes", SIZE), f"Len({BODY})"),
        put(BODY, _frame(environment, key("resource.attributes", SERVICE), "function")),
        # What does not begin with a time is the rest of a line that is longer than the agent reads at once.
        put("log.time", "log.observed_time", "log.time_unix_nano == 0"),
        put(key(BODY, "cut"), "true", absent(moment)),
        put(key(BODY, "timestamp"), _moment()),
        put(
            key(BODY, "id"),
            _digest(
                [
                    *(key("resource.attributes", name) for name in (_UID, _CONTAINER, _RESTART)),
                    moment,
                    key("log.attributes", "log.file.record_offset"),
                ]
            ),
        ),
    ]
    for name, attribute in (("revision", REVISION), ("owner", OWNER)):
        given = key("resource.attributes", attribute)
        found.append(put(key(BODY, name), given, there(given)))
    return found


def _severity() -> list[str]:
    level, severity = cache("level"), key(BODY, "severity")
    known = "|".join((*_SEVERITIES, *_OTHERS))
    bracketed = rf"(?s)^\[(?P<level>{known})\]\s*(?P<rest>.*)$"
    return [
        *(put(level, key(JSON, name), absent(level), f"IsString({key(JSON, name)})") for name in _LEVEL_KEYS),
        _note(cache("text"), bracketed, absent(JSON)),
        put(level, f'ConvertCase({level}, "upper")', there(level)),
        *(put(level, text(name), f"{level} == {text(other)}") for other, name in _OTHERS.items()),
        put(severity, level, there(level), matches(level, f"^(?:{'|'.join(_SEVERITIES)})$")),
    ]


def _message() -> list[str]:
    message, first, second = key(BODY, "message"), key(JSON, _MESSAGE_KEYS[0]), key(JSON, _MESSAGE_KEYS[1])
    inner = key(first, "message")
    kind, words = key(JSON, "errorType"), key(JSON, "errorMessage")
    silent = (absent(first), absent(second))
    return [
        put(message, cache("text")),
        put(message, cache("rest"), there(cache("rest"))),
        put(message, f"String({second})", there(second)),
        put(message, f"String({first})", there(first)),
        put(message, inner, f"IsMap({first})", f"IsString({inner})"),
        put(message, f"String({words})", *silent, there(words)),
        put(message, f"String({kind})", *silent, there(kind)),
        put(message, concat([kind, words], ": "), *silent, there(kind), there(words)),
    ]


def _fields() -> list[str]:
    fields, message = key(BODY, "fields"), key(JSON, "message")
    standard = f"^(?:{'|'.join(_STANDARD)})$"
    return [
        put(fields, JSON, there(JSON)),
        f"delete_matching_keys({fields}, {text(standard)}){when(there(JSON))}",
        f"merge_maps({fields}, {message}, {text('upsert')}){when(f'IsMap({message})')}",
        f"delete_key({BODY}, {text('fields')}){when(there(JSON), f'Len({fields}) == 0')}",
    ]


def _error() -> list[str]:
    error, stack = key(BODY, "error"), cache("stack")
    kind, words = key(JSON, "errorType"), key(JSON, "errorMessage")
    between = text('","')
    found = []
    for name, given in (("type", kind), ("message", words)):
        found.append(put(key(error, name), f"String({given})", there(given)))
    for name in ("exception", "stackTrace"):
        given = key(JSON, name)
        found += [
            put(stack, given, f"IsString({given})"),
            # Frames are a list of texts. As JSON, without what lies between two of them, they are a list of one.
            put(stack, f"String({given})", f"IsList({given})"),
            f"replace_pattern({stack}, {between}, {text('')}){when(f'IsList({given})')}",
            put(stack, f"ParseJSON({stack})", f"IsList({given})"),
            put(stack, f"{stack}[0]", f"IsList({stack})"),
        ]
    last = r"(?s)^.*\n(?P<kind>[A-Za-z_][\w.]*)(?:: (?P<words>.*))?$"
    printed = (absent(JSON), matches(cache("text"), _TRACEBACK))
    return [
        *found,
        _note(cache("text"), f"(?s)(?P<stack>{_TRACEBACK}.*)$", *printed),
        _note(cache("text"), last, *printed),
        put(key(error, "type"), cache("kind"), *printed, there(cache("kind"))),
        put(key(error, "message"), cache("words"), *printed, f"Len({cache('words')}) > 0"),
        put(key(error, "stack"), stack, f"IsString({stack})", f"Len({stack}) > 0"),
        f'replace_pattern({key(error, "stack")}, "\\\\n+$", ""){when(there(key(error, "stack")))}',
        put(key(BODY, "severity"), text("ERROR"), there(error), absent(cache("level"))),
    ]


def _ids() -> list[str]:
    found = []
    for name, keys in (("request_id", _REQUEST_KEYS), ("trace_id", _TRACE_KEYS), ("span_id", _SPAN_KEYS)):
        target, nothing = key(BODY, name), text("")
        found += [
            put(target, f"String({given})", absent(target), there(given), f"String({given}) != {nothing}")
            for given in (key(JSON, other) for other in keys)
        ]
    traceparent = key(JSON, "traceparent")
    return [
        *found,
        _note(traceparent, _TRACEPARENT, f"IsString({traceparent})"),
        *(
            put(key(BODY, name), cache(noted), absent(key(BODY, name)), there(cache(noted)))
            for name, noted in (("trace_id", "trace"), ("span_id", "span"))
        ),
    ]


def _proxy() -> list[str]:
    """What the proxy beside each function writes: its own words, and a line for each request."""
    here = f"{key('resource.attributes', _CONTAINER)} == {text(QUEUE_PROXY)}"
    request = (here, f"{key(JSON, REQUEST_MARK)} == {text('request')}")
    words = [key(JSON, name) for name in ("method", "path", "status")]
    # Other containers of the namespace, such as that of the dead letters, belong to no function.
    other = (absent(key("resource.attributes", REVISION)), absent(key("resource.attributes", FUNCTION)))
    return [
        put(key(BODY, "source"), text("platform"), here),
        put(key(BODY, "source"), text("platform"), *other),
        put(key(BODY, "source"), text("request"), *request),
        put(key(BODY, "message"), concat(words, " "), *request),
        put(key(BODY, "severity"), text("ERROR"), *request, f"{words[-1]} >= {_SERVER_ERROR}"),
    ]
