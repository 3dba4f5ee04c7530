"""Keeps the SDK from work that nobody needs: debug messages, stack traces, and waiting in quadratic time.

All three are facts of the Python SDK, measured in docs/adr. With `--debug` the SDK is left as it is.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import psutil
import pulumi
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime import stack as sdk_stack
from pulumi.runtime.proto import source_pb2

DEBUG_VARIABLE = "SLIPWAY_ENGINE_DEBUG"
"""Set by the launcher `.venv/bin/pulumi` when the engine was started with `--debug`."""

_ENGINE = "pulumi"
# Short flags of the engine that take a value: what follows in the same word is that value.
_WITH_VALUE = frozenset("CcmptsvxrQ")


def lean_engine_calls() -> bool:
    """Do all of the below, unless the engine was started with `--debug`; call it first of all.

    Returns:
        Whether it was done.
    """
    if debug_wanted():
        return False
    quiet_debug_logs()
    drop_stack_traces()
    wait_once()
    return True


def quiet_debug_logs() -> None:
    """Make `pulumi.log.debug` do nothing, instead of a blocking call to the engine for each message."""
    pulumi.log.debug = _nothing


def drop_stack_traces() -> None:
    """Register resources without the stack of their creation.

    The SDK has no setting for this. The one function that makes the traces is replaced; a test holds that it exists and
    that registrations go without.
    """
    sdk_resource._get_stack_trace = source_pb2.StackTrace  # noqa: SLF001 - see above


def wait_once() -> None:
    """Wait for all outstanding outputs together, and no longer anew for all of them whenever one is done.

    At the end of a program the SDK waits for the first of N outputs to be done, registering with all of them, N times.
    The first *failed* one is enough: until then there is nothing to do but to wait on.
    """
    sdk_stack.asyncio = _PatientAsyncio()  # type: ignore[attr-defined, assignment]


class _PatientAsyncio:
    """The module asyncio as the SDK's end of a program sees it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(
        tasks: Collection[asyncio.Task[Any]], *, return_when: str
    ) -> tuple[set[asyncio.Task[Any]], set[asyncio.Task[Any]]]:
        """Until all tasks are done or one has failed, where the SDK asks to wait for the first that is done."""
        patient = asyncio.FIRST_EXCEPTION if return_when == asyncio.FIRST_COMPLETED else return_when
        return await asyncio.wait(tasks, return_when=patient)


def debug_wanted() -> bool:
    """Whether the engine that runs this program was started with `--debug`."""
    if os.environ.get(DEBUG_VARIABLE):
        return True
    return any(asks_for_debug(words) for words in _engines())


def asks_for_debug(words: Sequence[str]) -> bool:
    """Whether a command line of the engine contains `--debug` or `-d`, alone or among other short flags."""
    for word in words[1:]:
        if word == "--":
            return False
        if word.startswith("--"):
            flag, _, value = word.partition("=")
            if flag == "--debug" and value.lower() not in {"0", "f", "false"}:
                return True
        elif word.startswith("-"):
            flags = word[1:]
            cut = min((index for index, flag in enumerate(flags) if flag in _WITH_VALUE), default=len(flags))
            if "d" in flags[:cut]:
                return True
    return False


def _engines() -> Iterable[Sequence[str]]:
    """Command lines of the engines among the processes above this one."""
    try:
        for process in psutil.Process().parents():
            words = process.cmdline()
            if words and os.path.basename(words[0]).removesuffix(".exe") == _ENGINE:  # noqa: PTH119 - not a path of ours
                yield words
    except psutil.Error:
        return  # a process that ended or belongs to somebody else tells nothing


def _nothing(
    msg: str, resource: pulumi.Resource | None = None, stream_id: int | None = None, ephemeral: bool | None = None
) -> None:
    """Takes what `pulumi.log.debug` takes and does nothing."""
