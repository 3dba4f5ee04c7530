"""Brings a stack into a usable state before a run, and tells what was mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.engine import recover

if TYPE_CHECKING:
    from slipway.cli.progress import Display
    from slipway.cli.session import Session
    from slipway.engine.steps import RunResult


def mend(session: Session, display: Display, wait_s: float = 0) -> recover.Mended:
    """Mend what an interrupted run left; each thing done is a line of the display.

    Raises:
        LockedError: Another run that lives holds the stack.
        EngineError: The state cannot be mended.
    """
    instance = session.instance
    if session.aws.endpoint is None:
        session.aws.check_account()
    mended = recover.mend(session.project, session.environment, session.aws, instance=instance, wait_s=wait_s)
    for line in mended.said:
        display.say(f"mended: {line}")
    return mended


def finish(session: Session, display: Display, mended: recover.Mended, result: RunResult) -> None:
    """Note that a run ended well, and tell what it took over."""
    recover.succeed(session.project, session.environment, session.instance)
    for name in recover.taken_over(mended, result):
        display.say(f"mended: {name} existed and was taken over")
