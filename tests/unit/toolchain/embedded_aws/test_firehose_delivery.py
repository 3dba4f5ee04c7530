import pytest

from toolchain.embedded_aws.firehose_delivery import PartitionError, prefix_of

MOMENT = 1795690323.0  # 2026-11-26T10:52:03Z


@pytest.mark.parametrize(
    ("prefix", "values", "expected"),
    [
        ("logs/", {}, "logs/2026/11/26/10/"),
        ("", {}, "2026/11/26/10/"),
        ("logs/!{timestamp:yyyy-MM-dd}/", {}, "logs/2026-11-26/"),
        (
            "function=!{partitionKeyFromLambda:function}/h=!{timestamp:HH}/",
            {"partitionKeyFromLambda:function": "orders"},
            "function=orders/h=10/",
        ),
        (
            "errors/!{firehose:error-output-type}/",
            {"firehose:error-output-type": "processing-failed"},
            "errors/processing-failed/",
        ),
    ],
)
def test_prefixes(prefix, values, expected):
    assert prefix_of(prefix, MOMENT, values) == expected


def test_a_key_that_no_record_told_is_named():
    with pytest.raises(PartitionError, match=r"partitionKeyFromLambda:function.* has no value"):
        prefix_of("!{partitionKeyFromLambda:function}/", MOMENT, {})
