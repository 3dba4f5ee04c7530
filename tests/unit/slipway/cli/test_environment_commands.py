"""The commands of an environment on a project of their own, with the engine replaced: options, output, exit statuses."""

import dataclasses
import json

import pytest

from slipway.cli import main as module
from slipway.cli.progress import Display
from slipway.core.errors import BadInputError, EngineError
from slipway.engine import operations, policies, recover
from slipway.engine.guards import Guarded
from slipway.engine.memory import Instances
from slipway.engine.steps import Diagnostic, Progress, RunResult, Step

STACK = """\
config:
  slipway:target: lambda
  slipway:aws: {account: "123456789012", region: eu-central-1, endpoint: "http://127.0.0.1:9", accessKey: a, secretKey: b}
  slipway:sinks: {central: {s3: {create: true}}}
"""
MANIFEST = "owner: t\nruntime: python3.11\nhandler: main:hello\nevents:\n  - http: {path: /hello, auth: none, visibility: public}\n"
QUEUE = Step(urn="u::orders", type="aws:sqs/queue:Queue", name="orders", op="update", paths=("tags.a",))

LOGS = Step(
    urn="u::logs",
    type="aws:cloudwatch/logGroup:LogGroup",
    name="logs",
    op="update",
    before=Guarded(),
    after=Guarded(days=7),
)
SHORTER = "warning: logs: keeps records for 7 days and no longer for ever; put it back unless that is meant"


def judged(outcome, level):
    rule = policies.Rule(
        id="Q1",
        name="queue-encryption",
        title="Queues are encrypted",
        sources=(),
        severity="high",
        remedy="encrypt it",
        level=level,
    )
    verdict = policies.Verdict(
        rule="Q1",
        name="queue-encryption",
        urn="u::orders",
        outcome=outcome,
        property="",
        message="not encrypted",
        level=level,
        waiver=None,
    )
    return policies.Report(rules=(rule,), verdicts=(verdict,), waivers=(), mistakes=())


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\nbackend: {url: 'file://./.slipway/state'}\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.local.yaml").write_text(STACK)
    folder = tmp_path / "functions/hello"
    folder.mkdir(parents=True)
    (folder / "function.yaml").write_text(MANIFEST)
    (folder / "main.py").write_text("def hello(request):\n    return 'x'\n")
    monkeypatch.chdir(tmp_path)
    # The embedded AWS is another process's matter.
    monkeypatch.setattr("slipway.cli.session.Session.instances", Instances(aws="instance-1"))
    return tmp_path


@pytest.fixture
def slipway(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["slipway", *arguments])
        with pytest.raises(SystemExit) as caught:
            module.main()
        out, err = capsys.readouterr()
        return caught.value.code, out, err

    return run


def result(*steps, **fields):
    totals = {}
    for step in steps:
        totals[step.op] = totals.get(step.op, 0) + 1
    return RunResult(steps=steps, summary=totals, outputs={}, diagnostics=(), **fields)


@pytest.fixture
def engine(monkeypatch):
    """Answers for the engine and a note of how it was called."""
    calls = []

    def answer(name, value):
        def run(project, environment, **options):
            options.pop("on_event", None)
            calls.append((name, environment, options))
            if isinstance(value, Exception):
                raise value
            return value

        monkeypatch.setattr(operations, name, run)

    def mend(project, environment, clouds, **options):
        calls.append(("mend", environment, options))
        return recover.Mended(said=("a lock",), refresh=True)

    monkeypatch.setattr(recover, "mend", mend)
    answer.calls = calls
    return answer


def test_preview_prints_what_changes(project, slipway, engine):
    engine("preview", result(QUEUE))
    status, out, _ = slipway("preview")
    assert status == 0
    assert out.splitlines()[0].split() == ["change", "resource", "type", "properties"]
    assert out.splitlines()[1].split() == ["update", "orders", "aws:sqs/queue:Queue", "tags.a"]
    assert out.splitlines()[2] == "1 to update"


@pytest.fixture
def built(monkeypatch):
    """Packages are there."""
    monkeypatch.setattr("slipway.cli.up.build_ahead", lambda session, display: display.say("built ahead"))


