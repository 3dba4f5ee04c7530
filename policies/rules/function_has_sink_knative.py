"""L4: The log of every function on Knative is read by an agent of the stack, whose configuration is read here."""

from __future__ import annotations

import fnmatch
import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from policies.judge.rule import PASS, StackRule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN, at, items
from policies.rules._pods import KNATIVE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policies.judge.values import Resource

_AGENT = "kubernetes:apps/v1:DaemonSet"
_CONFIG = "kubernetes:core/v1:ConfigMap"
_FUNCTION = "slipway.io/function"
# What the agent drops, in the collector's language: all but functions of these names.
_OTHERS = re.compile(r'not IsMatch\(resource\.attributes\["service\.name"\], (".*")\)', re.DOTALL)


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    functions = [one for one in resources if one.type == KNATIVE]
    if not functions:
        return
    configurations = [found for one in resources if one.type == _AGENT for found in _configurations(one, resources)]
    for function in functions:
        yield function, _judge(function, configurations)


def _judge(function: Resource, configurations: Sequence[Any]) -> Verdict:
    namespace = function.get("metadata.namespace")
    if namespace is UNKNOWN:
        return unknown("metadata.namespace")
    labels = function.get("metadata.labels")
    called = labels.get(_FUNCTION) if isinstance(labels, dict) else None
    name = called if isinstance(called, str) else function.physical_name
    if not isinstance(name, str):
        return unknown("metadata.name")
    known = [one for one in configurations if one is not UNKNOWN]
    if any(_forwards(pipeline, one, str(namespace), name) for one in known for pipeline in _pipelines(one)):
        return PASS
    if len(known) < len(configurations):
        return Verdict("unknown", "", "what the log agent reads is known only during the update")
    return fail("", "a log agent must forward what this function writes, found none that does")


def _configurations(agent: Resource, resources: Sequence[Resource]) -> Iterator[Any]:
    """What the maps that an agent mounts say; UNKNOWN where that is not known yet."""
    volumes = agent.get("spec.template.spec.volumes")
    if volumes is UNKNOWN:
        yield UNKNOWN
        return
    mounted = [at(one, "configMap.name") for one in items(volumes)]
    for one in resources:
        here = one.type == _CONFIG and one.get("metadata.namespace") == agent.get("metadata.namespace")
        if here and one.get("metadata.name") in mounted:
            data = one.get("data")
            yield from (_parsed(text) for text in data.values()) if isinstance(data, dict) else (data,)


def _parsed(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _pipelines(configuration: Any) -> list[Any]:
    found = at(configuration, "service.pipelines")
    return list(found.values()) if isinstance(found, dict) else []


def _forwards(pipeline: Any, configuration: Any, namespace: str, function: str) -> bool:
    """Whether a pipeline reads the files of a namespace's pods and hands on what a function wrote."""
    receivers, processors = _part(configuration, "receivers"), _part(configuration, "processors")
    reads = any(_reads(receivers.get(name), namespace) for name in items(at(pipeline, "receivers")))
    dropped = (
        condition
        for name in items(at(pipeline, "processors"))
        for condition in items(at(processors.get(name), "logs.log_record"))
    )
    return reads and bool(items(at(pipeline, "exporters"))) and not any(_drops(one, function) for one in dropped)


def _part(configuration: Any, key: str) -> Mapping[str, Any]:
    found = at(configuration, key)
    return found if isinstance(found, dict) else {}


def _reads(receiver: Any, namespace: str) -> bool:
    path = f"/var/log/pods/{namespace}_pod_uid/user-container/0.log"

    def named(key: str) -> bool:
        return any(fnmatch.fnmatchcase(path, str(pattern)) for pattern in items(at(receiver, key)))

    return named("include") and not named("exclude")


def _drops(condition: Any, function: str) -> bool:
    """Whether everything that a function writes is dropped; by level or content, some of it may be."""
    if not isinstance(condition, str):
        return False
    if condition.strip() == "true":
        return True
    others = _OTHERS.fullmatch(condition.strip())
    if others is None:
        return False
    # A dollar sign is written twice there, because one begins a variable.
    return re.search(json.loads(others[1]).replace("$$", "$"), function) is None


RULE = StackRule(
    id="L4",
    name="function-has-sink-knative",
    title="The log of every function on Knative is read by an agent of the stack",
    sources=(),
    severity="high",
    remedy="name a sink under slipway:sinks that takes the logs of this function",
    check=_check,
)
