"""The bucket that packages are published to, by digest."""

from __future__ import annotations

import pulumi

from components.aws_lambda.buckets import make_private_bucket
from components.aws_lambda.site import Site
from components.base import Component

_RECOVERY_DAYS = 90


def bucket_name(site: Site) -> str:
    """Name of the bucket; account and region are in it because S3 names are shared by all accounts."""
    return site.names.physical("bucket", "packages", site.arns.account, site.arns.region)


def make_bucket(owner: Component, site: Site, key_arn: pulumi.Input[str]) -> pulumi.Output[str]:
    """Create the bucket.

    A package is never written twice under one key, so versions serve recovery from a deletion alone, and for some time.

    Returns:
        The bucket's name; it resolves when its guards stand, so that nothing is published before.
    """
    deleted = {"id": "deleted", "noncurrent_version_expiration": {"days": _RECOVERY_DAYS}}
    return make_private_bucket(owner, site, "packages", bucket_name(site), key_arn, lifecycle=deleted)
