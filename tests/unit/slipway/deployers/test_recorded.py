"""Calls that the provider and the pipeline really made: while `local` was updated, looked at anew and removed.

They were taken down at the embedded AWS and translated to actions: S3 names some operations otherwise, and an HTTP API is
asked by methods.
"""

import pytest

from slipway.deployers.policies import policies
from tests.iam import items, statements
from tests.iam_lint import level_of

TAKEN_DOWN = {
    "apigateway": "DELETE GET POST",
    "cloudwatch": "DeleteAlarms DescribeAlarms ListTagsForResource PutMetricAlarm",
    "events": (
        "CreateEventBus DeleteEventBus DeleteRule DescribeEventBus DescribeRule ListTagsForResource "
        "ListTargetsByRule PutRule PutTargets RemoveTargets"
    ),
    "firehose": (
        "CreateDeliveryStream DeleteDeliveryStream DescribeDeliveryStream ListTagsForDeliveryStream "
        "StartDeliveryStreamEncryption"
    ),
    "iam": (
        "CreatePolicy CreateRole DeletePolicy DeleteRole DeleteRolePolicy GetPolicy GetPolicyVersion GetRole "
        "GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListPolicyVersions "
        "ListRolePolicies PutRolePolicy"
    ),
    "kms": (
        "CreateAlias CreateKey DeleteAlias DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus "
        "ListAliases ListResourceTags ScheduleKeyDeletion"
    ),
    "lambda": (
        "AddPermission CreateAlias CreateEventSourceMapping CreateFunction DeleteAlias "
        "DeleteEventSourceMapping DeleteFunction DeleteFunctionEventInvokeConfig GetAlias "
        "GetEventSourceMapping GetFunction GetFunctionCodeSigningConfig GetFunctionEventInvokeConfig "
        "GetPolicy ListTags ListVersionsByFunction PutFunctionConcurrency PutFunctionEventInvokeConfig "
        "RemovePermission"
    ),
    "logs": (
        "CreateLogGroup CreateLogStream DeleteLogGroup DeleteLogStream DeleteSubscriptionFilter "
        "DescribeLogGroups DescribeLogStreams DescribeSubscriptionFilters ListTagsForResource "
        "PutRetentionPolicy PutSubscriptionFilter"
    ),
    "s3": (
        "CreateBucket DeleteBucket DeleteObject DeleteObjectVersion GetAccelerateConfiguration GetBucketAcl "
        "GetBucketCORS GetBucketLogging GetBucketObjectLockConfiguration GetBucketOwnershipControls "
        "GetBucketPolicy GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging "
        "GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration "
        "GetReplicationConfiguration ListBucket ListBucketVersions PutBucketOwnershipControls "
        "PutBucketPublicAccessBlock PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration "
        "PutObject"
    ),
    "scheduler": (
        "CreateSchedule CreateScheduleGroup DeleteSchedule DeleteScheduleGroup GetSchedule GetScheduleGroup "
        "ListTagsForResource"
    ),
    "sqs": "CreateQueue DeleteQueue GetQueueAttributes ListQueueTags",
}
ACTIONS = [f"{service}:{name}" for service, names in TAKEN_DOWN.items() for name in names.split()]
DATA = {"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"}


def permitted(documents):
    return {action for document in documents for s in statements(document) for action in items(s["Action"])}


def test_there_are_all_of_them():
    assert len(ACTIONS) > 100


@pytest.mark.parametrize("service", TAKEN_DOWN)
def test_the_role_that_deploys_may_make_each(place, rich_program, service):
    wanted = {f"{service}:{name}" for name in TAKEN_DOWN[service].split()}
    assert wanted - permitted(policies(place, rich_program)) == set()


def test_the_role_that_previews_may_make_those_that_look(place, rich_program):
    looking = {action for action in ACTIONS if level_of(action) in {"List", "Read"}} - DATA
    assert len(looking) > 40
    assert looking - permitted(policies(place, rich_program, read_only=True)) == set()
