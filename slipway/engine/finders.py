"""What a resource's id is, or would be, from its inputs: for creations whose answer was never recorded.

Ids are those of Terraform's AWS provider 6.34 (`SetId` in its sources). Most follow from the inputs, because physical
names are deterministic; the rest is looked up at AWS by name, tags and what it belongs to.
"""

from __future__ import annotations

import dataclasses
import zlib
from typing import TYPE_CHECKING, Any

import botocore.exceptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from slipway.aws.clients import Aws

_GONE = ("NotFound", "NonExistentQueue", "QueueDoesNotExist", "NoSuch")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A resource whose creation was begun.

    Attributes:
        type: Type token.
        inputs: Its inputs, under Pulumi's names.
        taken: Ids of its type that the state holds already.
    """

    type: str
    inputs: Mapping[str, Any]
    taken: frozenset[str]

    def text(self, key: str, default: str = "") -> str:
        """An input as text."""
        value = self.inputs.get(key)
        return default if value is None else str(value)

    def has(self, *keys: str) -> bool:
        """Whether all these inputs are set; what a preview does not know yet is not."""
        return all(self.text(key) for key in keys)


def find(aws: Aws, wanted: Wanted) -> str | None:
    """The id of a resource if it may exist.

    Returns:
        Its id; for ids that follow from the inputs this does not say that it exists, a refresh does. None when it
        certainly does not exist.

    Raises:
        KeyError: The type is unknown here, so nothing can be said.
        BotoCoreError, ClientError: AWS cannot be asked.
    """
    finder = _FINDERS[wanted.type]
    try:
        return finder(aws, wanted)
    except botocore.exceptions.ClientError as error:
        if any(mark in str(error.response.get("Error", {}).get("Code", "")) for mark in _GONE):
            return None
        raise


def _joined(separator: str, *keys: str) -> Callable[[Aws, Wanted], str | None]:
    """Ids that are inputs joined together."""

    def finder(aws: Aws, wanted: Wanted) -> str | None:
        del aws
        return separator.join(wanted.text(key) for key in keys) if wanted.has(*keys) else None

    return finder


def _function_and_qualifier(separator: str) -> Callable[[Aws, Wanted], str | None]:
    """Ids that are a function's name with a qualifier, if there is one."""

    def finder(aws: Aws, wanted: Wanted) -> str | None:
        keys = ("functionName", "qualifier") if "qualifier" in wanted.inputs else ("functionName",)
        return _joined(separator, *keys)(aws, wanted)

    return finder


def _on_bus(separator: str, *keys: str) -> Callable[[Aws, Wanted], str | None]:
    """Ids that begin with the event bus, unless it is the default one."""

    def finder(aws: Aws, wanted: Wanted) -> str | None:
        del aws
        bus = wanted.text("eventBusName", "default")
        if not wanted.has(*keys):
            return None
        return separator.join([*([] if bus == "default" else [bus]), *(wanted.text(key) for key in keys)])

    return finder


def _schedule(aws: Aws, wanted: Wanted) -> str | None:
    del aws
    if not wanted.has("name"):
        return None
    return f"{wanted.text('groupName', 'default')}/{wanted.text('name')}"


def _alias(aws: Aws, wanted: Wanted) -> str | None:
    if not wanted.has("functionName", "name"):
        return None
    found = aws.client("lambda").get_alias(FunctionName=wanted.text("functionName"), Name=wanted.text("name"))
    return str(found["AliasArn"])


def _queue(aws: Aws, wanted: Wanted) -> str | None:
    if not wanted.has("name"):
        return None
    return str(aws.client("sqs").get_queue_url(QueueName=wanted.text("name"))["QueueUrl"])


def _policy(aws: Aws, wanted: Wanted) -> str | None:
    if not wanted.has("name"):
        return None
    partition = aws.session.get_partition_for_region(aws.region)
    return f"arn:{partition}:iam::{aws.account}:policy{wanted.text('path', '/')}{wanted.text('name')}"


def _filter(aws: Aws, wanted: Wanted) -> str | None:
    """The provider's own hash of the log group's name; which filter it is, its inputs tell."""
    del aws
    group = wanted.text("logGroup")
    return f"cwlsf-{zlib.crc32(f'{group}-'.encode())}" if group else None


def _stream(aws: Aws, wanted: Wanted) -> str | None:
    if not wanted.has("name"):
        return None
    partition = aws.session.get_partition_for_region(aws.region)
    return f"arn:{partition}:firehose:{aws.region}:{aws.account}:deliverystream/{wanted.text('name')}"


def _mapping(aws: Aws, wanted: Wanted) -> str | None:
    if not wanted.has("functionName", "eventSourceArn"):
        return None
    pages = aws.client("lambda").get_paginator("list_event_source_mappings")
    found = pages.paginate(FunctionName=wanted.text("functionName"), EventSourceArn=wanted.text("eventSourceArn"))
    return _free(wanted, (item["UUID"] for page in found for item in page["EventSourceMappings"]))