def test_preview_exits_with_1_on_changes_only_when_asked(project, slipway, engine):
    engine("preview", result(QUEUE))
    assert slipway("preview", "--exit-code")[0] == 1
    assert slipway("preview", "--expect-no-changes")[0] == 1
    engine("preview", result())
    assert slipway("preview", "--exit-code")[:2] == (0, "nothing to change\npolicies: not checked\n")


def test_preview_as_json_has_steps_without_values(project, slipway, engine):
    engine("preview", result(QUEUE))
    _, out, err = slipway("preview", "--json")
    assert json.loads(out)["steps"][0]["paths"] == ["tags.a"]
    assert err == ""


def test_preview_warns_of_what_it_would_take_from_logs(project, slipway, engine):
    engine("preview", result(LOGS))
    status, out, _ = slipway("preview")
    assert status == 0
    assert out.splitlines()[-2:] == [SHORTER, "policies: not checked"]
    assert json.loads(slipway("preview", "--json")[1])["findings"][0]["rule"] == "shorter-retention"
    status, _, err = slipway("preview", "--threshold", "warning")
    assert status == 1
    assert "local: an update would break policies, or weaken how logs are kept" in err


def test_up_warns_of_it_too_before_anything_is_changed(project, slipway, engine, built):
    engine("preview", result(LOGS))
    engine("up", EngineError("it failed"))
    status, _, err = slipway("up")
    assert (status, SHORTER in err) == (3, True)
    engine("up", result(LOGS))
    assert json.loads(slipway("up", "--json")[1])["findings"][0]["rule"] == "shorter-retention"
    assert SHORTER in slipway("up", "--skip-preview")[1]


def test_a_preview_writes_reports(project, slipway, engine):
    engine("preview", result(QUEUE, policies=judged("fail", "mandatory"), refused=True))
    forms = ("terraform", "codequality", "sarif", "json")
    status, out, _ = slipway("preview", *(f"--report={form}=build/reports/{form}.json" for form in forms))
    assert status == 1
    assert "not encrypted" in out
    written = {form: json.loads((project / f"build/reports/{form}.json").read_text()) for form in forms}
    assert written["terraform"] == {"create": 0, "update": 1, "delete": 0}
    assert [issue["check_name"] for issue in written["codequality"]] == ["queue-encryption"]
    assert [one["ruleId"] for one in written["sarif"]["runs"][0]["results"]] == ["queue-encryption"]
    assert written["json"]["findings"][0]["rule"] == "queue-encryption"


@pytest.mark.parametrize(
    ("reports", "said"),
    [
        (["junit=x"], "'junit=x' must be FORMAT=FILE with one of codequality, json, sarif, terraform"),
        (["sarif="], "'sarif=' must be FORMAT=FILE"),
        (["sarif=a", "sarif=b"], "sarif is given twice"),
    ],
)
def test_reports_that_cannot_be_written_are_refused_before_anything_runs(project, slipway, engine, reports, said):
    status, _, err = slipway("preview", *(f"--report={report}" for report in reports))
    assert status == 2
    assert said in err
    assert engine.calls == []


def test_what_policies_refuse_is_never_begun(project, slipway, engine, built):
    engine("preview", result(QUEUE, policies=judged("fail", "mandatory"), refused=True))
    engine("up", result(QUEUE))
    status, out, err = slipway("up")
    assert status == 1
    assert out == "orders: Q1 queue-encryption: not encrypted; encrypt it\n"
    assert "local: policies refuse this update; nothing was changed" in err
    assert [name for name, _, _ in engine.calls] == ["mend", "preview"]
    status, out, err = slipway("preview")
    assert status == 1
    assert "orders: Q1 queue-encryption: not encrypted; encrypt it\n" in out


def test_what_policies_refuse_on_the_way_is_told(project, slipway, engine, built):
    engine("preview", result(QUEUE, policies=judged("unknown", "advisory")))
    engine("up", result(QUEUE, policies=judged("fail", "mandatory"), refused=True))
    status, out, err = slipway("up")
    assert status == 1
    assert "not encrypted; encrypt it" in out
    assert "what was done before is in the state" in err


