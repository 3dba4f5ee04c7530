"""What the embedded cluster refuses."""

from __future__ import annotations


class EmbeddedClusterError(Exception):
    """The embedded cluster could not be started, mended or ended; the message says why and what to do."""


class UnsuitableMachineError(EmbeddedClusterError):
    """This machine or this user cannot run the embedded cluster at all."""
