"""What policies of resources open to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judge.iam import MalformedError, Statement, statements
from policies.judge.rule import PASS, Verdict, fail, unknown
from policies.judge.values import UNKNOWN
from policies.rules._iam import allowing, malformed

if TYPE_CHECKING:
    from collections.abc import Callable

CALLERS = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "kms:calleraccount",
    "kms:viaservice",
)
"""Condition keys by which a statement for everybody is for certain callers after all."""


def judge_public(path: str, value: Any, also: Callable[[Statement], str | None] = lambda _: None) -> Verdict | None:
    """The verdict on a resource's policy: nobody is let in just because they have an account.

    Args:
        path: Path of the property that holds it.
        value: The document; None where there is none, which lets nobody in.
        also: Says what else is wrong with a statement that allows, or None.
    """
    if value is UNKNOWN:
        return unknown(path)
    if value is None or value == "":
        return None
    try:
        found = statements(value, of_identity=False)
    except MalformedError as error:
        return malformed(path, error)
    known = [one for one in found if isinstance(one, Statement)]
    for one in allowing(known):
        if message := _mistake(one) or also(one):
            return fail(path, message)
    return PASS if len(known) == len(found) else unknown(path)


def _mistake(one: Statement) -> str | None:
    if one.not_principal:
        return "a statement that allows must name principals, found NotPrincipal"
    everybody = [who for listed in one.principals.values() for who in listed if "*" in who]
    if everybody and not one.conditioned(CALLERS):
        return f"a statement that allows must name principals or ask for a source, found {everybody[0]}"
    return None
