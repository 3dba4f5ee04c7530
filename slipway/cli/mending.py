"""Brings a stack into a usable state before a run, and tells what was mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.engine import recover

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.cli.progress import Display
    from slipway.cli.session import Session
    from slipway.engine.steps import RunResult
    from slipway.kube.clients import Kube


def mend(session: Session, display: Display, wait_s: float = 0) -> recover.Mended:
    """Mend what an interrupted run left; each thing done is a line of the display.

    Raises:
        LockedError: Another run that lives holds the stack.
        EngineError: The state cannot be mended, or AWS or the cluster cannot be used.
    """
    instances, clouds = session.instances, session.clouds
    session.require_whole_cluster()
    if clouds.aws is not None and clouds.aws.endpoint is None:
        clouds.aws.check_account()
    if clouds.kube is not None:
        _check_cluster(session, clouds.kube, display)
    mended = recover.mend(session.project, session.environment, clouds, instances=instances, wait_s=wait_s)
    for line in mended.said:
        display.say(f"mended: {line}")
    return mended


def _check_cluster(session: Session, kube: Kube, display: Display) -> None:
    from slipway.kube import platform  # noqa: PLC0415 - only what needs a cluster loads it

    if kube.kubeconfig is None:  # the embedded one brings what is needed
        takes_events = any(len(f.manifest.http) < len(f.manifest.events) for f in session.functions.values())
        for line in platform.check(kube, eventing=takes_events):
            display.say(line)
        if session.settings.sinks:
            for line in platform.logs(kube):
                display.say(line)
    platform.wait_for_namespace(kube)


def look(session: Session, urns: Sequence[str]) -> list[str]:
    """What the cluster says about those of some resources that are functions there, a line each."""
    knative = session.settings.knative
    if session.clouds.kube is None or knative is None:
        return []
    from slipway.engine import knative_look  # noqa: PLC0415 - only where something fails or takes long

    return knative_look.look(session.clouds.kube, knative.namespace, urns)


def finish(session: Session, display: Display, mended: recover.Mended, result: RunResult) -> None:
    """Note that a run ended well, and tell what it took over."""
    recover.succeed(session.project, session.environment, session.instances_in_use)
    for name in recover.taken_over(mended, result):
        display.say(f"mended: {name} existed and was taken over")
