"""I5: No policy reaches all credentials, data or permissions, or writes wherever it likes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import StackRule, Verdict
from policies.rules._iam import ESCALATING, ONLY_STAR, among, judge_grants, reads, shown, wide

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.judge.iam import Statement
    from policies.judge.values import Resource

# The groups are those of cloudsplaining, on which Checkov's ids stand.
_CREDENTIALS = (
    "chime:createapikey",
    "codepipeline:pollforjobs",
    "cognito-identity:getcredentialsforidentity",
    "cognito-identity:getopenidtoken",
    "ec2:getpassworddata",
    "ecr:getauthorizationtoken",
    "gamelift:requestuploadcredentials",
    "iam:createservicespecificcredential",
    "iam:resetservicespecificcredential",
    "iam:updateaccesskey",
    "lightsail:getinstanceaccessdetails",
    "rds-db:connect",
    "redshift:getclustercredentials",
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:getfederationtoken",
    "sts:getsessiontoken",
)
_DATA = (
    "dynamodb:getitem",
    "dynamodb:query",
    "dynamodb:scan",
    "rds:copydbsnapshot",
    "s3:getobject",
    "secretsmanager:batchgetsecretvalue",
    "secretsmanager:getsecretvalue",
    "sqs:receivemessage",
    "ssm:getparameter",
    "ssm:getparameters",
    "ssm:getparametersbypath",
)
_PERMISSIONS = (
    "events:putpermission",
    "kms:creategrant",
    "kms:putkeypolicy",
    "lambda:addlayerversionpermission",
    "lambda:addpermission",
    "logs:putresourcepolicy",
    "s3:bypassgovernanceretention",
    "s3:putaccountpublicaccessblock",
    "s3:putbucketacl",
    "s3:putbucketpolicy",
    "s3:putbucketpublicaccessblock",
    "s3:putobjectacl",
    "secretsmanager:putresourcepolicy",
    "sns:addpermission",
    "sqs:addpermission",
    "sqs:setqueueattributes",
)


def _check(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Verdict]]:
    return judge_grants(resources, _mistake)


def _mistake(found: Sequence[Statement]) -> str | None:
    allowed = wide(found)
    for what, actions in (("credentials", _CREDENTIALS), ("data", _DATA), ("permissions", _PERMISSIONS)):
        if reached := among(allowed, actions):
            return f"a policy must not allow {shown(reached)} on all resources, which hands out {what}"
    # Those by which one gets more rights have a rule of their own, and so have those that decrypt.
    judged = {*ONLY_STAR, *ESCALATING, "kms:decrypt", "kms:reencryptfrom"}
    if writing := {action for action in allowed if action not in judged and not reads(action)}:
        return f"a policy must not allow {shown(writing)} on all resources, which changes things anywhere"
    return None


RULE = StackRule(
    id="I5",
    name="iam-no-exposure",
    title="No policy reaches all credentials, data or permissions, or writes wherever it likes",
    sources=("CKV_AWS_287", "CKV_AWS_288", "CKV_AWS_289", "CKV_AWS_290"),
    severity="critical",
    remedy="name the ARNs that it is about",
    check=_check,
)
