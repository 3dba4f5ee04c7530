import json

import pytest

from toolchain.embedded_aws.queue_records import failures, wanted

IDS = ["1", "2", "3"]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (b"", set()),
        (b"null", set()),
        (b"{}", set()),
        (b'{"batchItemFailures": []}', set()),
        (b'{"batchItemFailures": null}', set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "2"}]}', {"2"}),
        (b'{"batchItemFailures": [{"itemIdentifier": "nobody"}]}', set(IDS)),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', set(IDS)),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', set(IDS)),
        (b'{"batchItemFailures": [{"id": "2"}]}', set(IDS)),
        (b'{"batchItemFailures": ["2"]}', set(IDS)),
        (b'{"batchItemFailures": "2"}', set(IDS)),
        (b'"ok"', set(IDS)),
        (b"{", set(IDS)),
    ],
)
def test_reports_of_failed_messages(answer, failed):
    assert failures(answer, IDS) == failed


@pytest.mark.parametrize(
    ("body", "passes"), [('{"kind": "order"}', True), ('{"kind": "other"}', False), ("no json", False)]
)
def test_filters_compare_json_bodies(body, passes):
    assert wanted({"body": body}, [json.dumps({"body": {"kind": ["order"]}})]) is passes


def test_without_filters_everything_is_wanted():
    assert wanted({"body": "x"}, [])
