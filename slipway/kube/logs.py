"""What functions wrote: the logs of their pods, which the cluster keeps as long as the pods exist.

Source of facts: Kubernetes API, `pods/log` (1.34): with `timestamps` each line begins with the time at which the
container runtime read it, RFC 3339 with nanoseconds.
"""

from __future__ import annotations

import datetime as dt
import heapq
import queue
import re
import threading
from typing import TYPE_CHECKING, Any

from slipway.core.errors import EngineError, SlipwayError
from slipway.kube import services
from slipway.running.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slipway.kube.clients import Kube

LIMITS = (
    "the cluster keeps logs only as long as the pods that wrote them: what pods wrote that are gone, also those of a "
    "function that was scaled to zero, is not shown"
)
_CONTAINER = "function"  # as the deployment names it; queue-proxy and what a mesh adds are beside it
# How long a new pod may go unnoticed while logs are followed; nothing of it is lost by that.
_LOOK_S = 1.0
_STAMP = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d) (?P<text>.*)", re.DOTALL
)


def read(kube: Kube, name: str, since: dt.datetime) -> Iterator[Record]:
    """What the pods of a function wrote from `since` on, oldest first.

    Raises:
        EngineError: The cluster cannot be asked.
    """
    parts = [
        _lines(kube, pod, since, restarted=restarted)
        for pod in _pods(kube, name)
        for restarted in ((True, False) if _restarts(pod) else (False,))
    ]
    yield from heapq.merge(*parts, key=lambda record: record.time)


def follow(kube: Kube, name: str, since: dt.datetime, stop: threading.Event) -> Iterator[Record]:
    """What the pods wrote from `since` on and then whatever they write, each line once, until `stop` is set.

    Raises:
        EngineError: The cluster cannot be asked.
    """
    yield from _Follower(kube, name, since, stop).records()


class _Follower:
    """Follows each container of a function in a thread of its own, and looks for new ones."""

    def __init__(self, kube: Kube, name: str, since: dt.datetime, stop: threading.Event) -> None:
        self._kube = kube
        self._name = name
        self._since = since
        self._stop = stop
        self._arrived: queue.SimpleQueue[Record | SlipwayError | None] = queue.SimpleQueue()

    def records(self) -> Iterator[Record]:
        """Lines as they arrive."""
        self._start(self._look)
        while (arrived := self._arrived.get()) is not None:
            if isinstance(arrived, SlipwayError):
                self._stop.set()
                raise arrived
            yield arrived

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        def run() -> None:
            try:
                work(*arguments)
            except SlipwayError as error:
                self._arrived.put(error)

        threading.Thread(target=run, daemon=True).start()

    def _look(self) -> None:
        followed: set[tuple[str, int]] = set()
        while not self._stop.is_set():
            for pod in _pods(self._kube, self._name):
                key = (str(pod["metadata"]["uid"]), _restarts(pod))
                if key not in followed and _has_begun(pod):
                    followed.add(key)
                    self._start(self._follow, pod)
            self._stop.wait(_LOOK_S)
        self._arrived.put(None)

    def _follow(self, pod: dict[str, Any]) -> None:
        last = self._since
        while not self._stop.is_set():
            for record in _lines(self._kube, pod, last, follow=True, after=last != self._since):
                last = record.time
                self._arrived.put(record)
            # The stream ends with the container, but also when the server or the kubelet restarts.
            if not _still_runs(self._kube, pod):
                return
            self._stop.wait(_LOOK_S)


def _pods(kube: Kube, name: str) -> list[dict[str, Any]]:
    return kube.list("v1", "Pod", namespace=kube.namespace, labels={services.SERVICE_LABEL: name})


def _container(pod: dict[str, Any]) -> dict[str, Any]:
    statuses: list[dict[str, Any]] = (pod.get("status") or {}).get("containerStatuses") or []
    return next((one for one in statuses if one["name"] == _CONTAINER), {})


def _restarts(pod: dict[str, Any]) -> int:
    return int(_container(pod).get("restartCount") or 0)


def _has_begun(pod: dict[str, Any]) -> bool:
    state = _container(pod).get("state") or {}
    return "running" in state or "terminated" in state


def _still_runs(kube: Kube, pod: dict[str, Any]) -> bool:
    """Whether the same container still runs."""
    about = pod["metadata"]
    now = kube.find("v1", "Pod", about["name"], namespace=kube.namespace)
    return (
        now is not None
        and now["metadata"]["uid"] == about["uid"]
        and _restarts(now) == _restarts(pod)
        and "running" in (_container(now).get("state") or {})
    )


def _lines(
    kube: Kube,
    pod: dict[str, Any],
    since: dt.datetime,
    *,
    restarted: bool = False,
    follow: bool = False,
    after: bool = False,
) -> Iterator[Record]:
    """Lines of a pod's function from `since` on, or only those `after` it.

    Args:
        kube: The cluster.
        pod: The pod.
        since: From when.
        restarted: Whether to read what the container before the present one wrote.
        follow: Whether to go on until the container ends.
        after: Whether to leave out lines of exactly that time, which were read before.
    """
    name = str(pod["metadata"]["name"])
    query = {
        "container": _CONTAINER,
        "timestamps": "true",
        # The server takes whole seconds.
        "sinceTime": since.astimezone(dt.UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z"),
    }
    if restarted:
        query["previous"] = "true"
    if follow:
        query["follow"] = "true"
    path = f"/api/v1/namespaces/{kube.namespace}/pods/{name}/log"
    with kube.stream(path, query, who=f"log of {name}", endless=follow) as response:
        if response is None:
            return
        for number, line in enumerate(_split(response)):
            record = _record(line, name, number)
            if record is not None and (record.time > since if after else record.time >= since):
                yield record


def _split(response: Any) -> Iterator[str]:
    """Whole lines of an answer that is still arriving."""
    rest = b""
    for chunk in response.stream(amt=None, decode_content=True):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


def _record(line: str, pod: str, number: int) -> Record | None:
    found = _STAMP.fullmatch(line)
    if found is None:
        return None
    # Python keeps microseconds.
    fraction = (found["fraction"] or ".0")[:7]
    zone = "+00:00" if found["zone"] == "Z" else found["zone"]
    moment = dt.datetime.fromisoformat(f"{found['time']}{fraction.ljust(7, '0')}{zone}")
    return Record(moment, found["text"], pod, f"{pod}/{found['time']}{found['fraction'] or ''}/{number}")


def require_known(kube: Kube, name: str) -> None:
    """Make sure that there is a function whose logs can be read.

    Raises:
        EngineError: There is none.
    """
    if services.read(kube, name) is None:
        raise EngineError(
            f"{name}: there is no Knative Service {kube.namespace}/{name}; what to do: run "
            f"`slipway up -s {kube.environment}`"
        )
