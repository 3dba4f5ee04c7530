"""Who may take the role of a pipeline: jobs of one GitLab project and ref, by the claims of their ID tokens."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any
from urllib.parse import urlsplit

from slipway.core.errors import BadInputError

_PROJECT = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+")
_REF = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./-]*")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Jobs:
    """Jobs of a GitLab project.

    Attributes:
        issuer: Address of the GitLab instance, which issues the tokens.
        project: Path of the project, with its groups.
        ref: The one branch or tag whose jobs are meant; None means every branch, as merge requests need.
        is_tag: Whether the ref is a tag.
        audience: Audience that the job asks its token for; it names the environment.
    """

    issuer: str
    project: str
    ref: str | None
    is_tag: bool
    audience: str

    def __post_init__(self) -> None:
        if not _PROJECT.fullmatch(self.project):
            raise BadInputError(f"project must be a path such as shop/functions, no wildcard, found {self.project!r}")
        if self.ref is not None and not _REF.fullmatch(self.ref):
            raise BadInputError(f"ref must be the name of one branch or tag, no wildcard, found {self.ref!r}")
        parts = urlsplit(self.issuer)
        if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
            raise BadInputError(f"issuer must be an https address such as https://gitlab.com, found {self.issuer!r}")

    @property
    def provider(self) -> str:
        """The issuer as IAM names it: without scheme and without a slash at the end."""
        parts = urlsplit(self.issuer)
        return parts.netloc + parts.path.rstrip("/")

    @property
    def subject(self) -> str:
        """The claim `sub` of their tokens."""
        return f"project_path:{self.project}:ref_type:{'tag' if self.is_tag else 'branch'}:ref:{self.ref or '*'}"


def trust(jobs: Jobs, *, partition: str, account: str) -> str:
    """Trust policy of a role that these jobs, and nobody else, may take; as JSON.

    Args:
        jobs: The jobs.
        partition: Partition of AWS.
        account: Account in which the GitLab instance is known as an identity provider.
    """
    conditions: dict[str, Any] = {"StringEquals": {f"{jobs.provider}:aud": jobs.audience}}
    conditions.setdefault("StringEquals" if jobs.ref else "StringLike", {})[f"{jobs.provider}:sub"] = jobs.subject
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:{partition}:iam::{account}:oidc-provider/{jobs.provider}"},
        "Condition": conditions,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True, separators=(",", ":"))
