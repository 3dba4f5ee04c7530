"""The one way by which functions are called here, whoever calls: Invoke, the HTTP entry, queues, events, schedules."""

from __future__ import annotations

import dataclasses
import secrets
import time
import uuid
from typing import TYPE_CHECKING

from toolchain.embedded_aws import functions
from toolchain.embedded_aws.runtime_api import Invocation

if TYPE_CHECKING:
    from toolchain.embedded_aws.config import Config
    from toolchain.embedded_aws.functions import DeployedFunction
    from toolchain.embedded_aws.outcomes import Outcome
    from toolchain.embedded_aws.pool import SandboxPool


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A call that ran: its request id, the version that ran it, and how it ended."""

    request_id: str
    version: str
    outcome: Outcome


class Invoker:
    """Finds deployed functions and runs them."""

    def __init__(self, config: Config, pool: SandboxPool) -> None:
        self._config = config
        self._pool = pool

    def find(self, reference: str, qualifier: str | None = None, region: str | None = None) -> DeployedFunction | None:
        """The function version that a call to `reference` (name or ARN) runs now, or None."""
        return functions.find(reference, qualifier, account=self._config.account, region=region or self._config.region)

    def call(
        self,
        function: DeployedFunction,
        payload: bytes,
        *,
        request_id: str | None = None,
        client_context: str | None = None,
    ) -> Call:
        """Run a function and wait for its end.

        Args:
            function: From `find`.
            payload: The event, JSON in bytes.
            request_id: Id of the invocation; None makes one.
            client_context: JSON of the caller's client context.

        Raises:
            ThrottledError: It may not run more invocations at once.
            CannotRunError: It cannot be run by the embedded AWS.
        """
        invocation = Invocation(
            request_id=request_id or str(uuid.uuid4()),
            payload=payload,
            function_arn=function.arn,
            deadline_ms=0,
            trace_id=trace_id(),
            client_context=client_context,
        )
        outcome = self._pool.run(function, invocation)
        return Call(request_id=invocation.request_id, version=function.version, outcome=outcome)


def trace_id() -> str:
    """A new X-Ray trace header, not sampled."""
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0"
