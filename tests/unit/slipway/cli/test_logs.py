"""`slipway logs`, `slipway verify sinks` and the end of `make up`, with a Loki of the test's own and no engine."""

import json
import threading
import time

import pytest

from slipway.cli import main as module
from slipway.cli import verify
from slipway.core.errors import EngineError
from slipway.engine import operations
from slipway.running.records import stamp_of
from slipway.running.runner import Kept
from tests.unit.slipway.kube.api_server import Server
from tests.unit.slipway.sinks.conftest import Loki, envelope

STACK = """\
config:
  slipway:target: knative
  slipway:kubeContext: dev
  slipway:registry: registry.example.com/x
  slipway:domain: dev.example.com
  slipway:sinks:
    central: {{loki: {{address: "{url}"}}, buffer: {{age: 1}}}}
    relay: {{otlp: {{address: "https://otel.example.com"}}, functions: [other]}}
  slipway:images:
    base: {{python3.11: "registry.example.com/base@sha256:{digest}"}}
    collector: "registry.example.com/collector@sha256:{digest}"
"""
MANIFEST = "owner: t\nruntime: python3.11\nhandler: main:hello\nevents:\n  - http: {path: /hello, auth: none, visibility: public}\n"
OUTPUT = {"target": "knative", "arn": "a", "owner": "t", "runtime": "python3.11"}


@pytest.fixture
def loki():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        answers = Loki([])
        answers.url = server.url
        answers.server = server
        server.on("GET /loki/api/v1/query_range", answers)
        yield answers
        server.shutdown()
        thread.join()


@pytest.fixture
def project(tmp_path, monkeypatch, loki):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\nbackend: {url: 'file://./.slipway/state'}\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks/Pulumi.dev.yaml").write_text(STACK.format(url=loki.url, digest="a" * 64))
    for name in ("hello", "other"):
        folder = tmp_path / "functions" / name
        folder.mkdir(parents=True)
        (folder / "function.yaml").write_text(MANIFEST.replace("/hello", f"/{name}"))
        (folder / "main.py").write_text("def hello(request):\n    return 'x'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLIPWAY_STACK", "dev")
    monkeypatch.setattr(operations, "outputs", lambda *_: {"functions": {"hello": OUTPUT}})
    return tmp_path


@pytest.fixture
def slipway(project, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["slipway", *arguments])
        with pytest.raises(SystemExit) as caught:
            module.main()
        out, err = capsys.readouterr()
        return caught.value.code, out, err

    return run


@pytest.fixture
def pods(monkeypatch):
    """Nothing is left of the function's pods."""
    monkeypatch.setattr("slipway.kube.runner.KnativeRunner.kept", lambda *_: Kept(present=True, limits="pods go"))
    monkeypatch.setattr("slipway.kube.runner.KnativeRunner.logs", lambda *_: iter(()))


def now(number, seconds=5, **more):
    moment = time.time_ns() - seconds * 1_000_000_000
    return {
        **envelope(number, function="hello", environment="dev"),
        "timestamp": stamp_of(moment),
        **more,
    }


def messages(out):
    return [line.split("  ", 1)[1] for line in out.splitlines()]


def test_what_pods_took_with_them_is_read_from_the_sink(slipway, loki, pods):
    loki.lines += [now(1, 9), now(2, 7, source="request"), now(3, 5, fields={"slipway_canary": "r"}), now(4, 3)]
    status, out, err = slipway("logs", "hello")
    assert (status, messages(out), err) == (0, ["line 1", "line 4"], "")
    assert messages(slipway("logs", "hello", "--tail", "1")[1]) == ["line 4"]
    assert messages(slipway("logs", "hello", "--grep", "INFO +line [1-3]")[1]) == ["line 1"]
    assert messages(slipway("logs", "hello", "--source", "request")[1]) == ["line 2"]
    assert messages(slipway("logs", "hello", "--canary")[1]) == ["line 1", "line 3 slipway_canary=r", "line 4"]
    assert messages(slipway("logs", "hello", "--sink", "central", "--since", "4s")[1]) == ["line 4"]


def test_json_is_the_envelope_a_line_each(slipway, loki, pods):
    lines = [now(1, 9), now(2, 7)]
    loki.lines += lines
    out = slipway("logs", "hello", "--json")[1]
    assert [json.loads(line) for line in out.splitlines()] == lines


def test_a_function_that_is_not_deployed_is_shown_from_its_sink(slipway, loki):
    loki.lines.append(now(1, function="gone"))
    status, out, err = slipway("logs", "gone")
    assert (status, messages(out)) == (0, ["line 1"])
    assert err == "note: gone is not deployed in dev; what sink central has of it is shown\n"


