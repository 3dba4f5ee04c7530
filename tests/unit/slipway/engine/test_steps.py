"""Engine events, in the JSON that pulumi 3.256 sends, as typed steps."""

from pulumi.automation.events import EngineEvent

from slipway.engine.steps import Collector, masked, strip_colours

STACK = "urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local"
QUEUE = "urn:pulumi:local::slipway::aws:sqs/queue:Queue::orders"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}


def event(kind, op, urn=QUEUE, **extra):
    type_ = urn.split("::")[-2].split("$")[-1]
    state = {"type": type_, "urn": urn, "custom": type_.startswith("aws:"), **extra.pop("state", {})}
    metadata = {
        "op": op,
        "urn": urn,
        "type": type_,
        "provider": "",
        "new": state,
        "old": extra.pop("old", None),
        **extra,
    }
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: {"metadata": metadata}})


def collect(*events, debug=False):
    told = []
    collector = Collector(told.append, debug=debug)
    for one in events:
        collector(one)
    return collector.result(), told


def test_a_step_knows_what_changes_but_no_values():
    result, _ = collect(
        event(
            "resourcePreEvent",
            "update",
            detailedDiff={"tags.a": {"diffKind": "add"}, "fifoQueue": {"diffKind": "update-replace"}},
            diffs=["tags"],
            keys=["fifoQueue"],
            state={"inputs": {"tags": {"a": "hush"}}},
        ),
    )
    (step,) = result.steps
    assert (step.name, step.type, step.op) == ("orders", "aws:sqs/queue:Queue", "update")
    assert step.paths == ("fifoQueue", "tags.a")
    assert step.replace_keys == ("fifoQueue",)
    assert "hush" not in repr(result)


def test_a_replacement_is_one_step():
    result, _ = collect(*(event("resourcePreEvent", op) for op in ("create-replacement", "replace", "delete-replaced")))
    assert [step.op for step in result.steps] == ["replace"]


def test_what_happens_counts_more_than_that_it_was_looked_at():
    result, _ = collect(
        event("resourcePreEvent", "refresh"), event("resOutputsEvent", "update"), event("resourcePreEvent", "same")
    )
    assert [step.op for step in result.steps] == ["update"]


def test_a_guess_that_does_not_exist_ends_as_a_creation():
    result, _ = collect(event("resOutputsEvent", "delete"), event("resourcePreEvent", "create"))
    assert [step.op for step in result.steps] == ["create"]


def test_only_same_reads_and_refreshes_change_nothing():
    result, _ = collect(event("resourcePreEvent", "same"), event("resourcePreEvent", "same", urn=STACK))
    assert result.unchanged
    result, _ = collect(event("resourcePreEvent", "create", urn=STACK))
    assert not result.unchanged
    assert result.changes == ()


def test_outputs_of_the_stack_have_no_secrets():
    result, _ = collect(
        event(
            "resOutputsEvent",
            "same",
            urn=STACK,
            state={"outputs": {"url": "http://x", "key": SECRET, "deep": {"list": [SECRET, 1]}}},
        )
    )
    assert result.outputs == {"url": "http://x", "key": "[secret]", "deep": {"list": ["[secret]", 1]}}


def diagnostic(**fields):
    return EngineEvent.from_json(
        {"sequence": 1, "timestamp": 1, "diagnosticEvent": {"color": "never", "severity": "info", **fields}}
    )


def test_messages_lose_colours_and_passing_and_debug_ones_are_left_out():
    events = [
        diagnostic(message="<{%fg 1%}>bad<{%reset%}>", severity="error", urn=QUEUE),
        diagnostic(message="...", ephemeral=True),
        diagnostic(message="  "),
        diagnostic(message="detail", severity="debug"),
        diagnostic(message="note", severity="info#err"),
    ]
    result, told = collect(*events)
    assert [(d.severity, d.message, d.name) for d in result.diagnostics] == [
        ("error", "bad", "orders"),
        ("info", "note", ""),
    ]
    assert len(told) == 2
    result, told = collect(*events, debug=True)
    assert len(told) == 3
    assert len(result.diagnostics) == 2


def test_the_summary_is_counted_by_the_engine():
    result, _ = collect(
        EngineEvent.from_json(
            {"sequence": 1, "timestamp": 1, "summaryEvent": {"resourceChanges": {"create": 3}, "durationSeconds": 4}}
        )
    )
    assert result.to_json()["summary"] == {"create": 3}
    assert result.duration_s == 4


def test_a_failing_part_of_a_replacement_is_told():
    _, told = collect(event("resOpFailedEvent", "create-replacement"))
    assert [one.state for one in told] == ["failed"]


def test_strip_colours_and_masked_leave_the_rest_alone():
    assert strip_colours("a <{ b") == "a <{ b"
    assert masked({"a": [1, None, "x"]}) == {"a": [1, None, "x"]}
