"""What the sink that this function ships for wants of it, from the variable `SLIPWAY_SINK`."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VARIABLE = "SLIPWAY_SINK"
"""Holds the settings as JSON; the keys are the names of `Settings`."""

SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
"""From the least to the most severe."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Settings of a sink.

    Attributes:
        environment: Name of the environment.
        form: What a record becomes: `gzip` (a gzip member of JSON lines), `lines` (JSON lines), or `documents` (one
            JSON object in each record).
        partition: Names of the partition keys that Firehose asks for: `function`, `date`.
        level: Lowest severity that is forwarded; None forwards everything.
        platform: Whether what Lambda itself writes is forwarded.
        exclude: Messages that are not forwarded.
        redact: What is masked.
        redact_keys: Keys in `fields` whose values are masked whole.
        groups: ARN of a log group up to its name, to ask for the owner in its tags; None does not ask.
        stream: Name of the Firehose stream that further documents are put to; None where a record may hold many.
    """

    environment: str
    form: str = "gzip"
    partition: Sequence[str] = ()
    level: str | None = None
    platform: bool = True
    exclude: Sequence[re.Pattern[str]] = ()
    redact: Sequence[re.Pattern[str]] = ()
    redact_keys: re.Pattern[str] | None = None
    groups: str | None = None
    stream: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Settings:
        """Settings from the process environment.

        Raises:
            KeyError: The variable is not set.
            ValueError: It is no JSON, or an expression in it is none.
            TypeError: It holds a key that is no setting.
        """
        values: dict[str, Any] = json.loads(environ[VARIABLE])
        for name in ("exclude", "redact"):
            values[name] = tuple(_compiled(text) for text in values.get(name, ()))
        if values.get("redact_keys") is not None:
            values["redact_keys"] = _compiled(values["redact_keys"])
        return cls(**values)

    def wants(self, severity: str, source: str) -> bool:
        """Whether records of this severity and source are forwarded, whatever they say."""
        if source == "platform" and not self.platform:
            return False
        return self.level is None or SEVERITIES.index(severity) >= SEVERITIES.index(self.level)


def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII)  # as the agent on Knative reads the same text
