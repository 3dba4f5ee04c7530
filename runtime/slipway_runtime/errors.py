"""Errors that end a start-up or an invocation; Lambda reports their class name and message."""

from __future__ import annotations


class StartupError(Exception):
    """The function cannot start; the message names the variable, file or package and what to do."""


class UnsupportedEventError(Exception):
    """The function was invoked with something that it does not serve; the message names what it accepts."""


class DeliveryError(Exception):
    """The function answered an event with an error status, so that Lambda must try again or dead-letter it."""