def test_what_policies_only_advise_ends_nothing(project, slipway, engine, built):
    engine("preview", result(QUEUE, policies=judged("fail", "advisory")))
    engine("up", result(QUEUE, policies=judged("fail", "advisory")))
    status, out, _ = slipway("up")
    assert status == 0
    assert "warning: orders: Q1 queue-encryption: not encrypted; encrypt it\n" in out
    assert slipway("preview", "--threshold", "warning")[0] == 1


def test_preview_looks_at_what_exists_after_a_run_that_did_not_end_well(project, slipway, engine):
    engine("preview", result())
    slipway("preview")
    (project / ".slipway").mkdir(exist_ok=True)
    (project / ".slipway/state-of-local").write_text('{"instances": {"aws": "instance-1"}, "unclean": true}')
    slipway("preview")
    (project / ".slipway/state-of-local").write_text('{"instances": {"aws": "instance-0"}, "unclean": false}')
    slipway("preview")
    assert [options["refresh"] for _, _, options in engine.calls] == [False, True, True]


def test_up_mends_refreshes_and_remembers(project, slipway, engine, built):
    engine("preview", result(QUEUE))
    engine("up", result(QUEUE))
    status, out, err = slipway("up", "--wait", "5")
    assert (status, out) == (0, "1 updated\npolicies: not checked\n")
    assert err.index("mended: a lock") < err.index("built ahead")
    assert [name for name, _, _ in engine.calls] == ["mend", "preview", "up"]
    assert engine.calls[0][2]["wait_s"] == 5
    assert engine.calls[1][2]["refresh"] is engine.calls[2][2]["refresh"] is True
    assert json.loads((project / ".slipway/state-of-local").read_text()) == {
        "instances": {"aws": "instance-1", "cluster": None},
        "unclean": False,
    }


def test_a_failed_up_stays_unclean(project, slipway, engine, built):
    engine("up", EngineError("hello: it failed; what to do: x"))
    status, out, err = slipway("up")
    assert (status, out) == (3, "")
    assert err.endswith("slipway: hello: it failed; what to do: x\n")
    assert json.loads((project / ".slipway/state-of-local").read_text())["unclean"] is True


def test_a_package_that_cannot_be_built_never_reaches_the_engine(project, slipway, engine, monkeypatch):
    def refuse(session, display):
        raise BadInputError("function 'hello' cannot be packaged")

    monkeypatch.setattr("slipway.cli.up.build_ahead", refuse)
    status, out, err = slipway("up")
    assert (status, out) == (2, "")
    assert err.endswith("slipway: function 'hello' cannot be packaged\n")
    assert [name for name, _, _ in engine.calls] == ["mend"]


def test_bad_input_never_reaches_the_engine(project, slipway, engine):
    (project / "functions/hello/function.yaml").write_text(MANIFEST + "memroy: 5\n")
    for command in ("preview", "up", "refresh", "recover", "list", "verify"):
        status, _, err = slipway(command)
        assert status == 2, command
        assert "functions/hello/function.yaml:6:1:" in err
    assert engine.calls == []


def test_a_container_has_no_bill_of_materials(project, slipway):
    image = f'image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/hello@sha256:{"0" * 64}"\n'
    said = MANIFEST.replace("runtime: python3.11\nhandler: main:hello\n", f"runtime: container\n{image}")
    (project / "functions/hello/function.yaml").write_text(said)
    status, out, err = slipway("sbom", "hello")
    assert (status, out) == (2, "")
    assert "hello: not known: it is a container" in err


def test_destroy_needs_a_yes_where_nobody_can_answer(project, slipway, engine):
    engine("destroy", result())
    engine("refresh", result())
    status, _, err = slipway("destroy")
    assert status == 2
    assert "add --yes" in err
    assert engine.calls == []
    assert slipway("destroy", "--yes")[0] == 0
    assert [name for name, _, _ in engine.calls] == ["mend", "refresh", "destroy"]


