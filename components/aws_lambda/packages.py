"""The bucket that packages are published to, by digest."""

from __future__ import annotations

import pulumi
from pulumi_aws import s3

from components.aws_lambda.policies import document, only_tls
from components.aws_lambda.site import Site
from components.base import Component


def bucket_name(site: Site) -> str:
    """Name of the bucket; account and region are in it because S3 names are shared by all accounts."""
    return site.names.physical("bucket", "packages", site.arns.account, site.arns.region)


def make_bucket(owner: Component, site: Site, key_arn: pulumi.Input[str]) -> pulumi.Output[str]:
    """Create the bucket: private, versioned, encrypted, TLS only, without ACLs.

    A package is never written twice under one key, so versions serve recovery from a deletion alone.

    Returns:
        The bucket's name; it resolves when its guards stand, so that nothing is published before.
    """
    args = site.args
    name = bucket_name(site)
    bucket = owner.child(
        "packages",
        s3.Bucket,
        {
            "bucket": name,
            "force_destroy": not args.protect,
        },
        protect=args.protect or None,
    )
    guards: list[pulumi.CustomResource] = [
        owner.child(
            "packages-access",
            s3.BucketPublicAccessBlock,
            {
                "bucket": bucket.id,
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            },
        ),
        owner.child(
            "packages-ownership",
            s3.BucketOwnershipControls,
            {"bucket": bucket.id, "rule": {"object_ownership": "BucketOwnerEnforced"}},
        ),
        owner.child(
            "packages-encryption",
            s3.BucketServerSideEncryptionConfiguration,
            {
                "bucket": bucket.id,
                "rules": [
                    {
                        "apply_server_side_encryption_by_default": {
                            "sse_algorithm": "aws:kms",
                            "kms_master_key_id": key_arn,
                        },
                        "bucket_key_enabled": True,
                    }
                ],
            },
        ),
        owner.child(
            "packages-versions",
            s3.BucketVersioning,
            {"bucket": bucket.id, "versioning_configuration": {"status": "Enabled"}},
        ),
    ]
    if site.tls:
        guards.append(_tls_policy(owner, site, bucket, guards[0]))
    return pulumi.Output.all(bucket.bucket, *[guard.id for guard in guards]).apply(lambda made: str(made[0]))


def _tls_policy(
    owner: Component, site: Site, bucket: s3.Bucket, access: pulumi.CustomResource
) -> pulumi.CustomResource:
    arns = [site.arns.bucket(bucket_name(site)), site.arns.bucket(f"{bucket_name(site)}/*")]
    return owner.child(
        "packages-policy",
        s3.BucketPolicy,
        {"bucket": bucket.id, "policy": document(only_tls(arns, "s3"))},
        depends_on=[access],  # both change the bucket's policy state, and S3 refuses two such changes at once
    )
