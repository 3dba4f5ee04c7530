"""Types of functions, buckets and HTTP APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.deployers.table import ALL, AWS, BUCKET, FUNCTION, HERE, MINE, NEW, TAGGED, Calls, Type, tags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BUCKET_ARN = AWS + ":s3:::{name}"
_FUNCTION_ARN = AWS + ":lambda" + HERE + "function:{name}"
_MAPPING_ARN = AWS + ":lambda" + HERE + "event-source-mapping:*"
_OF_FUNCTION = {"ArnLike": {"lambda:FunctionArn": _FUNCTION_ARN.replace("{name}", "{base}-*")}}
_SIGNING_ARN = AWS + ":lambda" + HERE + "code-signing-config:*"
_API = AWS + ":apigateway:{region}::"
_API_ID = f"{_API}/apis/{'?' * 10}"
_ANY_API = f"{_API}/apis/*"
_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)


def _guard(*write: str, read: Sequence[str]) -> Type:
    """Something of a bucket."""
    return Type("bucket", [Calls([_BUCKET_ARN], write, read)], of=BUCKET)


def _of_function(*write: str, read: Sequence[str]) -> Type:
    """Something of a function, its aliases or its versions."""
    return Type("functionName", [Calls([_FUNCTION_ARN, f"{_FUNCTION_ARN}:*"], write, read)], of=FUNCTION)


def _of_api(part: str) -> Type:
    """Something of an HTTP API; parts have no tags, so that those of one environment cannot be told from others'."""
    on = [f"{_ANY_API}/{part}", f"{_ANY_API}/{part}/*"]
    return Type(None, [Calls(on, ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST"], ["apigateway:GET"])])


COMPUTE: Mapping[str, Type] = {
    FUNCTION: Type(
        "name",
        [
            Calls(
                [_FUNCTION_ARN],
                [
                    "lambda:CreateFunction",
                    "lambda:DeleteFunction",
                    "lambda:DeleteFunctionCodeSigningConfig",
                    "lambda:DeleteFunctionConcurrency",
                    "lambda:PublishVersion",
                    "lambda:PutFunctionCodeSigningConfig",
                    "lambda:PutFunctionConcurrency",
                    "lambda:UpdateFunctionCode",
                    "lambda:UpdateFunctionConfiguration",
                    *tags("lambda"),
                ],
                [
                    "lambda:GetFunction",
                    "lambda:GetFunctionCodeSigningConfig",
                    "lambda:GetFunctionConfiguration",
                    "lambda:ListTags",
                    "lambda:ListVersionsByFunction",
                ],
            ),
            Calls([f"{_FUNCTION_ARN}:*"], read=["lambda:GetFunction", "lambda:GetFunctionConfiguration"]),
        ],
    ),
    "aws:lambda/alias:Alias": _of_function(
        "lambda:CreateAlias", "lambda:DeleteAlias", "lambda:UpdateAlias", read=["lambda:GetAlias"]
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _of_function(
        "lambda:DeleteFunctionEventInvokeConfig",
        "lambda:PutFunctionEventInvokeConfig",
        read=["lambda:GetFunctionEventInvokeConfig"],
    ),
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": _of_function(
        "lambda:DeleteProvisionedConcurrencyConfig",
        "lambda:PutProvisionedConcurrencyConfig",
        read=["lambda:GetProvisionedConcurrencyConfig"],
    ),
    "aws:lambda/functionUrl:FunctionUrl": _of_function(
        "lambda:CreateFunctionUrlConfig",
        "lambda:DeleteFunctionUrlConfig",
        "lambda:UpdateFunctionUrlConfig",
        read=["lambda:GetFunctionUrlConfig"],
    ),
    "aws:lambda/permission:Permission": _of_function(
        "lambda:AddPermission", "lambda:RemovePermission", read=["lambda:GetPolicy"]
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Type(
        None,
        [
            Calls([ALL], ["lambda:CreateEventSourceMapping"], conditions=_OF_FUNCTION),
            Calls(
                [_MAPPING_ARN],
                ["lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"],
                conditions=_OF_FUNCTION,
            ),
            Calls([_MAPPING_ARN], ["lambda:UntagResource"], ["lambda:ListTags"], conditions=MINE),
            Calls([_MAPPING_ARN], ["lambda:TagResource"], conditions=TAGGED),
            Calls([_MAPPING_ARN], read=["lambda:GetEventSourceMapping"]),
        ],
    ),
    "aws:lambda/codeSigningConfig:CodeSigningConfig": Type(
        None,
        [
            Calls([ALL], ["lambda:CreateCodeSigningConfig"]),
            Calls(
                [_SIGNING_ARN],
                ["lambda:DeleteCodeSigningConfig", "lambda:UpdateCodeSigningConfig", "lambda:UntagResource"],
                ["lambda:GetCodeSigningConfig", "lambda:ListTags"],
                conditions=MINE,
            ),
            Calls([_SIGNING_ARN], ["lambda:TagResource"], conditions=TAGGED),
            Calls([_SIGNING_ARN], ["lambda:PutFunctionCodeSigningConfig"]),
        ],
    ),
    BUCKET: Type(
        "bucket",
        [
            Calls(
                [_BUCKET_ARN],
                [
                    "s3:CreateBucket",
                    "s3:DeleteBucket",
                    "s3:PutBucketLogging",
                    "s3:PutBucketObjectLockConfiguration",
                    "s3:PutBucketTagging",
                    "s3:PutBucketVersioning",
                    "s3:PutLifecycleConfiguration",
                    *tags("s3"),
                ],
                [
                    "s3:GetAccelerateConfiguration",
                    "s3:GetBucketAcl",
                    "s3:GetBucketCORS",
                    "s3:GetBucketLocation",
                    "s3:GetBucketLogging",
                    "s3:GetBucketObjectLockConfiguration",
                    "s3:GetBucketPolicy",
                    "s3:GetBucketRequestPayment",
                    "s3:GetBucketTagging",
                    "s3:GetBucketVersioning",
                    "s3:GetBucketWebsite",
                    "s3:GetEncryptionConfiguration",
                    "s3:GetLifecycleConfiguration",
                    "s3:GetReplicationConfiguration",
                    "s3:ListBucket",
                    "s3:ListTagsForResource",
                ],
            )
        ],
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _guard(
        "s3:PutBucketPublicAccessBlock", read=["s3:GetBucketPublicAccessBlock"]
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _guard(
        "s3:PutBucketOwnershipControls", read=["s3:GetBucketOwnershipControls"]
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _guard(
        "s3:PutEncryptionConfiguration", read=["s3:GetEncryptionConfiguration"]
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _guard("s3:PutBucketVersioning", read=["s3:GetBucketVersioning"]),
    "aws:s3/bucketPolicy:BucketPolicy": _guard(
        "s3:DeleteBucketPolicy", "s3:PutBucketPolicy", read=["s3:GetBucketPolicy"]
    ),
    "aws:apigatewayv2/api:Api": Type(
        None,
        [
            Calls([f"{_API}/apis"], ["apigateway:POST"], conditions=NEW),
            Calls([_API_ID], ["apigateway:DELETE", "apigateway:PATCH"], conditions=MINE),
            Calls([_API_ID], read=["apigateway:GET"]),
            Calls([f"{_API_ID}/cors"], ["apigateway:DELETE"]),
            Calls([f"{_API}/tags/*"], ["apigateway:DELETE", "apigateway:POST", "apigateway:PUT"], conditions=MINE),
        ],
    ),
    "aws:apigatewayv2/integration:Integration": _of_api("integrations"),
    "aws:apigatewayv2/route:Route": _of_api("routes"),
    "aws:apigatewayv2/authorizer:Authorizer": _of_api("authorizers"),
    "aws:apigatewayv2/stage:Stage": Type(
        None,
        [
            *_of_api("stages").calls,
            # What makes API Gateway write an access log; CloudWatch Logs has no resources for it.
            Calls(
                [ALL],
                _LOG_DELIVERY,
                ["logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries"],
            ),
        ],
    ),
}
