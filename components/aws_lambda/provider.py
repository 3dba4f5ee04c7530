"""The AWS provider of an environment: one account, one region, and for an embedded AWS one address for all services."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from components.environment_args import AwsArgs

# Services of the resources that components create, by the provider's own names; a bucket also asks s3control, and every
# service asks sts who it is.
ENDPOINTS = (
    "apigatewayv2",
    "cloudwatch",
    "cloudwatchlogs",
    "eventbridge",
    "firehose",
    "iam",
    "kms",
    "lambda_",
    "s3",
    "s3control",
    "scheduler",
    "sqs",
    "sts",
)
_EMBEDDED_RETRIES = 3  # the provider's own 25 make minutes of an answer that stays the same, and no network is between


def provider_args(args: AwsArgs) -> dict[str, Any]:
    """Arguments of the provider.

    Credentials come from the usual chain (environment, profile, web identity of CI), never from here; only an embedded
    AWS, which has none worth hiding, is given its own. The account is checked against the credentials, except where the
    endpoint already says that there is no account to harm.
    """
    if args.endpoint is None:
        return {"region": args.region, "allowed_account_ids": [args.account]}
    return {
        "region": args.region,
        "access_key": args.access_key,
        "secret_key": args.secret_key,
        "endpoints": [aws.ProviderEndpointArgs(**dict.fromkeys(ENDPOINTS, args.endpoint))],
        "s3_use_path_style": True,
        "max_retries": _EMBEDDED_RETRIES,
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
        # With an account the provider asks for tags of buckets at `{account}.{endpoint}`, a host that does not exist.
        "skip_requesting_account_id": True,
    }
