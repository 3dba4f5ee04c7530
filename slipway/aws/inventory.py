"""What Lambda says about deployed functions."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from typing import TYPE_CHECKING

import botocore.exceptions

from slipway.aws import letters, releases
from slipway.aws.clients import error_code, message_of, unreached
from slipway.aws.invoke import unqualified
from slipway.core.errors import EngineError
from slipway.running.inventory import MISSING, NOT_CHECKED, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slipway.aws.clients import Aws
    from slipway.running.inventory import Entry

_AT_ONCE = 16
_STATES = {"Active": "active", "Pending": "pending", "Inactive": "inactive", "Failed": "failed"}


def check(aws: Aws, found: Iterable[Entry]) -> list[Entry]:
    """The same entries with what AWS says now; what cannot be asked is `not checked`, and why."""
    client = aws.client("lambda")

    def ask(entry: Entry) -> Entry:
        try:
            known = client.get_function_configuration(FunctionName=unqualified(entry.arn))
        except botocore.exceptions.ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return dataclasses.replace(entry, status=MISSING)
            return dataclasses.replace(entry, status=NOT_CHECKED, reason=message_of(error, aws.environment, entry.name))
        except botocore.exceptions.BotoCoreError as error:
            # No call got through, which is no matter of one function: all say the same.
            return dataclasses.replace(entry, status=NOT_CHECKED, reason=unreached(error, aws.environment))
        state = str(known.get("State") or "unknown")
        status = _STATES.get(state, state.lower())
        if known.get("LastUpdateStatus") == "Failed":
            status = f"failed: {known.get('LastUpdateStatusReason', 'the last update failed')}"
        entry = dataclasses.replace(
            entry, status=status, memory_mb=known.get("MemorySize"), last_change=text(known.get("LastModified"))
        )
        return _with_details(aws, entry)

    with concurrent.futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(ask, found))


def _with_details(aws: Aws, entry: Entry) -> Entry:
    """The entry with where its pointer is and how many dead letters it has."""
    name = unqualified(entry.arn)
    try:
        release = releases.pointer(aws, entry.name, name)
        if release is not None:
            entry = dataclasses.replace(entry, version=release.stable, canary=release.canary)
        return dataclasses.replace(
            entry, dead_letters=letters.count(aws, entry.name, letters.boxes(aws, entry.name, name))
        )
    except EngineError as error:
        return dataclasses.replace(entry, reason=str(error))
