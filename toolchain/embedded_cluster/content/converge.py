"""Brings the content of the cluster to what this version of the project wants, and waits until all of it is ready."""

from __future__ import annotations

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from toolchain.embedded_cluster import network
from toolchain.embedded_cluster.api import ApiError
from toolchain.embedded_cluster.content import (
    apply,
    base_image,
    images,
    log_agent,
    manifests,
    readiness,
    settings,
    volumes,
)
from toolchain.embedded_cluster.content.commands import run
from toolchain.embedded_cluster.context import Part, State
from toolchain.embedded_cluster.errors import EmbeddedClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from toolchain.embedded_cluster.content import oci
    from toolchain.embedded_cluster.content.images import SystemImage
    from toolchain.embedded_cluster.content.readiness import Finding, Workload
    from toolchain.embedded_cluster.context import Context
    from toolchain.progress import Reporter

DOMAIN = "localhost"
"""Domain of public addresses: names below it mean this machine to curl and browsers."""
READY_S = 300.0
"""Longest time until everything is ready."""
_LOOK_S = 0.5
_OWN = Path(__file__).parent
_REGISTRY_S = 10.0
_MANIFESTS = "application/vnd.oci.image.manifest.v1+json"
_GROUPS = {
    "kube-system/coredns": "coredns",
    "kube-system/network-policies": "network-policies",
    "knative-serving": "knative-serving",
    "kourier-system": "kourier",
    "knative-eventing": "knative-eventing",
}
"""Workload or namespace to the name that `status` shows."""


def install(context: Context, reporter: Reporter) -> None:
    """Install or mend everything that runs in the cluster; quick when there is nothing to do.

    Creates:
        system images in containerd, the base image in the registry, CoreDNS, the network policy engine, volumes of the
        class `standard`, Knative Serving with Kourier, Knative Eventing with its in-memory channel and broker.

    Args:
        context: The running node.
        reporter: Where progress goes.

    Raises:
        EmbeddedClusterError: Something cannot be installed or is not ready in time; the message names it and says why.
    """
    prepared = prepare(context.cache, context.binaries, reporter)
    with ThreadPoolExecutor(max_workers=2) as pool:
        importing = pool.submit(images.ensure, context.ctr, context.snapshotter, prepared.images, reporter.say)
        pushing = pool.submit(_push_base, context, prepared.base, reporter)
        workloads = _apply(context, images.references(prepared.images), reporter, importing.result)
        volumes.give_back(context)
        importing.result()
        pushing.result()
    if _wait(context, workloads, reporter):
        apply.serves(context, settings.probes(), READY_S)


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """What the content needs before there is a cluster.

    Attributes:
        base: The base image of Python functions.
        images: What containerd must have, the pause image first.
    """

    base: oci.Image
    images: tuple[SystemImage, ...]


def prepare(cache: Path, binaries: Mapping[str, Path], reporter: Reporter) -> Prepared:
    """Make the base image, that of the log agent, and the names of all others.

    It needs no cluster, so it can be done while the node starts.

    Args:
        cache: The user's cache folder.
        binaries: Programs by name.
        reporter: Where progress goes.

    Raises:
        EmbeddedClusterError: The base image cannot be made.
    """
    base = base_image.ensure(cache, binaries["mmdebstrap"], reporter.say)
    measured = images.Measured(cache / "images" / "layers.json")
    system = images.system_images(binaries, base, measured)
    log_agent.ensure(cache, binaries["otelcol"], base, measured)
    return Prepared(base, (images.pause(binaries["pause"]), *system))


def inspect(context: Context) -> list[Part]:
    """How the content is, one part for each of its pieces; changes nothing.

    Raises:
        EmbeddedClusterError: The API server does not answer.
    """
    known = apply.recorded(context)
    if known is None:
        return [Part(name="content", state=State.STOPPED, detail="not installed; `slipway cluster up` installs it")]
    found = readiness.look(context, known.workloads)
    return [_part(name, [one for one in found if _group(one.workload) == name]) for name in _GROUPS.values()]


