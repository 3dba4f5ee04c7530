import json

import pytest

from toolchain.embedded_aws import outcomes
from toolchain.embedded_aws.runtime_api import RuntimeEvent


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exited without providing a reason"),
        (3, "exit status 3"),
        (-9, "signal: killed"),
        (-11, "signal: segmentation fault"),
        (-64, "signal"),
    ],
)
def test_exits_in_lambdas_words(status, words):
    found = outcomes.for_request(outcomes.exited(status), "id1", 3)
    payload = json.loads(found.payload)
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].startswith("RequestId: id1 Error: ")
    assert words in payload["errorMessage"]
    assert found.ends_sandbox


def test_timeout_names_the_seconds():
    found = outcomes.for_request(outcomes.timed_out(), "id1", 3)
    assert json.loads(found.payload)["errorMessage"] == "RequestId: id1 Error: Task timed out after 3.00 seconds"


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b"{}"])
def test_an_error_without_a_type_has_one(body):
    assert outcomes.reported(RuntimeEvent("error", "id1", body)).error_type == "Runtime.Unknown"


def test_what_the_runtime_said_stays_as_it_is():
    event = RuntimeEvent("error", "id1", b'{"errorType": "KeyError"}', "KeyError")
    found = outcomes.for_request(outcomes.reported(event), "id1", 3)
    assert (found.payload, found.error_type, found.ends_sandbox) == (b'{"errorType": "KeyError"}', "KeyError", False)


def test_an_error_of_the_start_ends_the_sandbox():
    assert outcomes.reported(RuntimeEvent("init-error", "", b"{}", "X")).ends_sandbox