def _signing_config(aws: Aws, wanted: Wanted) -> str | None:
    if not wanted.has("description"):
        return None
    pages = aws.client("lambda").get_paginator("list_code_signing_configs").paginate()
    return _free(
        wanted,
        (
            item["CodeSigningConfigArn"]
            for page in pages
            for item in page["CodeSigningConfigs"]
            if item.get("Description") == wanted.text("description")
        ),
    )


def _key(aws: Aws, wanted: Wanted) -> str | None:
    client = aws.client("kms")
    pages = client.get_paginator("list_keys").paginate()

    def matches(key: str) -> bool:
        about = client.describe_key(KeyId=key)["KeyMetadata"]
        if about.get("KeyState") != "Enabled" or about.get("Description", "") != wanted.text("description"):
            return False
        tags = {tag["TagKey"]: tag["TagValue"] for tag in client.list_resource_tags(KeyId=key)["Tags"]}
        return _tagged(wanted, tags)

    candidates = (item["KeyId"] for page in pages for item in page["Keys"])
    return _free(wanted, (key for key in candidates if key not in wanted.taken and matches(key)))


def _api(aws: Aws, wanted: Wanted) -> str | None:
    pages = aws.client("apigatewayv2").get_paginator("get_apis").paginate()
    return _free(
        wanted,
        (
            item["ApiId"]
            for page in pages
            for item in page["Items"]
            if item["Name"] == wanted.text("name") and _tagged(wanted, item.get("Tags") or {})
        ),
    )


def _part_of_api(operation: str, id_key: str, **same: str) -> Callable[[Aws, Wanted], str | None]:
    """Parts of an HTTP API, found by attributes: AWS's name of each, and the input that it equals."""

    def finder(aws: Aws, wanted: Wanted) -> str | None:
        if not wanted.has("apiId", *same.values()):
            return None
        pages = aws.client("apigatewayv2").get_paginator(operation).paginate(ApiId=wanted.text("apiId"))
        return _free(
            wanted,
            (
                item[id_key]
                for page in pages
                for item in page["Items"]
                if all(str(item.get(theirs, "")) == wanted.text(ours) for theirs, ours in same.items())
            ),
        )

    return finder


def _free(wanted: Wanted, ids: Iterable[str]) -> str | None:
    """The first id that no other resource of the state has."""
    return next((found for found in ids if found not in wanted.taken), None)


def _tagged(wanted: Wanted, tags: Mapping[str, str]) -> bool:
    """Whether something carries all tags that the resource was to get."""
    ours: Mapping[str, str] = wanted.inputs.get("tags") or {}
    return all(tags.get(name) == value for name, value in ours.items())


_FINDERS: Mapping[str, Callable[[Aws, Wanted], str | None]] = {
    "aws:apigatewayv2/api:Api": _api,
    "aws:apigatewayv2/authorizer:Authorizer": _part_of_api("get_authorizers", "AuthorizerId", Name="name"),
    "aws:apigatewayv2/integration:Integration": _part_of_api(
        "get_integrations", "IntegrationId", IntegrationUri="integrationUri"
    ),
    "aws:apigatewayv2/route:Route": _part_of_api("get_routes", "RouteId", RouteKey="routeKey"),
    "aws:apigatewayv2/stage:Stage": _joined("", "name"),
    "aws:cloudwatch/eventBus:EventBus": _joined("", "name"),
    "aws:cloudwatch/eventRule:EventRule": _on_bus("/", "name"),
    "aws:cloudwatch/eventTarget:EventTarget": _on_bus("-", "rule", "targetId"),
    "aws:cloudwatch/logGroup:LogGroup": _joined("", "name"),
    "aws:cloudwatch/logStream:LogStream": _joined("", "name"),
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": _filter,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _joined("", "name"),
    "aws:iam/policy:Policy": _policy,
    "aws:iam/role:Role": _joined("", "name"),
    "aws:iam/rolePolicy:RolePolicy": _joined(":", "role", "name"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _joined("/", "role", "policyArn"),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": _stream,
    "aws:kms/alias:Alias": _joined("", "name"),
    "aws:kms/key:Key": _key,
    "aws:lambda/alias:Alias": _alias,
    "aws:lambda/codeSigningConfig:CodeSigningConfig": _signing_config,
    "aws:lambda/eventSourceMapping:EventSourceMapping": _mapping,
    "aws:lambda/function:Function": _joined("", "name"),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _function_and_qualifier(":"),
    "aws:lambda/functionUrl:FunctionUrl": _function_and_qualifier("/"),
    "aws:lambda/permission:Permission": _joined("", "statementId"),
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": _function_and_qualifier(","),
    "aws:s3/bucket:Bucket": _joined("", "bucket"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _joined("", "bucket"),
    "aws:s3/bucketPolicy:BucketPolicy": _joined("", "bucket"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _joined("", "bucket"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _joined("", "bucket"),
    "aws:s3/bucketVersioning:BucketVersioning": _joined("", "bucket"),
    "aws:scheduler/schedule:Schedule": _schedule,
    "aws:scheduler/scheduleGroup:ScheduleGroup": _joined("", "name"),
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": _joined("", "queueUrl"),
}
KNOWN_TYPES = frozenset(_FINDERS)
