"""What roles of log sinks do, action by action: the policies and the boundary are made of the same words."""

from __future__ import annotations

PUT = ("firehose:PutRecord", "firehose:PutRecordBatch")
BUCKET = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
OBJECTS = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
INVOKE = ("lambda:GetFunctionConfiguration", "lambda:InvokeFunction")
DOMAIN = (
    "es:DescribeDomain",
    "es:DescribeDomainConfig",
    "es:DescribeDomains",
    "es:ESHttpGet",
    "es:ESHttpPost",
    "es:ESHttpPut",
)
SECRET = ("secretsmanager:GetSecretValue",)
TAGS = ("logs:ListTagsForResource",)
DOCUMENTS = ("firehose:PutRecordBatch",)
