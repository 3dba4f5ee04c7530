import pytest

from toolchain.embedded_aws.functions import split_reference


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("f", ("f", None)),
        ("f:live", ("f", "live")),
        ("123456789012:function:f", ("f", None)),
        ("arn:aws:lambda:eu-central-1:123456789012:function:f", ("f", None)),
        ("arn:aws:lambda:eu-central-1:123456789012:function:f:7", ("f", "7")),
        ("arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Af%3Alive", ("f", "live")),
    ],
)
def test_all_forms_that_invoke_takes(reference, expected):
    assert split_reference(reference) == expected
