"""I7: Roles say exactly who may assume them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.judge.rule import Rule
from policies.rules._iam import ROLE, allowing, judge_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judge.iam import Statement
    from policies.judge.rule import Verdict
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


def _check(resource: Resource) -> Verdict:
    return judge_document(_PATH, resource.get(_PATH), _first_mistake, of_identity=False)


def _first_mistake(known: Sequence[Statement]) -> str | None:
    return next((message for one in allowing(known) if (message := _mistake(one))), None)


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
