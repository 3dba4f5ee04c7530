"""Alarms of a function: those that watch its invocations.

Alarms on its queue of failures stay on until the dead letters are gone, whichever version left them there: they say
nothing about a candidate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.aws.clients import readable_errors

if TYPE_CHECKING:
    from slipway.aws.clients import Aws

_UNKNOWN = "INSUFFICIENT_DATA"


def look(aws: Aws, name: str, function: str, prefix: str) -> tuple[list[str], str | None]:
    """Alarms of a function that are on.

    Args:
        aws: The account.
        name: Name of the function in the project.
        function: Its physical name.
        prefix: What the names of its alarms begin with.

    Returns:
        A text for each that is on, and why not all could be checked, or None.

    Raises:
        EngineError: AWS refused or failed.
    """
    with readable_errors(aws.environment, name):
        pages = aws.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
        found = [
            alarm
            for page in pages
            for alarm in page["MetricAlarms"]
            if {"Name": "FunctionName", "Value": function} in alarm.get("Dimensions", [])
        ]
    on = [
        f"alarm {a['AlarmName']} is on: {a.get('StateReason') or a.get('AlarmDescription')}"
        for a in found
        if a["StateValue"] == "ALARM"
    ]
    if aws.endpoint is not None:
        return on, "an embedded AWS does not evaluate alarms"
    if not found:
        return on, "the function has no alarms"
    blind = [alarm["AlarmName"] for alarm in found if alarm["StateValue"] == _UNKNOWN]
    return on, f"too little data yet for {', '.join(blind)}" if blind else None