def test_recover_refreshes_only_what_was_mended(project, slipway, engine):
    engine("refresh", result())
    status, out, _ = slipway("recover")
    assert (status, out.splitlines()[-1]) == (0, "local: mended")


def test_an_unknown_function_is_named_with_those_that_are_deployed(project, slipway, monkeypatch):
    monkeypatch.setattr(operations, "outputs", lambda *_: {"functions": {"hello": {"arn": "a"}}})
    status, _, err = slipway("invoke", "helo")
    assert status == 2
    assert "helo: not deployed in local; deployed: hello" in err


def test_invoke_refuses_options_that_do_not_fit(project, slipway, monkeypatch):
    monkeypatch.setattr(operations, "outputs", lambda *_: {"functions": {"hello": {"arn": "a"}}})
    assert "cannot be combined" in slipway("invoke", "hello", "--example", "--data", "1")[2]
    status, _, err = slipway("invoke", "hello", "--path", "hello")
    assert (status, err) == (2, "slipway: --path: must start with /, found 'hello'\n")


def test_verify_of_what_is_not_deployed_fails(project, slipway, monkeypatch):
    monkeypatch.setattr(operations, "outputs", lambda *_: {})
    status, out, err = slipway("verify", "--json")
    assert status == 3
    (row,) = json.loads(out)["functions"]
    assert row["result"].startswith("failed: not deployed")
    assert "1 of 1 functions failed: hello" in err


def test_plain_progress_has_a_line_for_each_change_and_each_warning(capsys):
    with Display("up") as display:
        display(Progress(step=QUEUE, state="started"))
        display(Progress(step=QUEUE, state="done"))
        display(Progress(diagnostic=Diagnostic(severity="warning", message="old", urn="a::b")))
        display(Progress(step=QUEUE, state="failed"))
    assert capsys.readouterr().err.splitlines() == [
        "up: starting the engine",
        "update   orders (aws:sqs/queue:Queue)",
        "warning: b: old",
        "update   orders (aws:sqs/queue:Queue) failed",
    ]


@pytest.mark.parametrize(
    ("type_", "why"),
    [
        ("aws:sqs/queue:Queue", "AWS may be slow or throttling"),
        ("kubernetes:serving.knative.dev/v1:Service", "pods may be slow to get ready"),
    ],
)
def test_what_takes_long_is_told(capsys, monkeypatch, type_, why):
    monkeypatch.setattr("slipway.cli.progress._REMIND_S", 0.001)
    step = dataclasses.replace(QUEUE, urn=f"urn:pulumi:dev::slipway::{type_}::orders")
    with Display("up") as display:
        display(Progress(step=step, state="started"))
        while "still updating orders" not in (said := capsys.readouterr().err):
            pass
    assert why in said


def test_why_it_takes_long_is_told_once(capsys, monkeypatch):
    monkeypatch.setattr("slipway.cli.progress._REMIND_S", 0.001)
    asked = []

    def look(urns):
        asked.append(urns)
        return ["orders: pod orders-1: said: the moon is full"]

    said = ""
    with Display("up", look=look) as display:
        display(Progress(step=QUEUE, state="started"))
        while said.count("still updating") < 3:
            said += capsys.readouterr().err
    said += capsys.readouterr().err
    assert said.count("the moon is full") == 1
    assert asked[0] == [QUEUE.urn]


def test_a_list_that_cannot_be_checked_says_once_why(project, slipway, monkeypatch):
    functions = {
        name: {"arn": f"arn:aws:lambda:eu-central-1:123456789012:function:{name}"} for name in ("hello", "old")
    }
    outputs = {"type": "pulumi:pulumi:Stack", "urn": "u", "outputs": {"functions": functions}}
    monkeypatch.setattr(operations, "export", lambda *_: {"deployment": {"resources": [outputs]}})
    status, out, err = slipway("list")
    assert status == 0
    assert [line.split()[-2:] for line in out.splitlines()[1:]] == [["not", "checked"]] * 2
    assert err.count("the embedded AWS is not running; what to do: run `slipway local start`") == 1
