"""The report of one run: every verdict, every waiver, every rule. What is not in it was not checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policies.judge.judge import Judge

FORMAT = 1


def report(judge: Judge, stack: str, *, complete: bool) -> dict[str, Any]:
    """The report as JSON values.

    Args:
        judge: The judge, after everything was judged.
        stack: Name of the stack.
        complete: Whether everything was judged; before that, nobody can say that a waiver excuses nothing.
    """
    settings = judge.settings
    return {
        "format": FORMAT,
        "stack": stack,
        "rules": [
            {
                "id": rule.id,
                "name": rule.name,
                "title": rule.title,
                "sources": list(rule.sources),
                "severity": rule.severity,
                "remedy": rule.remedy,
                "level": settings.level(rule),
            }
            for rule in judge.rules
        ],
        "verdicts": [
            {
                "rule": judged.rule.id,
                "name": judged.rule.name,
                "urn": judged.resource.urn,
                "outcome": judged.verdict.outcome,
                "property": judged.verdict.property,
                "message": judged.verdict.message,
                "level": judged.level,
                "waiver": judged.waiver,
            }
            for judged in judge.verdicts()
        ],
        "waivers": [
            {
                "rule": waiver.rule,
                "resource": waiver.resource,
                "reason": waiver.reason,
                "owner": waiver.owner,
                "expires": waiver.expires.isoformat(),
                "state": state,
            }
            for waiver, state in zip(settings.waivers, judge.waiver_states(), strict=True)
        ],
        "mistakes": judge.mistakes() if complete else [],
    }
