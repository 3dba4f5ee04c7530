"""Fires deployed schedules (EventBridge Scheduler, and rules with a schedule), each at most once for each due time."""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends
from moto.scheduler.models import scheduler_backends

from toolchain.embedded_aws.event_rules import CompleteRule, iso
from toolchain.embedded_aws.schedule_times import UnsupportedExpressionError, next_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toolchain.embedded_aws.config import Config
    from toolchain.embedded_aws.targets import Targets

_LOOK_S = 1.0
_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """A schedule as it is deployed now, and what happens when it is due."""

    arn: str
    expression: str
    timezone: str
    created: float
    begins: float
    ends: float
    fire: Callable[[float], None]


class Schedules:
    """Remembers when each schedule is due next."""

    def __init__(self, config: Config, targets: Targets, clock: Callable[[], float] = time.time) -> None:
        """Take what fires.

        Args:
            config: Account.
            targets: Where inputs are sent.
            clock: Unix seconds; tests give another one.
        """
        self._account = config.account
        self._targets = targets
        self._clock = clock
        self._began = clock()
        self._due: dict[tuple[str, str, str], float | None] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def start(self) -> None:
        """Begin to look at the clock in the background."""
        threading.Thread(target=self._run, name="schedules", daemon=True).start()

    def close(self) -> None:
        """Fire no more."""
        self._closed.set()

    def fire_until(self, moment: float) -> list[str]:
        """Fire at once what is due next, if that is not later than `moment`; when it is due by the clock stays.

        Args:
            moment: Unix seconds.

        Returns:
            ARNs of the schedules that fired.
        """
        fired = []
        for plan in self._plans():
            due = self._due.get((plan.arn, plan.expression, plan.timezone)) or self._next(plan, self._clock())
            if due is not None and due <= moment:
                plan.fire(due)
                fired.append(plan.arn)
        return fired

    def tick(self) -> list[str]:
        """Fire what is due by the clock.

        A schedule that was due several times since the last look, as after a machine slept, fires once.

        Returns:
            ARNs of the schedules that fired.
        """
        moment = self._clock()
        with self._lock:
            plans = list(self._plans())
            keys = {(plan.arn, plan.expression, plan.timezone) for plan in plans}
            self._due = {key: due for key, due in self._due.items() if key in keys}
            fired = [(plan, due) for plan in plans if (due := self._take(plan, moment)) is not None]
        for plan, due in fired:
            plan.fire(due)
        return [plan.arn for plan, _ in fired]

    def _run(self) -> None:
        while not self._closed.wait(_LOOK_S):
            try:
                self.tick()
            except Exception:  # noqa: BLE001 - the clock must outlive whatever is deployed
                _log.exception("schedules could not be looked at")

    def _take(self, plan: _Plan, moment: float) -> float | None:
        """The time that a schedule is due for now, if it is; plans the time after."""
        key = (plan.arn, plan.expression, plan.timezone)
        if key not in self._due:
            self._due[key] = self._next(plan, max(plan.created, plan.begins - 1, self._began))
        due = self._due[key]
        if due is None or due > moment:
            return None
        self._due[key] = self._next(plan, moment)
        return due

    def _next(self, plan: _Plan, moment: float) -> float | None:
        try:
            due = next_after(plan.expression, plan.timezone, max(plan.created, plan.begins), moment)
        except UnsupportedExpressionError as error:
            _log.error("schedule %s never fires here: %s", plan.arn, error)
            return None
        return due if due is not None and due <= plan.ends else None

    def _plans(self) -> Iterator[_Plan]:
        for backend in dict(scheduler_backends[self._account]).values():
            for group in list(backend.schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    if schedule.state == "ENABLED":
                        yield self._plan(schedule)
        for events in dict(events_backends[self._account]).values():
            for bus in list(events.event_buses.values()):
                for rule in list(bus.rules.values()):
                    if rule.scheduled_expression and rule.state == "ENABLED" and isinstance(rule, CompleteRule):
                        yield self._rule_plan(rule)

    def _plan(self, schedule: Any) -> _Plan:
        return _Plan(
            arn=schedule.arn,
            expression=schedule.schedule_expression,
            timezone=schedule.schedule_expression_timezone,
            created=float(schedule.last_modified_date),
            begins=float(schedule.start_date or 0),
            ends=float(schedule.end_date or "inf"),
            fire=lambda due: self._fire(schedule, due),
        )

    def _rule_plan(self, rule: CompleteRule) -> _Plan:
        return _Plan(
            arn=rule.arn,
            expression=rule.scheduled_expression or "",
            timezone="UTC",
            created=rule.created,
            begins=0,
            ends=float("inf"),
            fire=lambda due: _fire_rule(rule, due),
        )

    def _fire(self, schedule: Any, due: float) -> None:
        target, execution = schedule.target, str(uuid.uuid4())
        text = target.get("Input") or json.dumps(_default_input(schedule, execution, due, self._account))
        replacements = {
            "<aws.scheduler.schedule-arn>": schedule.arn,
            "<aws.scheduler.scheduled-time>": iso(due),
            "<aws.scheduler.execution-id>": execution,
            "<aws.scheduler.attempt-number>": "1",
        }
        for placeholder, value in replacements.items():
            text = text.replace(placeholder, value)
        _log.info("schedule %s fires for %s", schedule.name, iso(due))
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        if self._targets.send(target["Arn"], text, {}, group):
            return
        dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
        if dead_letters:
            attributes = {"SCHEDULE_ARN": schedule.arn, "TARGET_ARN": target["Arn"], "EXECUTION_ID": execution}
            self._targets.send(dead_letters, text, {**attributes, "ERROR_CODE": "TARGET_NOT_REACHED"})


def _default_input(schedule: Any, execution: str, due: float, account: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": execution,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": account,
        "time": iso(due),
        "region": schedule.arn.split(":")[3],
        "resources": [schedule.arn],
        "detail": "{}",
    }


def _fire_rule(rule: CompleteRule, due: float) -> None:
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account_id,
        "time": iso(due),
        "region": rule.region_name,
        "resources": [rule.arn],
        "detail": {},
    }
    for target in list(rule.targets):
        if target["Arn"].split(":")[2] == "lambda":
            rule.send_to_function(target, event)
        else:
            rule.send_elsewhere(target, event)
