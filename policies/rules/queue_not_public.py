"""Q2: Queues are not open to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.judge.rule import Rule, Verdict, fail
from policies.rules._public import judge_public
from policies.rules._queues import QUEUE, QUEUE_POLICY

if TYPE_CHECKING:
    from policies.judge.iam import Statement
    from policies.judge.values import Resource

_PATH = "policy"


def _check(resource: Resource) -> Verdict | None:
    found = resource.get(_PATH)
    if found is None and resource.type == QUEUE_POLICY:
        return fail(_PATH, f"{_PATH} must be set, found none")
    return judge_public(_PATH, found, _every_action)


def _every_action(one: Statement) -> str | None:
    wild = [action for action in one.actions if "*" in action]
    if one.not_actions:
        return "a statement that allows must have Action, found NotAction"
    return f"a statement that allows must name actions, found {wild[0]}" if wild else None


RULE = Rule(
    id="Q2",
    name="queue-not-public",
    title="Queues are not open to everybody",
    sources=("CKV_AWS_72", "CKV_AWS_168", "CKV_AWS_387", "FSBP SQS.3"),
    severity="critical",
    remedy="name the service or the roles and the actions, with aws:SourceArn for services",
    types=(QUEUE, QUEUE_POLICY),
    check=_check,
)
