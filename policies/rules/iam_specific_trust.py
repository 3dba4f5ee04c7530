"""I7: Roles say exactly who may assume them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.judge.iam import MalformedError, Statement, statements
from policies.judge.rule import PASS, Rule, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._iam import ROLE, allowing, malformed

if TYPE_CHECKING:
    from policies.judge.values import Resource

_PATH = "assumeRolePolicy"
_ACCOUNT = re.compile(r"\d{12}|arn:aws[a-z-]*:iam::[\d*?]*:root")
_CALLERS = (
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:userid",
    "sts:externalid",
)

_SUBJECTS = (":sub", ":project_path", ":namespace_path", "cognito-identity.amazonaws.com:aud")


def _check(resource: Resource) -> Verdict | None:
    value = resource.get(_PATH)
    if value is UNKNOWN:
        return unknown(_PATH)
    try:
        found = statements(value, of_identity=False)
    except MalformedError as error:
        return malformed(_PATH, error)
    known = [one for one in found if isinstance(one, Statement)]
    for one in allowing(known):
        if message := _mistake(one):
            return fail(_PATH, message)
    return PASS if len(known) == len(found) else unknown(_PATH)


def _mistake(one: Statement) -> str | None:
    if one.not_principal:
        return "a role must name who may assume it, found NotPrincipal"
    if not one.principals:
        return "a role must name who may assume it, found no Principal"
    for kind, listed in one.principals.items():
        for who in listed:
            if "*" in who or "?" in who:
                return f"a role must name who may assume it, found {kind} {who}"
            if _ACCOUNT.fullmatch(who) and not one.conditioned(_CALLERS):
                return f"a role that a whole account may assume needs a condition on the caller, found {who}"
    if "Federated" in one.principals and not _bound(one):
        return "a role of a federated identity needs a condition on its subject"
    return None


def _bound(one: Statement) -> bool:
    """Whether the subject of a federated identity, or its like, must be a certain one."""
    return one.conditioned(key for _, key in one.conditions if key.endswith(_SUBJECTS) or key.startswith("saml:"))


RULE = Rule(
    id="I7",
    name="iam-specific-trust",
    title="Roles say exactly who may assume them",
    sources=("CKV_AWS_60", "CKV_AWS_61"),
    severity="critical",
    remedy="name the service or the roles as Principal, and bind accounts and federated identities by conditions",
    types=(ROLE,),
    check=_check,
)
