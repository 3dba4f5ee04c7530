"""What the engine did or would do, as typed values from its event stream; values of properties never enter."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

from pulumi.automation import OpType

from slipway.engine.guards import Guarded, guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi.automation.events import DiagnosticEvent, EngineEvent, StepEventMetadata

    from slipway.engine.policies import Report

# Key by which Pulumi marks special values, here secrets, in its states and events.
SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
STACK_TYPE = "pulumi:pulumi:Stack"
_QUIET = frozenset({OpType.SAME, OpType.READ, OpType.READ_REPLACEMENT, OpType.REFRESH})
# A replacement is told as one step; its parts are the engine's bookkeeping.
_PARTS = frozenset(
    {
        OpType.CREATE_REPLACEMENT,
        OpType.DELETE_REPLACED,
        OpType.DISCARD_REPLACED,
        OpType.REMOVE_PENDING_REPLACE,
    }
)


_INNER = frozenset({"parent", "before", "after"})


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One resource and what happens to it.

    Attributes:
        urn: The resource's URN.
        type: Its type token, `aws:lambda/function:Function`.
        name: Its logical name, the last part of the URN.
        op: `create`, `update`, `replace`, `delete`, `same`, ... as the engine calls it.
        custom: Whether a provider manages it; False for components.
        paths: Paths of the properties that change, sorted.
        replace_keys: Paths of the properties that force a replacement, sorted.
        protected: Whether the engine refuses to delete it.
        parent: URN of what it belongs to; empty for the stack.
        before: How it keeps what is in it; None when it is new.
        after: How it will keep it; None when it goes.
    """

    urn: str
    type: str
    name: str
    op: str
    custom: bool = True
    paths: tuple[str, ...] = ()
    replace_keys: tuple[str, ...] = ()
    protected: bool = False
    parent: str = ""
    before: Guarded | None = None
    after: Guarded | None = None

    @property
    def changes(self) -> bool:
        """Whether the step changes anything that runs."""
        return self.op not in {op.value for op in _QUIET}

    def to_json(self) -> dict[str, Any]:
        """The step as JSON values, without what only findings are made of."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in _INNER}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """A message of the engine, the program or a provider.

    Attributes:
        severity: `error`, `warning`, `info` or `debug`.
        message: The text without colours.
        urn: The resource it is about; empty when about none.
    """

    severity: str
    message: str
    urn: str = ""

    @property
    def name(self) -> str:
        """Logical name of the resource it is about; empty when about none."""
        return name_of(self.urn)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RunResult:
    """What a run of the engine did, or for a preview would do.

    Attributes:
        steps: Every resource's step, in the engine's order; replacements are one step each.
        summary: Number of resources by operation, as the engine counts them.
        outputs: Outputs of the stack; what is secret reads `[secret]`, what is unknown yet is missing.
        diagnostics: Messages, without those that are for debugging.
        duration_s: Seconds that the engine took.
        outputs_before: Outputs of the stack as they were, secrets masked.
        policies: What the policy pack said; None when it was not asked, or did not come to say it.
        refused: Whether a mandatory policy ended the run.
    """

    steps: tuple[Step, ...]
    summary: Mapping[str, int]
    outputs: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...]
    duration_s: int = 0
    outputs_before: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    policies: Report | None = None
    refused: bool = False

    @property
    def parents(self) -> dict[str, str]:
        """URNs of resources to those of what they belong to."""
        return {step.urn: step.parent for step in self.steps}

    @property
    def changes(self) -> tuple[Step, ...]:
        """Only the steps that change something that runs, components and the stack itself left out."""
        return tuple(step for step in self.steps if step.changes and step.custom)

    @property
    def unchanged(self) -> bool:
        """Whether nothing at all is to be changed, components included."""
        return not any(step.changes for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values; unchanged resources are counted, not listed."""
        return {
            "steps": [step.to_json() for step in self.steps if step.changes],
            "summary": dict(self.summary),
            "outputs": dict(self.outputs),
            "diagnostics": [dataclasses.asdict(diagnostic) for diagnostic in self.diagnostics],
            "durationSeconds": self.duration_s,
            "policies": self.policies.to_json() if self.policies else "not checked",
        }


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """What a display is told while the engine runs.

    Attributes:
        step: The step that starts, ends or fails; None for a message.
        state: `started`, `done` or `failed`; `message` for a message.
        diagnostic: The message; None for a step.
    """

    step: Step | None = None
    state: str = "message"
    diagnostic: Diagnostic | None = None


def name_of(urn: str) -> str:
    """Logical name in a URN, its last part; empty for an empty URN."""
    return urn.rsplit("::", 1)[-1]


