"""EventBridge rules that call functions; moto matches their patterns and delivers to everything but functions.

Facts: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import logging
import time
from typing import TYPE_CHECKING, Any

import moto.events.models as events_models
from jsonpath_ng.ext.parser import parse
from moto.events.models import EventPattern, Rule
from moto.events.utils import EventTemplateParser

if TYPE_CHECKING:
    from toolchain.embedded_aws.targets import Targets

_log = logging.getLogger(__name__)


class _Hooks:
    """What rules need of the rest; set once by `install`."""

    targets: Targets


class CompleteRule(Rule):
    """A rule that also calls functions."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.created = time.time()

    def send_to_targets(self, original_event: Any, transform_input: bool = True) -> None:
        """Hand an event that matches to each target."""
        if self.state != "ENABLED" or not self.event_pattern.matches_event(original_event):
            return
        for target in list(self.targets):
            if target["Arn"].split(":")[2] == "lambda":
                self.send_to_function(target, _public(original_event))
            else:
                self.send_elsewhere(target, original_event, transform_input=transform_input)

    def send_to_function(self, target: dict[str, Any], event: dict[str, Any]) -> None:
        """Call a function asynchronously; when Lambda does not take the event, it goes to the target's queue."""
        payload = json.dumps(_input(target, event))
        if _Hooks.targets.send(target["Arn"], payload, {}):
            return
        dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
        if dead_letters:
            attributes = {
                "RULE_ARN": self.arn,
                "TARGET_ARN": target["Arn"],
                "ERROR_CODE": "TARGET_NOT_FOUND",
                "ERROR_MESSAGE": "The function does not exist.",
            }
            _Hooks.targets.send(dead_letters, payload, attributes)

    def send_elsewhere(self, target: dict[str, Any], event: Any, *, transform_input: bool = True) -> None:
        """Let moto deliver to a target that is no function."""
        single = copy.copy(self)
        single.targets = [target]
        single.event_pattern = EventPattern.load(None)
        try:
            Rule.send_to_targets(single, copy.deepcopy(event), transform_input)
        except Exception:  # noqa: BLE001 - moto raises a class for each refusal; one target must not hide the others
            _log.exception("rule %s could not deliver to %s", self.name, target["Arn"])


def install(targets: Targets) -> None:
    """Put this rule in the place of moto's, before the first request."""
    _Hooks.targets = targets
    events_models.Rule = CompleteRule  # type: ignore[misc]


def iso(seconds: float) -> str:
    """A time in EventBridge's form: `2026-01-31T12:00:00Z`."""
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _public(event: dict[str, Any]) -> dict[str, Any]:
    """An event as targets receive it: without moto's own fields, with its time as text."""
    result = {name: value for name, value in event.items() if name != "ingestion-time"}
    if not isinstance(result.get("time"), str):
        result["time"] = iso(float(result.get("time") or 0))
    return result


def _input(target: dict[str, Any], event: dict[str, Any]) -> Any:
    if "Input" in target:
        return json.loads(target["Input"])
    if "InputPath" in target:
        found = parse(target["InputPath"]).find(event)
        return found[0].value if found else None
    if transformer := target.get("InputTransformer"):
        return EventTemplateParser.parse(
            input_template=transformer["InputTemplate"],
            input_paths_map=transformer.get("InputPathsMap", {}),
            event=event,  # type: ignore[arg-type]
        )
    return event
