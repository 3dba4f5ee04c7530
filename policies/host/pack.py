"""The policies that the engine runs: two for single resources and two for the whole stack, one of each per level.

One policy per rule would be unpacked by the SDK once for each rule and resource; that costs more than all rules do.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

from policies.host.environment import settings_of, stack_of
from policies.host.plain import plain
from policies.judge.judge import Judge
from policies.judge.report import report
from policies.judge.values import Resource, holds_unknown
from policies.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_policy import Policy, PolicyResource, ReportViolation, ResourceValidationArgs, StackValidationArgs

    from policies.judge.judge import Judged

REPORT_VARIABLE = "SLIPWAY_POLICY_REPORT"
"""Environment variable that names the file to write the report of a run to."""

_LEVELS = {"mandatory": EnforcementLevel.MANDATORY, "advisory": EnforcementLevel.ADVISORY}
_WHOLE = ""  # where no URN stands, for the whole stack
_STACKS = Path(__file__).resolve().parents[2] / "stacks"


def serve() -> None:
    """Serve the pack; returns only when the engine ends it."""
    # The SDK writes the port that it listens on and does not flush it, and the engine waits for that line for ever.
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), write_through=True)
    PolicyPack(name="slipway", policies=policies(Run(_STACKS)))


class Run:
    """One run of the engine on one stack: its judge, made when the first resource tells the stack's name."""

    def __init__(self, stacks: Path) -> None:
        """Start with nothing seen.

        Args:
            stacks: Folder of the environments' files.
        """
        self._stacks = stacks
        self._judge: Judge | None = None
        self._inputs: dict[str, Any] = {}
        self._later: dict[str, list[Judged]] = {}

    def judge(self, urn: str) -> Judge:
        """The judge of the stack that a URN belongs to.

        Raises:
            ValueError: The environment's file says something else than settings.
        """
        if self._judge is None:
            today = dt.datetime.now(dt.UTC).date()
            self._judge = Judge(all_rules(), settings_of(self._stacks, stack_of(urn)), today)
        return self._judge

    def resource(self, args: ResourceValidationArgs) -> list[Judged]:
        """Verdicts about one resource; the second policy that asks gets what the first one was told."""
        if args.urn in self._later:
            return self._later.pop(args.urn)
        self._inputs[args.urn] = args.props
        judge = self.judge(args.urn)
        if not judge.knows(args.resource_type):
            return []
        parent = (args.opts.parent if args.opts else None) or ""
        resource = Resource(
            urn=args.urn, type=args.resource_type, name=args.name, props=plain(args.props), parent=parent
        )
        self._later[args.urn] = judge.resource(resource)
        return self._later[args.urn]

    def stack(self, args: StackValidationArgs) -> list[Judged]:
        """Verdicts about the whole stack; the second policy that asks gets what the first one was told."""
        if _WHOLE in self._later:
            return self._later.pop(_WHOLE)
        if not args.resources:
            return []
        judge = self.judge(args.resources[0].urn)
        # After a refresh the engine also shows what the update takes away, perhaps half gone: the program declares no
        # such thing, and a rule that refused it would keep it from being removed.
        resources = [self._in_stack(one) for one in args.resources if one.urn in self._inputs]
        self._later[_WHOLE] = judge.stack(resources)
        return self._later[_WHOLE]

    def _in_stack(self, one: PolicyResource) -> Resource:
        props = plain(one.props)
        declared = self._inputs.get(one.urn) if holds_unknown(props) else None
        return Resource(
            urn=one.urn,
            type=one.resource_type,
            name=one.name,
            props=props,
            parent=one.parent.urn if one.parent else "",
            inputs=None if declared is None else plain(declared),
            sources={key: [source.urn for source in used] for key, used in one.property_dependencies.items() if used},
        )

    def finish(self, urn: str) -> list[str]:
        """Write the report of a run that judged everything; returns what is wrong with levels and waivers."""
        self.write(urn, complete=True)
        return self.judge(urn).mistakes()

    def write(self, urn: str, *, complete: bool = False) -> None:
        """Write the report where it is wanted; an update that a rule ends never gets to judge the whole stack."""
        if path := os.environ.get(REPORT_VARIABLE):
            said = report(self.judge(urn), stack_of(urn), complete=complete)
            Path(path).write_text(json.dumps(said, indent=1), encoding="utf-8")


def policies(run: Run) -> list[Policy]:
    """The policies, in the order in which the SDK calls them."""
    found: list[Policy] = []
    for level, enforcement in _LEVELS.items():
        found.append(
            ResourceValidationPolicy(
                name=f"slipway-resource-{level}",
                description=f"Rules about single resources, {level}",
                validate=_resources(run, level),
                enforcement_level=enforcement,
            )
        )
    for level, enforcement in _LEVELS.items():
        found.append(
            StackValidationPolicy(
                name=f"slipway-stack-{level}",
                description=f"Rules about resources together, {level}",
                validate=_stacks(run, level),
                enforcement_level=enforcement,
            )
        )
    return found


def _resources(run: Run, level: str) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        for judged in run.resource(args):
            if judged.counts and judged.level == level:
                report_violation(judged.text(), None)
                if level == "mandatory":
                    run.write(args.urn)

    return validate


def _stacks(run: Run, level: str) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        for judged in run.stack(args):
            if judged.counts and judged.level == level:
                report_violation(judged.text(), judged.resource.urn)
        if level == "mandatory" and args.resources:
            for mistake in run.finish(args.resources[0].urn):
                report_violation(mistake, None)

    return validate
