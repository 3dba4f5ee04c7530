"""Functions on Knative, behind the interface that both targets share."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.kube import inventory, letters, logs, releases
from slipway.kube.invoke import invoke, refuse_asynchronous, unchecked

if TYPE_CHECKING:
    import datetime as dt
    import threading
    from collections.abc import Iterable, Iterator, Mapping

    from slipway.kube.clients import Kube
    from slipway.running.calls import Answer, Call
    from slipway.running.inventory import Entry
    from slipway.running.records import Record
    from slipway.running.releases import Move, Release
    from slipway.running.runner import Redriven

_SERVICE = "kubernetes:serving.knative.dev/v1:Service"


class KnativeRunner:
    """The functions of an environment on Knative; see `slipway.running.runner.Runner`."""

    def __init__(self, kube: Kube) -> None:
        """Take the cluster."""
        self._kube = kube

    def holds_pointer(self, name: str, resource: Mapping[str, Any]) -> bool:
        """Whether a resource of the state is the Service of a function."""
        about = (resource.get("outputs") or {}).get("metadata") or {}
        found = (about.get("namespace"), about.get("name"))
        return resource.get("type") == _SERVICE and found == (self._kube.namespace, name)

    def invoke(
        self,
        name: str,
        output: Mapping[str, Any],
        call: Call,
        *,
        version: str | None = None,
        asynchronous: bool = False,
    ) -> Answer:
        """Call a function by HTTP, through Knative's gateway."""
        del output
        if asynchronous:
            refuse_asynchronous(name)
        return invoke(self._kube, name, call, candidate=version is not None)

    def visit(self, name: str, output: Mapping[str, Any], call: Call) -> tuple[Answer, str]:
        """Call a function as its callers do, which is the only way."""
        answer = self.invoke(name, output, call)
        way = "real address" if output.get("url") and call.entry_path is not None else "invoke"
        return dataclasses.replace(answer, unchecked=unchecked(call, answer)), way

    def logs(self, name: str, output: Mapping[str, Any], since: dt.datetime) -> Iterator[Record]:
        """What the pods of a function wrote."""
        del output
        logs.require_known(self._kube, name)
        return logs.read(self._kube, name, since)

    def follow(
        self, name: str, output: Mapping[str, Any], since: dt.datetime, stop: threading.Event
    ) -> Iterator[Record]:
        """What the pods of a function wrote, and then write."""
        del output
        logs.require_known(self._kube, name)
        return logs.follow(self._kube, name, since, stop)

    def log_limits(self) -> str | None:
        """Logs of pods that are gone are kept nowhere."""
        return logs.LIMITS

    def check(self, entries: Iterable[Entry]) -> list[Entry]:
        """The same entries with what the cluster says now."""
        return inventory.check(self._kube, entries)

    def release(self, name: str) -> Release | None:
        """How a function's calls are shared out, and which revisions there are."""
        return releases.read(self._kube, name)

    def move(self, release: Release, move: Move) -> None:
        """Give all calls to one revision."""
        releases.move(self._kube, release, move)

    def alarms(self, release: Release) -> tuple[list[str], str | None]:
        """A cluster has no alarms of its own."""
        del release
        return [], "Knative has no alarms of its own"

    def redrive(self, name: str, limit: int | None) -> Redriven:
        """Have the dead letter service send a function's letters again."""
        return letters.redrive(self._kube, name, limit)
