"""Buckets that an environment makes: private, versioned, encrypted, TLS only, without ACLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_aws import s3

from components.aws_lambda.policies import document, only_tls
from components.aws_lambda.site import Site
from components.base import Component

_ABORT_DAYS = 7


def make_private_bucket(
    owner: Component,
    site: Site,
    part: str,
    name: str,
    key_arn: pulumi.Input[str],
    *,
    lifecycle: Mapping[str, Any],
    lock_days: int | None = None,
) -> pulumi.Output[str]:
    """Create a bucket and its guards.

    Args:
        owner: The component that it belongs to.
        site: Where it lies.
        part: What it is to the component; its guards are parts of the same beginning.
        name: Its name.
        key_arn: The key that encrypts it.
        lifecycle: What becomes of its objects, beside uploads that nobody finished. It is a property of the bucket and
            no resource of its own, because the provider that is built from source serves none for it.
        lock_days: Days for which nobody may delete or overwrite an object; None does not lock any.

    Returns:
        Its name; it resolves when the guards stand.
    """
    protect = site.args.protect
    bucket = owner.child(
        part,
        s3.Bucket,
        {
            "bucket": name,
            "force_destroy": not protect,
            "lifecycle_rules": [{"enabled": True, "abort_incomplete_multipart_upload_days": _ABORT_DAYS, **lifecycle}],
            "logging": _access_log(site, name),
            "object_lock_enabled": True if lock_days else None,
            "object_lock_configuration": _lock(lock_days),
        },
        protect=protect or None,
    )
    guards: list[pulumi.CustomResource] = [
        owner.child(
            f"{part}-access",
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
            f"{part}-ownership",
            s3.BucketOwnershipControls,
            {"bucket": bucket.id, "rule": {"object_ownership": "BucketOwnerEnforced"}},
        ),
        owner.child(
            f"{part}-encryption",
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
            f"{part}-versions",
            s3.BucketVersioning,
            {"bucket": bucket.id, "versioning_configuration": {"status": "Enabled"}},
        ),
    ]
    if site.tls:
        arn = site.arns.bucket(name)
        policy = owner.child(
            f"{part}-policy",
            s3.BucketPolicy,
            {"bucket": bucket.id, "policy": document(only_tls([arn, f"{arn}/*"], "s3"))},
            depends_on=[guards[0]],  # both change the bucket's policy state, and S3 refuses two such changes at once
        )
        guards.append(policy)
    return pulumi.Output.all(bucket.bucket, *[guard.id for guard in guards]).apply(lambda made: str(made[0]))


def _access_log(site: Site, name: str) -> dict[str, str] | None:
    log = site.args.access_log_bucket
    return {"target_bucket": log, "target_prefix": f"{name}/"} if log else None


def _lock(days: int | None) -> dict[str, Any] | None:
    """Governance mode: who has `s3:BypassGovernanceRetention`, which no role here has, may lift it."""
    if days is None:
        return None
    return {"object_lock_enabled": "Enabled", "rule": {"default_retention": {"mode": "GOVERNANCE", "days": days}}}
