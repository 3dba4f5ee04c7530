"""Errors of the embedded AWS that the command line shows to the user."""

from __future__ import annotations


class EmbeddedAwsError(Exception):
    """The embedded AWS cannot do what was asked; the message says what was found and what to do."""
