"""Types of keys, roles, logs, events, schedules, streams and queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.deployers.table import (
    ALL,
    AWS,
    BOUNDED,
    GROUP_ARN,
    HERE,
    KEY,
    MINE,
    NEW,
    POLICY,
    ROLE,
    TAGGED,
    Calls,
    Type,
    tags,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

PLATFORM: Mapping[str, Type] = {
    KEY: Type(
        None,
        [
            Calls([ALL], ["kms:CreateKey"], conditions=NEW),
            Calls([AWS + ":kms" + HERE + "key/*"], ["kms:TagResource"], conditions=TAGGED),
            Calls(
                [AWS + ":kms" + HERE + "key/*"],
                [
                    "kms:DisableKey",
                    "kms:EnableKey",
                    "kms:EnableKeyRotation",
                    "kms:PutKeyPolicy",
                    "kms:ScheduleKeyDeletion",
                    "kms:UntagResource",
                    "kms:UpdateKeyDescription",
                ],
                ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"],
                conditions=MINE,
            ),
        ],
    ),
    "aws:kms/alias:Alias": Type(
        "name",
        [
            Calls([ALL], read=["kms:ListAliases"]),
            Calls([AWS + ":kms" + HERE + "{name}"], ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]),
            Calls(
                [AWS + ":kms" + HERE + "key/*"],
                ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"],
                conditions=MINE,
            ),
        ],
    ),
    POLICY: Type(
        "name",
        [
            Calls(
                [AWS + ":iam::{account}:policy/{name}"],
                [
                    "iam:CreatePolicy",
                    "iam:CreatePolicyVersion",
                    "iam:DeletePolicy",
                    "iam:DeletePolicyVersion",
                    "iam:TagPolicy",
                    "iam:UntagPolicy",
                ],
                ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyTags", "iam:ListPolicyVersions"],
            )
        ],
    ),
    ROLE: Type(
        "name",
        [
            Calls(
                [AWS + ":iam::{account}:role/{name}"],
                ["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
                conditions=BOUNDED,
            ),
            Calls(
                [AWS + ":iam::{account}:role/{name}"],
                [
                    "iam:DeleteRole",
                    "iam:TagRole",
                    "iam:UntagRole",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:UpdateRole",
                    "iam:UpdateRoleDescription",
                ],
                [
                    "iam:GetRole",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListInstanceProfilesForRole",
                    "iam:ListRolePolicies",
                    "iam:ListRoleTags",
                ],
            ),
        ],
    ),
    "aws:iam/rolePolicy:RolePolicy": Type(
        "role",
        [
            Calls(
                [AWS + ":iam::{account}:role/{name}"],
                ["iam:DeleteRolePolicy", "iam:PutRolePolicy"],
                conditions=BOUNDED,
            ),
            Calls([AWS + ":iam::{account}:role/{name}"], read=["iam:GetRolePolicy"]),
        ],
        of=ROLE,
    ),
    "aws:cloudwatch/logGroup:LogGroup": Type(
        "name",
        [
            Calls([AWS + ":logs" + HERE + "log-group:*"], read=["logs:DescribeLogGroups"]),
            Calls(
                [GROUP_ARN],
                [
                    "logs:AssociateKmsKey",
                    "logs:CreateLogGroup",
                    "logs:DeleteLogGroup",
                    "logs:DeleteRetentionPolicy",
                    "logs:DisassociateKmsKey",
                    "logs:PutRetentionPolicy",
                    *tags("logs"),
                ],
                ["logs:ListTagsForResource"],
            ),
        ],
    ),
    "aws:cloudwatch/logStream:LogStream": Type(
        "logGroupName",
        [
            Calls([GROUP_ARN], read=["logs:DescribeLogStreams"]),
            Calls([GROUP_ARN + ":log-stream:*"], ["logs:CreateLogStream", "logs:DeleteLogStream"]),
        ],
    ),
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": Type(
        "logGroup",
        [
            Calls(
                [GROUP_ARN],
                ["logs:DeleteSubscriptionFilter", "logs:PutSubscriptionFilter"],
                ["logs:DescribeSubscriptionFilters"],
            )
        ],
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Type(
        "name",
        [
            Calls(
                [AWS + ":cloudwatch" + HERE + "alarm:{name}"],
                ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", *tags("cloudwatch")],
                ["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"],
            )
        ],
    ),
    "aws:cloudwatch/eventBus:EventBus": Type(
        "name",
        [
            Calls(
                [AWS + ":events" + HERE + "event-bus/{name}"],
                ["events:CreateEventBus", "events:DeleteEventBus", "events:UpdateEventBus", *tags("events")],
                ["events:DescribeEventBus", "events:ListTagsForResource"],
            )
        ],
    ),
    "aws:cloudwatch/eventRule:EventRule": Type(
        "eventBusName",
        [
            Calls(
                [AWS + ":events" + HERE + "rule/{name}/*"],
                ["events:DeleteRule", "events:PutRule", *tags("events")],
                ["events:DescribeRule", "events:ListTagsForResource"],
            )
        ],
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Type(
        "eventBusName",
        [
            Calls(
                [AWS + ":events" + HERE + "rule/{name}/*"],
                ["events:PutTargets", "events:RemoveTargets"],
                ["events:ListTargetsByRule"],
            )
        ],
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Type(
        "name",
        [
            Calls(
                [AWS + ":scheduler" + HERE + "schedule-group/{name}"],
                ["scheduler:CreateScheduleGroup", "scheduler:DeleteScheduleGroup", *tags("scheduler")],
                ["scheduler:GetScheduleGroup", "scheduler:ListTagsForResource"],
            )
        ],
    ),
    "aws:scheduler/schedule:Schedule": Type(
        "groupName",
        [
            Calls(
                [AWS + ":scheduler" + HERE + "schedule/{name}/*"],
                ["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:UpdateSchedule"],
                ["scheduler:GetSchedule"],
            )
        ],
    ),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Type(
        "name",
        [
            Calls(
                [AWS + ":firehose" + HERE + "deliverystream/{name}"],
                [
                    "firehose:CreateDeliveryStream",
                    "firehose:DeleteDeliveryStream",
                    "firehose:StartDeliveryStreamEncryption",
                    "firehose:StopDeliveryStreamEncryption",
                    "firehose:TagDeliveryStream",
                    "firehose:UntagDeliveryStream",
                    "firehose:UpdateDestination",
                ],
                ["firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream"],
            )
        ],
    ),
    "aws:sqs/queue:Queue": Type(
        "name",
        [
            Calls(
                [AWS + ":sqs" + HERE + "{name}"],
                ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"],
                ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"],
            )
        ],
    ),
}
