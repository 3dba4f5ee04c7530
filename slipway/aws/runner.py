"""Functions on Lambda, behind the interface that both targets share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from slipway.aws import alarms, canary, http, inventory, letters, logs, releases
from slipway.aws.invoke import LIVE, invoke
from slipway.aws.logs import Group
from slipway.aws.payloads import payload_of
from slipway.core.names import lambda_name
from slipway.running.calls import Request
from slipway.running.inventory import text
from slipway.running.records import Origin
from slipway.running.runner import Kept

if TYPE_CHECKING:
    import contextlib
    import datetime as dt
    import threading
    from collections.abc import Iterable, Iterator, Mapping

    from slipway.aws.clients import Aws
    from slipway.running.calls import Answer, Call
    from slipway.running.canary import Run
    from slipway.running.inventory import Entry
    from slipway.running.records import Record
    from slipway.running.releases import Move, Release
    from slipway.running.runner import Redriven

_ALIAS = "aws:lambda/alias:Alias"


class LambdaRunner:
    """The functions of an environment on Lambda; see `slipway.running.runner.Runner`."""

    def __init__(self, aws: Aws, prefix: str) -> None:
        """Take the account.

        Args:
            aws: The account.
            prefix: First part of every physical name of the environment.
        """
        self._aws = aws
        self._prefix = prefix

    def holds_pointer(self, name: str, resource: Mapping[str, Any]) -> bool:
        """Whether a resource of the state is the alias that callers of a function reach."""
        outputs = resource.get("outputs") or {}
        known = str(outputs.get("functionName") or "").rsplit(":", 1)[-1]
        return resource.get("type") == _ALIAS and outputs.get("name") == LIVE and known == self._physical(name)

    def invoke(
        self,
        name: str,
        output: Mapping[str, Any],
        call: Call,
        *,
        version: str | None = None,
        asynchronous: bool = False,
    ) -> Answer:
        """Call a function through Lambda's Invoke."""
        payload = payload_of(self._aws, call)
        return invoke(self._aws, name, str(output["arn"]), payload, version=version or LIVE, asynchronous=asynchronous)

    def visit(self, name: str, output: Mapping[str, Any], call: Call) -> tuple[Answer, str]:
        """Call a public route by its real address; Slipway holds no token, so routes that want one are invoked."""
        url = output.get("url")
        is_open = call.entry_path is not None and call.auth in {"none", "iam"}
        if not url or not is_open or not isinstance(call.what, Request):
            return self.invoke(name, output, call), "invoke"
        base = str(url).removesuffix(call.entry_path or "")
        answer = http.call(self._aws, name, base, call.what, signed=call.auth == "iam")
        return answer, "real address"

    def logs(self, name: str, output: Mapping[str, Any], since: dt.datetime) -> Iterator[Record]:
        """What CloudWatch Logs keeps of a function."""
        return logs.read(self._aws, self._group(name, output), since)

    def follow(
        self, name: str, output: Mapping[str, Any], since: dt.datetime, stop: threading.Event
    ) -> Iterator[Record]:
        """What CloudWatch Logs keeps of a function, and then what it receives."""
        return logs.follow(self._aws, self._group(name, output), since, stop)

    def kept(self, name: str, output: Mapping[str, Any], now: dt.datetime) -> Kept:
        """CloudWatch Logs keeps everything for the retention of the group, and nothing of groups that are gone."""
        del name
        since = logs.kept_since(self._aws, str(output["logGroup"]), now)
        return Kept(present=since is not None, since=since)

    def planted(
        self, name: str, outputs: Mapping[str, Mapping[str, Any]], run: Run
    ) -> contextlib.AbstractContextManager[None]:
        """Lines in the function's log group."""
        return canary.planted(self._aws, name, str(outputs[name]["logGroup"]), run, time.time_ns)

    def _group(self, name: str, output: Mapping[str, Any]) -> Group:
        origin = Origin(
            environment=self._aws.environment, function=name, target="lambda", owner=text(output.get("owner"))
        )
        return Group(name=str(output["logGroup"]), origin=origin)

    def check(self, entries: Iterable[Entry]) -> list[Entry]:
        """The same entries with what AWS says now."""
        return inventory.check(self._aws, entries)

    def release(self, name: str) -> Release | None:
        """Where a function's alias points, and which versions there are."""
        return releases.read(self._aws, name, self._physical(name))

    def move(self, release: Release, move: Move) -> None:
        """Point the alias at one version."""
        releases.move(self._aws, self._physical(release.function), release, move)

    def alarms(self, release: Release) -> tuple[list[str], str | None]:
        """CloudWatch alarms on invocations of a function that are on."""
        name = release.function
        prefix = f"{self._prefix}-{self._aws.environment}-{name}-"
        return alarms.look(self._aws, name, self._physical(name), prefix)

    def redrive(self, name: str, limit: int | None) -> Redriven:
        """Send dead letters again from the queue of failures and the DLQs of the function's queues."""
        return letters.redrive(self._aws, name, self._physical(name), limit)

    def _physical(self, name: str) -> str:
        return lambda_name(self._prefix, self._aws.environment, name)
