"""Errors that end a command, each with its exit status; the command line prints them without a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.core.findings import Finding


class SlipwayError(Exception):
    """Base of all errors that Slipway raises on purpose. The message says who, what was found, and what to do."""

    exit_status: ClassVar[int] = 3


class BadInputError(SlipwayError):
    """What the user gave cannot be used: a file, an option, a name. Nothing was deployed.

    Attributes:
        findings: Every mistake, in reading order; empty when the message alone says it.
    """

    exit_status = 2

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings = list(findings)


class FindingsError(SlipwayError):
    """The command did its work and found something at or above the threshold."""

    exit_status = 1


class EngineError(SlipwayError):
    """The engine, a provider or the cloud failed; what was done so far is recorded in the state."""

    exit_status = 3
