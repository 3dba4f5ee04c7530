"""What policies of resources open to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.rules._iam import allowing, judge_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policies.judge.iam import Statement
    from policies.judge.rule import Verdict

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
    if value is None or value == "":
        return None

    def first_mistake(known: Sequence[Statement]) -> str | None:
        return next((message for one in allowing(known) if (message := _mistake(one) or also(one))), None)

    return judge_document(path, value, first_mistake, of_identity=False)


def _mistake(one: Statement) -> str | None:
    if one.not_principal:
        return "a statement that allows must name principals, found NotPrincipal"
    everybody = [who for listed in one.principals.values() for who in listed if "*" in who]
    if everybody and not one.conditioned(CALLERS):
        return f"a statement that allows must name principals or ask for a source, found {everybody[0]}"
    return None
