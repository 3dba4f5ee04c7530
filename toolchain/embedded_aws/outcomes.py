"""How an invocation ended, in Lambda's words."""

from __future__ import annotations

import dataclasses
import json
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolchain.embedded_aws.runtime_api import RuntimeEvent


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The end of an invocation.

    Attributes:
        payload: What Invoke returns, JSON in bytes.
        status: `success`, `error` (the function reported one), `timeout`, or `failure` (the process ended).
        error_type: Type of the error, for example `Runtime.ExitError`; empty for a success.
        message: What happened, for errors that the platform words.
        ends_sandbox: Whether the process is of no more use.
        log_tail: Last bytes of the invocation's log.
        duration_ms: Milliseconds that the handler took.
    """

    payload: bytes = b""
    status: str = "success"
    error_type: str = ""
    message: str = ""
    ends_sandbox: bool = False
    log_tail: bytes = b""
    duration_ms: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether Invoke tells a function error."""
        return self.status != "success"


def reported(event: RuntimeEvent) -> Outcome:
    """The outcome that the runtime itself told: a response, an error, or an error of the start."""
    if event.kind == "response":
        return Outcome(payload=event.body)
    start = event.kind == "init-error"
    if event.error_type == "Function.ResponseSizeTooLarge":
        message = "Response payload size exceeded maximum allowed payload size (6291556 bytes)."
        return Outcome(status="error", error_type=event.error_type, message=message)
    error_type = event.error_type or _type_in(event.body)
    return Outcome(payload=event.body, status="error", error_type=error_type, ends_sandbox=start)


def timed_out() -> Outcome:
    """The function took longer than it may; `for_request` words it."""
    return Outcome(status="timeout", error_type="Sandbox.Timedout", ends_sandbox=True)


def out_of_memory() -> Outcome:
    """The function took more memory than it has."""
    message = "Error: Runtime exited with error: signal: killed"
    return Outcome(status="failure", error_type="Runtime.OutOfMemory", message=message, ends_sandbox=True)


def exited(status: int) -> Outcome:
    """The process ended by itself.

    Args:
        status: Its exit status; below zero the number of the signal that ended it.
    """
    if status == 0:
        message = "Error: Runtime exited without providing a reason"
    elif status < 0:
        message = f"Error: Runtime exited with error: signal: {_signal_name(-status)}"
    else:
        message = f"Error: Runtime exited with error: exit status {status}"
    return Outcome(status="failure", error_type="Runtime.ExitError", message=message, ends_sandbox=True)


def for_request(outcome: Outcome, request_id: str, timeout_s: int) -> Outcome:
    """The outcome with the payload that the platform writes where the runtime could not."""
    if outcome.payload or not outcome.failed:
        return outcome
    message = outcome.message
    if outcome.status == "timeout":
        message = f"Error: Task timed out after {timeout_s:.2f} seconds"
    prefixed = message if outcome.status == "error" else f"RequestId: {request_id} {message}"
    payload = json.dumps({"errorType": outcome.error_type, "errorMessage": prefixed}).encode()
    return dataclasses.replace(outcome, payload=payload, message=message)


def _type_in(body: bytes) -> str:
    try:
        found = json.loads(body).get("errorType")
    except (ValueError, AttributeError):
        return "Runtime.Unknown"
    return str(found or "Runtime.Unknown")


def _signal_name(number: int) -> str:
    try:
        return (signal.strsignal(number) or str(number)).lower()
    except ValueError:
        return str(number)
