"""Has a stream's records go through its processors, as Firehose does.

Facts: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

import tenacity

from toolchain.embedded_aws.pool import CannotRunError, ThrottledError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from toolchain.embedded_aws.firehose_stream import Stream, Transformation
    from toolchain.embedded_aws.invoker import Invoker
    from toolchain.embedded_aws.outcomes import Outcome

_MAX_REQUEST = 6 * 1024 * 1024
_RETRY_S = 0.5
_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """A record of a stream.

    Attributes:
        data: What it holds.
        arrived: When it came, Unix milliseconds.
        keys: Where it goes, as the function told.
    """

    data: bytes
    arrived: int
    keys: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """A record that goes below the error prefix.

    Attributes:
        record: The record as it came.
        kind: `processing-failed`, `decompression-failed`, or another of Firehose's names for a step.
        code: What went wrong, in Firehose's words.
        message: The same in a sentence.
        attempts: How often it was tried.
        function: ARN of the function, when that failed.
    """

    record: Record
    kind: str
    code: str
    message: str
    attempts: int = 1
    function: str = ""


class Transformer:
    """Calls the functions of streams.

    Args:
        invoker: Finds and runs functions.
        closed: Is set when nobody waits any more.
    """

    def __init__(self, invoker: Invoker, closed: threading.Event) -> None:
        self._invoker = invoker
        self._closed = closed

    def transformed(self, stream: Stream, records: Iterable[Record]) -> tuple[list[Record], list[Failure]]:
        """What becomes of records: those that go on, in their order, and those that failed.

        Raises:
            CannotRunError: The embedded AWS stops.
        """
        good = list(records)
        failures: list[Failure] = []
        if stream.decompress:
            good, failures = _unpacked(good)
        if stream.transformation is None:
            return good, failures
        done: list[Record] = []
        for batch in _batches(good, stream.transformation.size):
            passed, failed = self._through(stream, stream.transformation, batch)
            done += passed
            failures += failed
        return done, failures

    def _through(
        self, stream: Stream, transformation: Transformation, batch: Sequence[Record]
    ) -> tuple[list[Record], list[Failure]]:
        ids = [str(uuid.uuid4()) for _ in batch]
        event = {
            "invocationId": str(uuid.uuid4()),
            "deliveryStreamArn": stream.arn,
            "region": stream.region,
            "records": [
                {
                    "recordId": identity,
                    "approximateArrivalTimestamp": record.arrived,
                    "data": base64.b64encode(record.data).decode(),
                }
                for identity, record in zip(ids, batch, strict=True)
            ],
        }
        answers, problem = self._answers(stream, transformation, json.dumps(event).encode())
        passed, failures = [], []
        for identity, record in zip(ids, batch, strict=True):
            answer = answers.get(identity)
            if answer is None:
                code, message = problem or ("Lambda.MissingRecordId", "The function left out the record.")
            elif answer.get("result") == "Ok":
                keys = (answer.get("metadata") or {}).get("partitionKeys") or {}
                passed.append(Record(base64.b64decode(answer["data"]), record.arrived, keys))
                continue
            elif answer.get("result") == "Dropped":
                continue
            else:
                code, message = "Lambda.ProcessingFailedStatus", "The function marked the record ProcessingFailed."
            attempts = 1 + transformation.retries if code == "Lambda.InvokeLimitExceeded" else 1
            failures.append(
                Failure(record, "processing-failed", code, message, attempts, function=transformation.function)
            )
        return passed, failures

    def _answers(
        self, stream: Stream, transformation: Transformation, payload: bytes
    ) -> tuple[dict[str, dict[str, Any]], tuple[str, str] | None]:
        """Answers by record id, and what went wrong with all of them: code and message."""
        outcome, problem = self._called(stream, transformation, payload)
        if outcome is None:
            return {}, problem
        if self._closed.is_set() and outcome.failed:
            raise CannotRunError("the embedded AWS stops")
        if outcome.failed:
            timed_out = outcome.status == "timeout"
            code = "Lambda.FunctionTimedOut" if timed_out else "Lambda.FunctionError"
            return {}, (code, f"The function ended with {outcome.error_type}.")
        try:
            found = json.loads(outcome.payload)["records"]
            return {str(item["recordId"]): item for item in found}, None
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("%s: the answer of its function cannot be used: %s", stream.name, error)
            return {}, ("Lambda.JsonProcessingException", "The function's answer holds no records.")

    def _called(
        self, stream: Stream, transformation: Transformation, payload: bytes
    ) -> tuple[Outcome | None, tuple[str, str] | None]:
        """How the call ended; None with code and message where there was none."""
        if len(payload) > _MAX_REQUEST:
            return None, ("Lambda.PayloadTooLarge", f"The request has {len(payload)} bytes; Lambda takes 6 MB.")
        function = self._invoker.find(transformation.function, region=stream.region)
        if function is None:
            return None, ("Lambda.FunctionNotFound", f"The function {transformation.function} does not exist.")
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ThrottledError),
            wait=tenacity.wait_fixed(_RETRY_S),
            stop=tenacity.stop_after_attempt(1 + transformation.retries) | tenacity.stop_when_event_set(self._closed),
            sleep=tenacity.sleep_using_event(self._closed),
            reraise=True,
        )
        try:
            return attempts(self._invoker.call, function, payload).outcome, None
        except ThrottledError as error:
            return None, ("Lambda.InvokeLimitExceeded", str(error))
        except CannotRunError as error:
            return None, ("Lambda.FunctionError", str(error))


def _unpacked(records: Iterable[Record]) -> tuple[list[Record], list[Failure]]:
    good, failures = [], []
    for record in records:
        try:
            good.append(dataclasses.replace(record, data=gzip.decompress(record.data)))
        except (OSError, EOFError):
            message = "The record is not compressed with gzip."
            failures.append(Failure(record, "decompression-failed", "Decompression.Failed", message))
    return good, failures


def _batches(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    batch: list[Record] = []
    held = 0
    for record in records:
        if batch and held + len(record.data) > size:
            yield batch
            batch, held = [], 0
        batch.append(record)
        held += len(record.data)
    if batch:
        yield batch
