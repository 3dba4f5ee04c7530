"""The collector's configuration: one pipeline for each sink, so that a store that is slow or down stalls nobody else.

A pure function of its arguments: the same arguments give the same bytes. It holds no secret; where one is needed it
names an environment variable of the agent.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from components.knative.agent import lines, records
from components.knative.agent.masking import masked, shortened
from components.knative.agent.ottl import BODY, concat, key, matches, put, text
from components.knative.agent.stores import Variable, exporter
from components.knative.labels import DOMAIN
from components.log_sink.args import LogSinkArgs

HEALTH_PORT = 13133
METRICS_PORT = 8888
FEATURES = "+stanza.synchronousLogEmitter"
"""Without it lines are handed on behind the reader's back, and a kill loses those that it counts as read."""
PODS = "/var/log/pods"
STATE = "/var/lib/slipway"

_EVENTS = "k8sobjects/events"
_LEASE = "slipway-logs"
_MI = 2**20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Routed:
    """A sink, and whose logs go there.

    Attributes:
        args: The sink.
        functions: Names of the functions whose logs go there; None for all of the environment.
    """

    args: LogSinkArgs
    functions: Sequence[str] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """Where an agent works.

    Attributes:
        environment: Name of the environment.
        namespace: Namespace of its functions.
        home: Namespace of the agent.
        pods: Folder of the logs of pods.
        state: Folder of checkpoints and queues.
        address: Address at which health and metrics are served.
        api: Whether there is a Kubernetes API to ask for labels and events.
        memory_mi: Megabytes that the agent may use.
    """

    environment: str
    namespace: str
    home: str
    pods: str = PODS
    state: str = STATE
    address: str = "${env:POD_IP}"
    api: bool = True
    memory_mi: int = 400


def render(place: Place, sinks: Sequence[Routed]) -> str:
    """The configuration as YAML.

    Args:
        place: Where the agent works.
        sinks: The sinks; their order does not matter.
    """
    ordered = sorted(sinks, key=lambda sink: sink.args.name)
    return yaml.safe_dump(_escaped(_configuration(place, ordered)), sort_keys=True, width=1000, allow_unicode=True)


def _configuration(place: Place, sinks: Sequence[Routed]) -> dict[str, Any]:
    events = place.api and any(sink.args.platform for sink in sinks)
    names = [sink.args.name for sink in sinks]
    storages = {f"file_storage/{name}": _storage(f"{place.state}/{name}") for name in names}
    extensions: dict[str, Any] = {
        "health_check": {"endpoint": Variable.of(f"{place.address}:{HEALTH_PORT}")},
        lines.CHECKPOINTS: _storage(f"{place.state}/checkpoints"),
        **storages,
    }
    if events:
        extensions["k8s_leader_elector"] = {
            "auth_type": "serviceAccount",
            "lease_name": _LEASE,
            "lease_namespace": place.home,
        }
    return {
        "extensions": extensions,
        "receivers": {
            **{f"filelog/{name}": lines.receiver(f"{place.pods}/{place.namespace}_*/*/*.log") for name in names},
            **({_EVENTS: _events(place)} if events else {}),
        },
        "processors": {
            "memory_limiter": {
                "check_interval": "500ms",
                "limit_mib": place.memory_mi * 4 // 5,
                "spike_limit_mib": place.memory_mi // 5,
            },
            **({"k8sattributes": _labels(place)} if place.api else {}),
            "transform/envelope": _transform(
                resource=records.of_pods(place.environment, place.namespace),
                log=records.of_lines(place.environment),
            ),
            **(
                {"transform/events": _transform(log=records.of_events(place.environment, place.namespace))}
                if events
                else {}
            ),
            **{f"filter/{sink.args.name}": _filter(sink) for sink in sinks},
            **{f"transform/{sink.args.name}": _last(place, sink.args) for sink in sinks},
        },
        "exporters": {f"patient/{sink.args.name}": exporter(sink.args) for sink in sinks},
        "service": {
            "extensions": sorted(extensions),
            "pipelines": {
                name: pipeline for sink in sinks for name, pipeline in _pipelines(place, sink.args, events=events)
            },
            "telemetry": _telemetry(place),
        },
    }


def _pipelines(place: Place, sink: LogSinkArgs, *, events: bool) -> list[tuple[str, dict[str, Any]]]:
    ending, exporters = [f"filter/{sink.name}", f"transform/{sink.name}"], [f"patient/{sink.name}"]
    labels = ["k8sattributes"] if place.api else []
    found = [
        (
            f"logs/{sink.name}",
            {
                "receivers": [f"filelog/{sink.name}"],
                "processors": ["memory_limiter", *labels, "transform/envelope", *ending],
                "exporters": exporters,
            },
        )
    ]
    if events and sink.platform:
        processors = ["memory_limiter", "transform/events", *ending]
        found.append(
            (f"logs/{sink.name}-events", {"receivers": [_EVENTS], "processors": processors, "exporters": exporters})
        )
    return found


