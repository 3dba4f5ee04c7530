import pytest

from components.aws_lambda.arns import Arn, Arns
from components.environment_args import AwsArgs


def arns(**changes):
    return Arns(AwsArgs(**{"account": "123456789012", "region": "eu-central-1"} | changes))


def test_an_arn_is_taken_apart():
    assert Arn.parse("arn:aws:sqs:eu-central-1:1:orders") == Arn("aws", "sqs", "eu-central-1", "1", "orders")
    assert Arn.parse("arn:aws:s3:::bucket/a:b").rest == "bucket/a:b"
    assert Arn.parse("orders") is None


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (arns().function("f"), "arn:aws:lambda:eu-central-1:123456789012:function:f"),
        (arns().function("f", "live"), "arn:aws:lambda:eu-central-1:123456789012:function:f:live"),
        (arns().bucket("b"), "arn:aws:s3:::b"),
        (arns().event_rule("bus", "r"), "arn:aws:events:eu-central-1:123456789012:rule/bus/r"),
        (arns().schedule_group("g"), "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/g"),
        (arns(partition="aws-us-gov").root(), "arn:aws-us-gov:iam::123456789012:root"),
        (arns().api("x"), "arn:aws:execute-api:eu-central-1:123456789012:x"),
        (arns().via("sqs"), "sqs.eu-central-1.amazonaws.com"),
        (arns(partition="aws-cn", region="cn-north-1").via("sqs"), "sqs.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_arns_of_the_account_and_region(made, expected):
    assert made == expected


def test_the_address_of_a_queue():
    queue = Arn.parse("arn:aws:sqs:eu-west-1:210987654321:orders")
    assert arns().queue_url(queue) == "https://sqs.eu-west-1.amazonaws.com/210987654321/orders"
    assert arns(endpoint="http://127.0.0.1:4610/").queue_url(queue) == "http://127.0.0.1:4610/210987654321/orders"