def _part(name: str, findings: Sequence[Finding]) -> Part:
    bad = [finding for finding in findings if not finding.ready]
    if not findings or not all(finding.exists for finding in findings):
        return Part(name=name, state=State.FAILED, detail="; ".join(f"{one.workload}: {one.why}" for one in bad))
    detail = "; ".join(f"{one.workload.name}: {one.why}" for one in bad)
    return Part(name=name, state=State.STARTING if bad else State.OK, detail=detail)


def _group(workload: Workload) -> str:
    return _GROUPS.get(str(workload)) or _GROUPS[workload.namespace]


def _apply(
    context: Context, references: dict[str, str], reporter: Reporter, images_there: Callable[[], None]
) -> tuple[Workload, ...]:
    """Apply what differs from what was applied last; returns what must run."""
    files = manifests.files(context.binaries, _OWN)
    values = {**references, "registry": context.registry, "volumes": str(context.volumes)}
    wanted = apply.digest([*files, *sorted(_OWN.glob("*.py")), Path(network.__file__)], values)
    known = apply.recorded(context)
    if known and known.digest == wanted and all(one.exists for one in readiness.look(context, known.workloads)):
        return known.workloads
    reporter.say("applying CoreDNS, Knative and Kourier" + (" anew: something of them changed" if known else ""))
    fitting = manifests.Settings(
        images=references,
        envoy=references["slipway/envoy"],
        absent=images.ABSENT,
        data=settings.data(context.registry, DOMAIN, references["knative.dev/serving/cmd/queue"]),
        addresses=settings.addresses(),
    )
    documents = [*manifests.fit(manifests.read(files), fitting), *volumes.documents(context.volumes)]
    workloads = tuple(readiness.workloads(documents))
    apply.apply(
        context,
        manifests.in_order(documents),
        READY_S,
        images_there=images_there,
        until_ready=lambda: _wait(context, workloads, reporter),
    )
    apply.record(context, apply.Record(wanted, workloads))
    return workloads


def _wait(context: Context, workloads: Sequence[Workload], reporter: Reporter) -> bool:
    """Wait until all workloads are ready; returns whether some were not.

    Raises:
        EmbeddedClusterError: They are not in time; the message says which and why.
    """
    end, waited = time.monotonic() + READY_S, False
    with reporter.task("waiting for the cluster's content") as task:
        while True:
            try:
                bad = [finding for finding in readiness.look(context, workloads) if not finding.ready]
            except ApiError:  # its supervisor starts it again
                if time.monotonic() > end:
                    raise
                time.sleep(_LOOK_S)
                continue
            if not bad:
                return waited
            if time.monotonic() > end:
                why = readiness.explain(context, bad)
                raise EmbeddedClusterError(f"after {READY_S:.0f} s these parts of the cluster are not ready:\n{why}")
            waited = True
            names = ", ".join(finding.workload.name for finding in bad)
            task.update(len(workloads) - len(bad), len(workloads), f"not ready: {names}")
            time.sleep(_LOOK_S)


def _push_base(context: Context, base: oci.Image, reporter: Reporter) -> None:
    """Push the base image where the registry lacks it; a registry may have lost what it had."""
    address = f"http://{context.registry}/v2/{base_image.REPOSITORY}/manifests/{base.digest}"
    try:
        found = requests.head(address, headers={"Accept": _MANIFESTS}, timeout=_REGISTRY_S)
    except requests.RequestException as error:
        raise EmbeddedClusterError(
            f"the registry at {context.registry} does not answer ({error}); `slipway cluster up` starts it"
        ) from error
    if found.ok:
        return
    reporter.say(f"pushing the base image to {context.registry}")
    name = f"{context.registry}/{base_image.REPOSITORY}:{base_image.NAME.removeprefix('base-')}"
    run((str(context.binaries["crane"]), "push", str(base_image.layout(context.cache)), name))