def _storage(folder: str) -> dict[str, Any]:
    """A file that survives a kill; what a full queue has grown it to is given back when the queue is empty again."""
    return {
        "directory": folder,
        "create_directory": True,
        "timeout": "10s",
        "recreate": True,
        "compaction": {
            "directory": folder,
            "on_rebound": True,
            "on_start": True,
            "cleanup_on_start": True,
            "rebound_needed_threshold_mib": 64,
            "rebound_trigger_threshold_mib": 8,
        },
    }


def _events(place: Place) -> dict[str, Any]:
    return {
        "auth_type": "serviceAccount",
        "k8s_leader_elector": "k8s_leader_elector",
        "objects": [
            {
                "name": "events",
                "mode": "watch",
                "namespaces": [place.namespace],
                "exclude_watch_type": ["DELETED"],
            }
        ],
    }


def _labels(place: Place) -> dict[str, Any]:
    def taken(attribute: str, label: str) -> dict[str, str]:
        return {"tag_name": attribute, "key": label, "from": "pod"}

    return {
        "auth_type": "serviceAccount",
        "wait_for_metadata": True,
        "wait_for_metadata_timeout": "10s",
        "filter": {"namespace": place.namespace, "node_from_env_var": "NODE_NAME"},
        "pod_association": [{"sources": [{"from": "resource_attribute", "name": "k8s.pod.uid"}]}],
        "extract": {
            "metadata": [],
            "labels": [
                taken(records.FUNCTION, f"{DOMAIN}/function"),
                taken(records.OWNER, f"{DOMAIN}/owner"),
                taken(records.REVISION, "serving.knative.dev/revision"),
            ],
            "annotations": [taken(records.WHOLE_OWNER, f"{DOMAIN}/owner")],
        },
    }


def _transform(*, log: Sequence[str], resource: Sequence[str] = (), after: Sequence[str] = ()) -> dict[str, Any]:
    groups = (("resource", resource), ("log", log), ("resource", after))
    return {
        "error_mode": "silent",  # a statement that does not fit a record changes nothing of it
        "log_statements": [
            {"context": context, "statements": list(statements)} for context, statements in groups if statements
        ],
    }


def _last(place: Place, sink: LogSinkArgs) -> dict[str, Any]:
    """Mask and cut; then take off what was only needed on the way."""
    kept = [records.SERVICE, records.NAMESPACE, records.ENVIRONMENT]
    after = []
    if sink.kind == "s3":
        kept.append(records.PREFIX)
        after.append(put(key("resource.attributes", records.PREFIX), _folders(place, sink)))
    names = ", ".join(text(name) for name in kept)
    return _transform(
        log=[*masked(sink), *shortened(), f"delete_matching_keys(log.attributes, {text('.*')})"],
        after=[*after, f"keep_keys(resource.attributes, [{names}])"],
    )


def _folders(place: Place, sink: LogSinkArgs) -> str:
    values = {
        "environment": text(f"environment={place.environment}"),
        "function": concat([text("function="), key("resource.attributes", records.SERVICE)]),
        "date": 'FormatTime(Now(), "date=%Y-%m-%d")',
    }
    return concat([values[name] for name in sink.partition], "/")


def _filter(sink: Routed) -> dict[str, Any]:
    args, found = sink.args, []
    if sink.functions is not None:
        names = "|".join(re.escape(name) for name in sorted(sink.functions))
        found.append(f"not {matches(key('resource.attributes', records.SERVICE), f'^(?:{names})$')}")
    if not args.platform:
        found.append(f"{key(BODY, 'source')} != {text('function')}")
    if args.level is not None:
        found.append(records.below(args.level))
    found += [matches(key(BODY, "message"), expression) for expression in args.exclude]
    return {"error_mode": "silent", "logs": {"log_record": found or ["false"]}}


def _telemetry(place: Place) -> dict[str, Any]:
    exported = {"prometheus": {"host": Variable.of(place.address), "port": METRICS_PORT}}
    return {
        "logs": {"level": "warn", "encoding": "json"},
        "metrics": {"level": "normal", "readers": [{"pull": {"exporter": exported}}]},
    }


def _escaped(value: Any) -> Any:
    """Text as the collector takes it: a dollar sign would begin a variable."""
    if isinstance(value, Variable):
        return value.text
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {name: _escaped(item) for name, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, Sequence) else value
