"""What rules about policies of identities share: where the documents are, what wide means, which condition narrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.iam import MalformedError, Statement, matches, statements
from policies.judge.links import comes_from, names, refers
from policies.judge.rule import PASS, Verdict, fail, unknown, worst
from policies.judge.values import UNKNOWN, at, holds_unknown, items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from policies.judge.values import Resource

ROLE = "aws:iam/role:Role"
_USER = "aws:iam/user:User"
_POLICY = "aws:iam/policy:Policy"
_PATHS = {
    _POLICY: "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}
IDENTITY_TYPES = (*_PATHS, ROLE)
"""Types whose properties hold policies of identities."""

ATTACHMENTS = {
    ROLE: "managedPolicyArns",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
    "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": "policyArns",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": "policyArns",
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": "policyArns",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
}
"""Types that attach managed policies, with the property that names them."""

NARROWING = (
    "aws:requesttag/",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "aws:resourcetag/",
    "ec2:subnet",
    "ec2:vpc",
    "iam:permissionsboundary",
    "iam:policyarn",
    "kms:encryptioncontext:",
    "kms:resourcealiases",
    "kms:viaservice",
    "lambda:functionarn",
    "s3:resourceaccount",
    "secretsmanager:resourcetag/",
    "ssm:resourcetag/",
)
"""Condition keys that leave fewer resources, or fewer ways to them, than a statement names."""

_OWN_CODE = ("lambda:sourcefunctionarn",)

# Actions for which no resource can be named. Source: AWS Service Authorization Reference, tables "Actions" of these
# services, the rows without a resource type. An action that is not here counts as one that can be restricted.
_ONLY_STAR: dict[str, str] = {
    "cloudwatch": "describealarmsformetric describeanomalydetectors getmetricdata getmetricstatistics "
    "getmetricwidgetimage listdashboards listmetrics listmetricstreams putmetricdata",
    "dynamodb": "describeendpoints describelimits listbackups listexports listglobaltables listimports liststreams "
    "listtables",
    "ec2": "describeaccountattributes describeavailabilityzones describedhcpoptions describeimages describeinstances "
    "describeinstancestatus describeinstancetypes describenatgateways describenetworkacls describenetworkinterfaces "
    "describeregions describeroutetables describesecuritygroups describesnapshots describesubnets describetags "
    "describevolumes describevpcendpoints describevpcs",
    "ecr": "describeregistry getauthorizationtoken",
    "elasticloadbalancing": "describelisteners describeloadbalancers describerules describetags describetargetgroups "
    "describetargethealth",
    "events": "listapidestinations listarchives listconnections listendpoints listeventbuses listrulenamesbytarget "
    "listrules testeventpattern",
    "firehose": "listdeliverystreams",
    "iam": "getaccountpasswordpolicy getaccountsummary listaccountaliases listgroups "
    "listopenidconnectproviders listpolicies listroles listsamlproviders listservercertificates listusers",
    "kinesis": "describelimits liststreams",
    "kms": "createkey generaterandom listaliases listkeys",
    "lambda": "createcodesigningconfig createeventsourcemapping getaccountsettings listcodesigningconfigs "
    "listeventsourcemappings listfunctions listlayers listlayerversions",
    "logs": "describedestinations describeexporttasks describeloggroups describequeries describequerydefinitions "
    "describeresourcepolicies stopquery testmetricfilter",
    "s3": "getaccountpublicaccessblock listaccesspoints listallmybuckets listjobs liststoragelensconfigurations",
    "scheduler": "listschedulegroups listschedules",
    "secretsmanager": "batchgetsecretvalue getrandompassword listsecrets",
    "sns": "checkifphonenumberisoptedout getsmsattributes listphonenumbersoptedout listplatformapplications "
    "listsubscriptions listtopics",
    "sqs": "listqueues",
    "ssm": "describeparameters describeinstanceinformation listassociations listcommands listdocuments",
    "states": "listactivities liststatemachines sendtaskfailure sendtaskheartbeat sendtasksuccess "
    "validatestatemachinedefinition",
    "sts": "decodeauthorizationmessage getaccesskeyinfo getcalleridentity getservicebearertoken getsessiontoken",
    "tag": "getcompliancesummary getresources gettagkeys gettagvalues tagresources untagresources",
    "xray": "batchgettraces getencryptionconfig getgroups getinsight getinsightsummaries getsamplingrules "
    "getsamplingstatisticsummaries getsamplingtargets getservicegraph gettracegraph gettracesummaries "
    "puttelemetryrecords puttracesegments",
}
ONLY_STAR = frozenset(f"{service}:{name}" for service, names in _ONLY_STAR.items() for name in names.split())
"""Actions, in small letters, that IAM takes with the resource `*` alone."""

# The ways that Rhino Security Labs found, and that cloudsplaining and Checkov look for. Those that also need a service
# to hand a role to are all stopped where not every role can be handed over.
ESCALATING = (
    "ec2:associateiaminstanceprofile",
    "ec2:replaceiaminstanceprofileassociation",
    "glue:updatedevendpoint",
    "iam:addusertogroup",
    "iam:attachgrouppolicy",
    "iam:attachrolepolicy",
    "iam:attachuserpolicy",
    "iam:createaccesskey",
    "iam:createloginprofile",
    "iam:createpolicyversion",
    "iam:deleterolepermissionsboundary",
    "iam:deleteuserpermissionsboundary",
    "iam:passrole",
    "iam:putgrouppolicy",
    "iam:putrolepermissionsboundary",
    "iam:putrolepolicy",
    "iam:putuserpermissionsboundary",
    "iam:putuserpolicy",
    "iam:setdefaultpolicyversion",
    "iam:updateassumerolepolicy",
    "iam:updateloginprofile",
    "lambda:updatefunctioncode",
    "ssm:sendcommand",
)
"""Actions, in small letters, by which whoever may do them to all roles, users or policies gets more rights."""

_READING = ("batchget", "check", "describe", "get", "head", "list", "lookup", "query", "read", "receive", "scan")
_READING_TOO = ("search", "select", "simulate", "test", "validate", "verify", "view")


def judge_grants(
    resources: Sequence[Resource], check: Callable[[Sequence[Statement]], str | None]
) -> Iterator[tuple[Resource, Verdict]]:
    """The same for a stack, without policies that are only boundaries: those grant nothing, whatever they name."""
    for one in resources:
        if one.type in IDENTITY_TYPES and not (one.type == _POLICY and _only_bounds(one, resources)):
            verdict = judge_identity(one, check)
            if verdict is not None:
                yield one, verdict


def judge_identity(resource: Resource, check: Callable[[Sequence[Statement]], str | None]) -> Verdict | None:
    """The verdict on all policies of an identity that a resource holds.

    Args:
        resource: The resource.
        check: Says what is wrong with statements that allow and deny, or None; called with those that are known.

    Returns:
        A failure for documents that are not valid; None where the resource holds no document.
    """
    verdicts = [judge_document(path, value, check, of_identity=True) for path, value in _documents(resource)]
    return worst(verdicts) if verdicts else None


def allowing(found: Iterable[Statement]) -> Iterator[Statement]:
    """The statements that allow."""
    return (one for one in found if one.effect == "Allow")


def narrowed(statement: Statement) -> bool:
    """Whether conditions of a statement leave less than it names."""
    return statement.conditioned(NARROWING)


def kept_from_code(action: str, found: Iterable[Statement]) -> bool:
    """Whether the code of a function cannot do what its role allows, because a statement denies it to calls of code.

    Lambda itself connects a function to its network by the function's role, and needs actions that the code does not.
    """
    return any(
        one.effect == "Deny" and one.permits(action) and one.on_everything() and one.conditioned(_OWN_CODE)
        for one in found
    )


def reads(action: str) -> bool:
    """Whether an action, by its verb, changes nothing."""
    return action.rpartition(":")[2].startswith(_READING + _READING_TOO)


def wide(found: Sequence[Statement]) -> set[str]:
    """Actions, as written, that statements allow on all resources of some kind without a condition that narrows."""
    return {
        action
        for one in allowing(found)
        if one.on_all_of_a_kind() and not narrowed(one)
        for action in one.actions
        if not kept_from_code(action, found)
    }


def among(patterns: Iterable[str], actions: Iterable[str]) -> list[str]:
    """Those of the actions that one of the patterns names, sorted; all in small letters."""
    listed = list(patterns)
    return sorted(action for action in actions if any(matches(pattern, action) for pattern in listed))


def shown(found: Iterable[str]) -> str:
    """A few of them for a message."""
    listed = sorted(found)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")  # noqa: PLR2004 - a few


def malformed(path: str, error: MalformedError) -> Verdict:
    """The verdict on a document that IAM would refuse."""
    return fail(path, f"{path} must be a valid policy document, but {error}")


def _documents(resource: Resource) -> Iterator[tuple[str, Any]]:
    if resource.type != ROLE:
        path = _PATHS[resource.type]
        yield path, resource.get(path)
        return
    inline = resource.declared("inlinePolicies")
    if inline is UNKNOWN:
        yield "inlinePolicies", UNKNOWN
        return
    for index, one in enumerate(items(inline)):
        if one != {}:  # an empty one tells the provider to remove all others
            yield f"inlinePolicies[{index}].policy", at(one, "policy")


def judge_document(
    path: str, value: Any, check: Callable[[Sequence[Statement]], str | None], *, of_identity: bool
) -> Verdict:
    """The verdict on one policy.

    Args:
        path: Where the resource holds it.
        value: The policy, as text or as an object.
        check: Says what is wrong with its statements, or None; called with those that are known.
        of_identity: Whether it is of an identity, and not of a resource or a role's trust.
    """
    if value is UNKNOWN:
        return unknown(path)
    try:
        found = statements(value, of_identity=of_identity)
    except MalformedError as error:
        return malformed(path, error)
    known = [one for one in found if isinstance(one, Statement)]
    if message := check(known):
        return fail(path, message)
    return PASS if len(known) == len(found) else unknown(path)


def _only_bounds(policy: Resource, resources: Sequence[Resource]) -> bool:
    bounds = any(refers(one, "permissionsBoundary", policy) for one in resources if one.type in {ROLE, _USER})
    attached = any(_attaches(one, path, policy) for one in resources if (path := ATTACHMENTS.get(one.type)))
    return bounds and not attached


def _attaches(resource: Resource, path: str, policy: Resource) -> bool:
    found = resource.declared(path)
    if holds_unknown(found):
        return comes_from(resource, path, policy) is not False
    return any(isinstance(one, str) and names(one, policy) for one in items(found))