def test_a_name_that_nobody_knows_is_no_empty_log(slipway, loki):
    status, out, err = slipway("logs", "helo")
    assert (status, out) == (2, "")
    assert "helo: nothing is known of it: dev has no such function, and its sink nothing that" in err
    assert slipway("logs", "other")[0] == 0  # in the project, and not deployed yet


def test_a_sink_that_cannot_be_found_does_not_hide_what_the_target_has(slipway, loki, pods, monkeypatch):
    def refuse(sink, settings):
        raise EngineError(f"sink {sink}: no domain")

    monkeypatch.setattr("slipway.sinks.stores.store_of", refuse)
    status, _, err = slipway("logs", "hello")
    assert status == 0
    assert "warning: hello: not read: sink central: no domain; what is shown" in err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--grep", "["), 2, r"--grep: '[' is no regular expression (unterminated character set at position 0); what"),
        (("--sink", "centra"), 2, "--sink: dev has no sink 'centra', did you mean 'central'?; there: central, relay"),
        (("--sink", "relay"), 2, "sink relay: kind otlp only takes records"),
        (("--since", "x"), 2, "--since: 'x' is no time"),
    ],
)
def test_wrong_options_say_what_to_do(slipway, arguments, status, said):
    code, out, err = slipway("logs", "hello", *arguments)
    assert (code, out) == (status, "")
    assert said in err
    assert "what to do" in err or "give 30s" in err


def test_a_store_that_refuses_ends_it_only_where_it_is_alone(slipway, loki, pods):
    loki.server.on("GET /loki/api/v1/query_range", (401, "no token"))
    status, out, err = slipway("logs", "hello")
    assert (status, out) == (0, "")
    assert "warning: hello: not read: sink central" in err
    status, _, err = slipway("logs", "hello", "--sink", "central")
    assert status == 3
    assert "set SLIPWAY_SINK_CENTRAL_TOKEN" in err


class Planted:
    """Plants lines into the Loki, but for those that get lost."""

    def __init__(self, loki, lost=0):
        self.loki, self.lost = loki, lost

    def plant(self, name, outputs, run):
        for number in range(run.count - self.lost):
            said = json.loads(run.line(number, "x"))
            fields = {key: value for key, value in said.items() if key.startswith("slipway_canary")}
            self.loki.lines.append(now(number, 0, id=f"{run.id}-{number}", message=said["message"], fields=fields))
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def test_the_canary_tells_what_arrives(slipway, loki, monkeypatch):
    monkeypatch.setattr("slipway.kube.runner.KnativeRunner.planted", Planted(loki).plant)
    status, out, err = slipway("verify", "sinks", "--count", "20")
    assert status == 0
    assert out.splitlines()[0].split()[:6] == ["function", "sink", "sent", "arrived", "duplicated", "lost"]
    cells = out.splitlines()[1].split()
    assert cells[:6] == ["hello", "central", "20", "20", "0", "0"]
    assert cells[-1] == "ok"
    assert "hello: sending 20 lines as run" in err


def test_lost_lines_end_it_with_1(slipway, loki, monkeypatch):
    monkeypatch.setattr("slipway.kube.runner.KnativeRunner.planted", Planted(loki, lost=3).plant)
    status, out, err = slipway("verify", "sinks", "-f", "hello", "--count", "20", "--within", "0", "--json")
    assert status == 1
    (found,) = json.loads(out)["deliveries"]
    assert (found["sent"], found["arrived"], found["lost"], found["result"]) == (20, 17, 3, "lost: 3")
    assert "lines are lost, or later than was waited for: hello to central; what to do" in err


def test_options_before_the_word_are_refused(slipway):
    status, _, err = slipway("verify", "--calls", "3", "sinks")
    assert status == 2
    assert "`slipway verify sinks OPTIONS`" in err


def test_verify_ends_with_the_last_lines_of_each_function(slipway, loki, monkeypatch):
    monkeypatch.setattr("slipway.sinks.arrivals.patience_s", lambda sinks: 0)
    monkeypatch.setattr(operations, "outputs", lambda *_: {"functions": {"hello": OUTPUT, "other": OUTPUT}})
    row = verify._Row(name="x", target="knative", result="ok")
    monkeypatch.setattr("slipway.cli.verify._verify", lambda *_: loki.lines.append(now(7, 0, source="request")) or row)
    monkeypatch.setattr("slipway.cli.verify._try_candidate", lambda *_: (None, None))
    status, out, _ = slipway("verify", "--logs")
    assert status == 0
    lines = out.split("last lines in the sink\n")[1].splitlines()
    assert [line.split()[:2] for line in lines] == [["hello", "central"], ["hello", "central"], ["other", "central"]]
    assert lines[0].endswith("INFO      line 7")
    assert lines[2].endswith("nothing arrived within 0 s")
    logs = json.loads(slipway("verify", "--logs", "--json", "-f", "hello")[1])["logs"]
    assert logs[0]["records"][0]["message"] == "line 7"
