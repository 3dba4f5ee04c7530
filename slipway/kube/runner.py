"""Functions on Knative, behind the interface that both targets share."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.core.errors import EngineError
from slipway.kube import canary, inventory, letters, logs, releases, services
from slipway.kube.invoke import invoke, refuse_asynchronous, unchecked
from slipway.running.inventory import target_of, text
from slipway.running.records import Origin
from slipway.running.runner import Kept

if TYPE_CHECKING:
    import contextlib
    import datetime as dt
    import threading
    from collections.abc import Iterable, Iterator, Mapping

    from slipway.kube.clients import Kube
    from slipway.running.calls import Answer, Call
    from slipway.running.canary import Run
    from slipway.running.inventory import Entry
    from slipway.running.records import Record
    from slipway.running.releases import Move, Release
    from slipway.running.runner import Redriven

_PYTHON = "python"
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
        return logs.read(self._kube, self._origin(name, output), since)

    def follow(
        self, name: str, output: Mapping[str, Any], since: dt.datetime, stop: threading.Event
    ) -> Iterator[Record]:
        """What the pods of a function wrote, and then write."""
        return logs.follow(self._kube, self._origin(name, output), since, stop)

    def kept(self, name: str, output: Mapping[str, Any], now: dt.datetime) -> Kept:
        """Logs of pods that are gone are not kept by the cluster."""
        del output, now
        return Kept(present=services.read(self._kube, name) is not None, limits=logs.LIMITS)

    def planted(
        self, name: str, outputs: Mapping[str, Mapping[str, Any]], run: Run
    ) -> contextlib.AbstractContextManager[None]:
        """Lines of a pod like the function's; a function without Python has one of another's image."""
        on_knative = [key for key, output in sorted(outputs.items()) if target_of(output) == "knative"]
        printers = [key for key in [name, *on_knative] if str(outputs[key].get("runtime")).startswith(_PYTHON)]
        if not printers:
            raise EngineError(
                f"{name}: canary: no function of {self._kube.environment} on Knative has an image with Python, which "
                "its pod needs; what to do: deploy one, for example functions/hello"
            )
        return canary.planted(self._kube, name, printers[0], run)

    def _origin(self, name: str, output: Mapping[str, Any]) -> Origin:
        owner = text(output.get("owner"))
        return Origin(environment=self._kube.environment, function=name, target="knative", owner=owner)

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
