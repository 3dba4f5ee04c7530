"""Pods as rules see them: whatever makes them, one shape."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from policies.judge.rule import Verdict, fail, unknown, worst
from policies.judge.values import UNKNOWN, at
from policies.rules import _log_agent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from policies.judge.values import Resource

KNATIVE = "kubernetes:serving.knative.dev/v1:Service"
_SPECS: Mapping[str, str] = {
    "kubernetes:apps/v1:DaemonSet": "spec.template.spec",
    "kubernetes:apps/v1:Deployment": "spec.template.spec",
    "kubernetes:apps/v1:ReplicaSet": "spec.template.spec",
    "kubernetes:apps/v1:StatefulSet": "spec.template.spec",
    "kubernetes:batch/v1:CronJob": "spec.jobTemplate.spec.template.spec",
    "kubernetes:batch/v1:Job": "spec.template.spec",
    "kubernetes:core/v1:Pod": "spec",
    KNATIVE: "spec.template.spec",
}
TYPES = tuple(_SPECS)
"""Types of everything that pods are made from."""

_GROUPS = ("containers", "initContainers", "ephemeralContainers")


@dataclasses.dataclass(frozen=True, slots=True)
class Pod:
    """The pods that a resource makes.

    Attributes:
        path: Where their specification lies.
        spec: The specification; UNKNOWN where it is not known yet.
        believed: Whether settings of the whole pod hold for its containers; Knative drops them, unless its operators
            allowed them.
        is_log_agent: Whether they are agents that read logs on nodes, and nothing beyond that.
    """

    path: str
    spec: Any
    believed: bool
    is_log_agent: bool

    def get(self, path: str) -> Any:
        """The value at a path of the specification."""
        return at(self.spec, path)

    def containers(self) -> Iterator[Container]:
        """Its containers, also those that only start it or are added to look into it."""
        for group in _GROUPS:
            if self.get(group) is not UNKNOWN:
                for path, found in self.each(group):
                    yield Container(pod=self, group=group, path=path, props=found)

    def each(self, path: str) -> Iterator[tuple[str, Any]]:
        """Paths and values of a list; one UNKNOWN where the list is not known yet."""
        found = self.get(path)
        if found is UNKNOWN:
            yield f"{self.path}.{path}", UNKNOWN
            return
        for index, item in enumerate(found or ()):
            yield f"{self.path}.{path}[{index}]", item


@dataclasses.dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod.

    Attributes:
        pod: The pod.
        group: The list that it stands in.
        path: Where it stands.
        props: Its properties.
    """

    pod: Pod
    group: str
    path: str
    props: Any

    def get(self, path: str) -> Any:
        """The value at a path of the container."""
        return at(self.props, path)

    def security(self, key: str) -> Any:
        """What holds of a security setting: the container's own, else the pod's."""
        own = self.get(f"securityContext.{key}")
        return self.pod.get(f"securityContext.{key}") if own is None and self.pod.believed else own

    def must(self, path: str, found: Any, right: bool, allowed: str) -> Verdict | None:
        """A verdict about one value; None where it is right."""
        return must(f"{self.path}.{path}", found, right, allowed)


def must(path: str, found: Any, right: bool, allowed: str) -> Verdict | None:
    """A verdict about one value; None where it is right.

    Args:
        path: Its path.
        found: The value.
        right: Whether it is right; not looked at where the value is not known yet.
        allowed: What is allowed, in words.
    """
    if found is UNKNOWN:
        return unknown(path)
    if right:
        return None
    shown = found if isinstance(found, (bool, int, str)) else "nothing" if found is None else "something else"
    return fail(path, f"{path} must be {allowed}, found {shown}")


def pod_of(resource: Resource) -> Pod:
    """The pods that a resource makes."""
    path = _SPECS[resource.type]
    return Pod(
        path=path,
        spec=resource.get(path),
        believed=resource.type != KNATIVE,
        is_log_agent=_log_agent.is_log_agent(resource),
    )


def judged(pod: Pod, judge: Callable[[Pod], Iterable[Verdict | None]]) -> Verdict:
    """The verdict about pods: what a rule says about their specification, or that it is not known yet."""
    if pod.spec is UNKNOWN:
        return unknown(pod.path)
    if not isinstance(pod.get("containers"), list) and pod.get("containers") is not UNKNOWN:
        return fail(f"{pod.path}.containers", f"{pod.path}.containers must be a list of containers")
    hidden = [unknown(f"{pod.path}.{group}") for group in _GROUPS if pod.get(group) is UNKNOWN]
    return worst([verdict for verdict in judge(pod) if verdict is not None] + hidden)
