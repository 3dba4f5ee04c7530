"""Applies documents, and remembers in the cluster what was applied, so that the next start need not."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from typing import TYPE_CHECKING

import tenacity

from toolchain.embedded_cluster.content.readiness import Workload
from toolchain.embedded_cluster.errors import EmbeddedClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from toolchain.embedded_cluster.content.manifests import Document, Steps
    from toolchain.embedded_cluster.context import Context

_NAMESPACE, _NAME = "kube-system", "slipway-content"
_PASSES = re.compile(
    r"failed calling webhook|no matches for kind|connection refused|no endpoints available"
    r"|could not find the requested resource|the object has been modified|etcdserver|TLS handshake|i/o timeout"
    r"|InternalError|deadline exceeded|no end after"
)
"""What is over once webhooks run and new kinds are served; kubectl applies the rest of its list meanwhile."""


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """What the cluster knows of its content.

    Attributes:
        digest: Of everything that was applied.
        workloads: What must run of it.
    """

    digest: str
    workloads: tuple[Workload, ...]


def digest(files: Iterable[Path], values: Mapping[str, str]) -> str:
    """A digest of file contents and values, hex; it changes when something else would be applied."""
    total = hashlib.sha256(json.dumps(dict(values), sort_keys=True).encode())
    for path in files:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def recorded(context: Context) -> Record | None:
    """What the cluster knows of its content; None where nothing was applied completely."""
    found = context.api.get(f"/api/v1/namespaces/{_NAMESPACE}/configmaps/{_NAME}")
    try:
        return Record(
            found["data"]["digest"], tuple(Workload(*item) for item in json.loads(found["data"]["workloads"]))
        )
    except (TypeError, KeyError, ValueError):
        return None


def record(context: Context, what: Record) -> None:
    """Remember what was applied."""
    data = {"digest": what.digest, "workloads": json.dumps([dataclasses.astuple(item) for item in what.workloads])}
    _apply(context, [_config_map(data)])


def apply(
    context: Context,
    steps: Steps,
    timeout_s: float,
    *,
    images_there: Callable[[], None],
    until_ready: Callable[[], object],
) -> None:
    """Apply documents step by step; what a webhook or a new kind is not ready for is tried again.

    Webhooks of an earlier run may be registered while their pods are gone: settings that they refuse then are applied
    once the workloads are.

    Args:
        context: The node.
        steps: The documents.
        timeout_s: Longest time that one step may take.
        images_there: Returns once containerd has the images; a pod that comes earlier waits for long.
        until_ready: Returns once the workloads are ready, webhooks among them.

    Raises:
        EmbeddedClusterError: The API server refuses a document, or a webhook does not get ready in time.
    """
    _until_taken(context, steps.definitions, timeout_s)
    try:
        _apply(context, steps.others)
        late = []
    except EmbeddedClusterError as error:
        if not _passes(error):
            raise
        late = steps.others
    images_there()
    _until_taken(context, steps.workloads, timeout_s)
    until_ready()
    for documents in (late, steps.custom):
        _until_taken(context, documents, timeout_s)


def _until_taken(context: Context, documents: Sequence[Document], timeout_s: float) -> None:
    for attempt in tenacity.Retrying(
        stop=tenacity.stop_after_delay(timeout_s),
        wait=tenacity.wait_fixed(1),
        retry=tenacity.retry_if_exception(_passes),
        reraise=True,
    ):
        with attempt:
            _apply(context, documents)


def _passes(error: BaseException) -> bool:
    return isinstance(error, EmbeddedClusterError) and bool(_PASSES.search(str(error)))


def _apply(context: Context, documents: Sequence[Document]) -> None:
    if not documents:
        return
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)})
    # The server refuses unknown fields anyway; kubectl's own check would have it compute its whole description first.
    options = ("--server-side", "--force-conflicts", "--field-manager=slipway-cluster", "--validate=false")
    context.kubectl("apply", *options, "--output=name", "-f", "-", stdin=listed)


def _config_map(data: Mapping[str, str]) -> Document:
    place = {"namespace": _NAMESPACE, "name": _NAME}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place, "data": dict(data)}


def serves(context: Context, documents: Sequence[Document], timeout_s: float) -> None:
    """Wait until the API server takes documents through all webhooks; nothing is stored.

    Raises:
        EmbeddedClusterError: It still refuses them after that time; the message is its own.
    """
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)})
    for attempt in tenacity.Retrying(
        stop=tenacity.stop_after_delay(timeout_s),
        wait=tenacity.wait_fixed(0.5),
        retry=tenacity.retry_if_exception_type(EmbeddedClusterError),
        reraise=True,
    ):
        with attempt:
            context.kubectl("create", "--dry-run=server", "--validate=false", "--output=name", "-f", "-", stdin=listed)
