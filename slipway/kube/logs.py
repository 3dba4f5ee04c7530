"""What functions wrote: the logs of their pods, which the cluster keeps as long as the pods exist.

Source of facts: Kubernetes API, `pods/log` (1.34): with `timestamps` each line begins with the time at which the
container runtime read it, RFC 3339 with nanoseconds.
"""

from __future__ import annotations

import heapq
import queue
import re
import threading
from typing import TYPE_CHECKING, Any

from slipway.core.errors import SlipwayError
from slipway.kube import services
from slipway.running.records import moment_of, nanos_of, parse_stamp, stamp_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator

    from slipway.kube.clients import Kube
    from slipway.running.records import Origin, Record

LIMITS = (
    "the cluster keeps logs only as long as the pods that wrote them: what pods wrote that are gone, also those of a "
    "function that was scaled to zero, is not shown"
)
_BLANK = (" ", "\t")
_TRACEBACK = "Traceback (most recent call last):"
_CHAINED = ("During handling of", "The above exception")
_CAUSED = "Caused by:"
_REVISION_LABEL = "serving.knative.dev/revision"
_CONTAINER = "function"  # as the deployment names it; queue-proxy and what a mesh adds are beside it
# How long a new pod may go unnoticed while logs are followed; nothing of it is lost by that.
_LOOK_S = 1.0
_STAMP = re.compile(r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) (?P<text>.*)", re.DOTALL)


def read(kube: Kube, origin: Origin, since: dt.datetime) -> Iterator[Record]:
    """What the pods of a function wrote from `since` on, oldest first.

    Raises:
        EngineError: The cluster cannot be asked.
    """
    parts = [
        _lines(kube, origin, pod, nanos_of(since), restarted=restarted)
        for pod in _pods(kube, origin.function)
        for restarted in ((True, False) if _restarts(pod) else (False,))
    ]
    yield from heapq.merge(*parts, key=lambda record: record.nanos)


def follow(kube: Kube, origin: Origin, since: dt.datetime, stop: threading.Event) -> Iterator[Record]:
    """What the pods wrote from `since` on and then whatever they write, each line once, until `stop` is set.

    Raises:
        EngineError: The cluster cannot be asked.
    """
    yield from _Follower(kube, origin, since, stop).records()


class _Follower:
    """Follows each container of a function in a thread of its own, and looks for new ones."""

    def __init__(self, kube: Kube, origin: Origin, since: dt.datetime, stop: threading.Event) -> None:
        self._kube = kube
        self._origin = origin
        self._since = nanos_of(since)
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
            for pod in _pods(self._kube, self._origin.function):
                key = (str(pod["metadata"]["uid"]), _restarts(pod))
                if key not in followed and _has_begun(pod):
                    followed.add(key)
                    self._start(self._follow, pod)
            self._stop.wait(_LOOK_S)
        self._arrived.put(None)

    def _follow(self, pod: dict[str, Any]) -> None:
        last = self._since
        while not self._stop.is_set():
            start = last if last == self._since else last + 1
            for record in _lines(self._kube, self._origin, pod, start, follow=True):
                last = record.nanos
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
    kube: Kube, origin: Origin, pod: dict[str, Any], since: int, *, restarted: bool = False, follow: bool = False
) -> Iterator[Record]:
    """Lines of a pod's function from a time on, in nanoseconds since 1970.

    Args:
        kube: The cluster.
        origin: Whose pod it is.
        pod: The pod.
        since: From when.
        restarted: Whether to read what the container before the present one wrote.
        follow: Whether to go on until the container ends.
    """
    name = str(pod["metadata"]["name"])
    query = {
        "container": _CONTAINER,
        "timestamps": "true",
        # The server takes whole seconds.
        "sinceTime": f"{moment_of(since):%Y-%m-%dT%H:%M:%SZ}",
    }
    if restarted:
        query["previous"] = "true"
    if follow:
        query["follow"] = "true"
    path = f"/api/v1/namespaces/{kube.namespace}/pods/{name}/log"
    with kube.stream(path, query, who=f"log of {name}", endless=follow) as response:
        if response is None:
            return
        lines = _split(response)
        for line in lines if follow else _joined(lines):
            record = _record(origin, pod, line, _restarts(pod) - restarted)
            if record is not None and record.nanos >= since:
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


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Lines, of which those that go on with the record before them are one with it, as the agent reads them."""
    together: list[str] = []
    for line in lines:
        _, _, text = line.partition(" ")
        if together and _goes_on(together, text):
            together.append(text)
            continue
        yield from ["\n".join(together).rstrip("\n")] if together else []
        together = [line]
    yield from ["\n".join(together).rstrip("\n")] if together else []


def _goes_on(together: list[str], text: str) -> bool:
    """Whether a line is indented or empty, or belongs to the traceback that was begun."""
    if not text or text[0] in _BLANK:
        return True
    before = together[-1]
    if not together[0].endswith(_TRACEBACK):
        return text.startswith(_CAUSED) and len(together) > 1 and before[:1] in _BLANK
    if text.startswith(_CHAINED):
        return not before
    if text == _TRACEBACK:
        return not before and len(together) > 1 and together[-2].startswith(_CHAINED)
    # The exception itself stands behind the frames.
    return len(together) > 1 and before[:1] in _BLANK and bool(before)


def _record(origin: Origin, pod: dict[str, Any], line: str, restart: int) -> Record | None:
    """A line with the same envelope as the agent on the node gives it."""
    found = _STAMP.fullmatch(line)
    if found is None:
        return None
    about = pod["metadata"]
    return origin.record(
        found["text"],
        timestamp=stamp_of(parse_stamp(found["time"])),
        id=f"{about['uid']}/{restart}/{found['time']}",
        revision=(about.get("labels") or {}).get(_REVISION_LABEL),
    )
