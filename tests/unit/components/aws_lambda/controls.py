"""Types, accepted findings and the register of checks that `test_controls.py` is made of."""

import dataclasses
import re
from collections.abc import Callable

from tests.iam_lint import findings

FUNCTION = "aws:lambda/function:Function"
EVENT_INVOKE = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
URL = "aws:lambda/functionUrl:FunctionUrl"
PERMISSION = "aws:lambda/permission:Permission"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
SIGNING = "aws:lambda/codeSigningConfig:CodeSigningConfig"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:iam/policy:Policy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FILTER = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
FIREHOSE = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
BUCKET = "aws:s3/bucket:Bucket"
BUCKET_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BUCKET_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
BUCKET_VERSIONS = "aws:s3/bucketVersioning:BucketVersioning"
BUCKET_OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
QUEUE = "aws:sqs/queue:Queue"
KEY = "aws:kms/key:Key"
STAGE = "aws:apigatewayv2/stage:Stage"
ROUTE = "aws:apigatewayv2/route:Route"

WITHOUT = {
    "aws:apigatewayv2/api:Api": "its stage and routes are what is guarded",
    "aws:apigatewayv2/authorizer:Authorizer": "checks tokens; routes name it",
    "aws:apigatewayv2/integration:Integration": "names the alias that routes call; permissions guard that",
    "aws:cloudwatch/eventBus:EventBus": "takes events of its own account alone: it has no policy",
    "aws:cloudwatch/eventRule:EventRule": "chooses events; permissions guard the call",
    "aws:cloudwatch/eventTarget:EventTarget": "names the alias and the queue of what fails",
    "aws:cloudwatch/logStream:LogStream": "part of its log group",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "watches",
    "aws:kms/alias:Alias": "a name",
    "aws:lambda/alias:Alias": "a pointer to a version",
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": "instances that wait",
    "aws:scheduler/schedule:Schedule": "calls by a role of its own, which I1 to I10 look at",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "a name",
}
# What the linter says of policies that cannot be said otherwise: issue, detail, reason.
ACCEPTED = (
    ("RESOURCE_STAR", r"\['xray:PutTelemetryRecords', 'xray:PutTraceSegments'\]", "X-Ray has no resources"),
    ("RESOURCE_STAR", r"\['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'\]", "lists have no resources"),
    ("RESOURCE_MISMATCH", r"\[\{'action': 'ec2:AssignPrivateIpAddresses'.*", "Lambda's guide asks for `*/*` here"),
    (
        "UNKNOWN_CONDITION_FOR_ACTION",
        "Unknown condition lambda:SourceFunctionArn.*",
        "calls of a function's code carry it",
    ),
)


def unaccepted(policy):
    """What the linter says of a policy and nothing here excuses."""
    return [
        (issue, detail)
        for issue, detail in findings(policy)
        if not any(issue == known and re.fullmatch(pattern, detail) for known, pattern, _ in ACCEPTED)
    ]


class World:
    """What was registered, by type."""

    def __init__(self, engine):
        self.registered = [made for made in engine.registered if made.type.startswith("aws:")]

    def all(self, *types):
        found = [made for made in self.registered if made.type in types]
        assert found, f"there is no {' or '.join(types)}: the check would look at nothing"
        return found

    @property
    def deployed(self):
        """Functions of developers, without Slipway's own."""
        return [made for made in self.all(FUNCTION) if not made.name.endswith("-shipper")]


@dataclasses.dataclass(frozen=True)
class Control:
    types: tuple[str, ...]
    judge: Callable[[World], list[str]]


CONTROLS: dict[str, Control] = {}


def control(id_, *types):
    def keep(judge):
        CONTROLS[id_] = Control(types, judge)
        return judge

    return keep


def each(id_, type_):
    """A control that each resource of a type meets by itself: the check says whether one does."""

    def keep(holds):
        CONTROLS[id_] = Control(
            (type_,), lambda world: [made.name for made in world.all(type_) if not holds(made.inputs)]
        )
        return holds

    return keep