def type_of(urn: str) -> str:
    """Type token in a URN, without those of its parents; empty for an empty URN."""
    parts = urn.split("::")
    return parts[2].rpartition("$")[2] if len(parts) > 2 else ""  # noqa: PLR2004 - stack, project, types, name


class Collector:
    """Turns the engine's events into a `RunResult`, telling a display on the way; events come from several threads."""

    def __init__(self, tell: Callable[[Progress], None], *, debug: bool = False) -> None:
        """Start with nothing seen.

        Args:
            tell: Is called for each step that starts, ends or fails, and for each message.
            debug: Whether messages for debugging are told, too.
        """
        self._tell = tell
        self._debug = debug
        self._lock = threading.Lock()
        self._steps: dict[str, Step] = {}
        self._diagnostics: list[Diagnostic] = []
        self._summary: dict[str, int] = {}
        self._outputs: dict[str, Any] = {}
        self._outputs_before: dict[str, Any] = {}
        self._duration_s = 0
        self._refused = False

    def __call__(self, event: EngineEvent) -> None:
        """Take in one event."""
        with self._lock:
            if event.resource_pre_event:
                self._on_step(event.resource_pre_event.metadata, "started")
            elif event.res_outputs_event:
                self._on_step(event.res_outputs_event.metadata, "done")
            elif event.res_op_failed_event:
                self._on_step(event.res_op_failed_event.metadata, "failed")
            elif event.diagnostic_event:
                self._on_diagnostic(event.diagnostic_event)
            elif event.policy_event:
                self._refused |= event.policy_event.enforcement_level == "mandatory"
            elif event.summary_event:
                self._summary = {_text(op): count for op, count in event.summary_event.resource_changes.items()}
                self._duration_s = event.summary_event.duration_seconds

    def result(self) -> RunResult:
        """Everything seen so far."""
        with self._lock:
            return RunResult(
                steps=tuple(self._steps.values()),
                summary=dict(self._summary),
                outputs=dict(self._outputs),
                outputs_before=dict(self._outputs_before),
                diagnostics=tuple(self._diagnostics),
                duration_s=self._duration_s,
                refused=self._refused,
            )

    def _on_step(self, metadata: StepEventMetadata, state: str) -> None:
        if state == "done" and metadata.type == STACK_TYPE and metadata.new and metadata.new.outputs:
            self._outputs = masked(metadata.new.outputs)
            self._outputs_before = masked((metadata.old and metadata.old.outputs) or {})
        step = step_from(metadata)
        if metadata.op in _PARTS:
            if state == "failed":
                self._tell(Progress(step=step, state=state))
            return
        before = self._steps.get(step.urn)
        # A refresh before an update reports each resource twice; only what happens to it counts.
        if before is None or step.changes or not before.changes:
            self._steps[step.urn] = step
        self._tell(Progress(step=step, state=state))

    def _on_diagnostic(self, event: DiagnosticEvent) -> None:
        if event.ephemeral or (event.severity == "debug" and not self._debug):
            return
        message = strip_colours(event.message).strip()
        if not message:
            return
        severity = "info" if event.severity == "info#err" else event.severity
        diagnostic = Diagnostic(severity=severity, message=message, urn=event.urn or "")
        if severity != "debug":
            self._diagnostics.append(diagnostic)
        self._tell(Progress(diagnostic=diagnostic))


def step_from(metadata: StepEventMetadata) -> Step:
    """A step from the engine's description of it, without any property's value but days for which logs are kept."""
    state = metadata.new or metadata.old
    paths = set(metadata.detailed_diff or ()) or set(metadata.diffs or ())
    return Step(
        urn=metadata.urn,
        type=metadata.type,
        name=name_of(metadata.urn),
        op=metadata.op.value,
        custom=bool(state and state.custom),
        paths=tuple(sorted(paths)),
        replace_keys=tuple(sorted(metadata.keys or ())),
        protected=bool(metadata.old and metadata.old.protect),
        parent=(state.parent or "") if state else "",
        before=guarded(metadata.type, metadata.old.inputs or {}) if metadata.old else None,
        after=guarded(metadata.type, metadata.new.inputs or {}) if metadata.new else None,
    )


def masked(value: Any) -> Any:
    """A value of the state or of an event with `[secret]` in place of each secret in it."""
    if isinstance(value, dict):
        return "[secret]" if SIGNATURE_KEY in value else {key: masked(item) for key, item in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value


def strip_colours(text: str) -> str:
    """A message without the engine's colour directives (`<{%reset%}>`)."""
    parts: list[str] = []
    for piece in text.split("<{%"):
        _, mark, rest = piece.partition("%}>")
        parts.append(rest if mark else piece)
    return "".join(parts)


def _text(op: str | OpType) -> str:
    return op.value if isinstance(op, OpType) else op
