"""What Lambda does, by the role of a function, to connect it to its network."""

from __future__ import annotations

from components.aws_lambda.arns import Arns
from components.aws_lambda.policies import Statement, allow, deny

_READ = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
_CHANGE = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)


def network(arns: Arns) -> list[Statement]:
    """Permits the network interfaces of functions; their ids are not known before, and lists have no resource."""
    return [
        allow(_CHANGE, [arns.of("ec2", "*/*")], sid="Network"),
        allow(_READ, ["*"], sid="NetworkLists"),
    ]


def network_is_lambdas(function_arn: str) -> Statement:
    """Keeps the code of a function from its interfaces: its calls, and not Lambda's own, carry this key.

    Args:
        function_arn: ARN of the function, without a qualifier.
    """
    own_code = {"ArnEquals": {"lambda:SourceFunctionArn": function_arn}}
    return deny([*_CHANGE, *_READ], ["*"], conditions=own_code, sid="NetworkIsLambdas")
