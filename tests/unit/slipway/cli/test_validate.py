"""`slipway validate` and `slipway schema`, as they are typed."""

import json
import sys

import pytest

from slipway.cli import main as cli

STACK = """\
config:
  slipway:target: lambda
  slipway:aws: {account: "123456789012", region: eu-central-1}
  slipway:sinks: {central: {s3: {create: true}}}
"""
MANIFEST = "owner: a\nruntime: python3.11\nhandler: main:main\nevents:\n  - http: {path: /a, visibility: public}\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    (tmp_path / "functions" / "hello").mkdir(parents=True)
    (tmp_path / "functions" / "hello" / "main.py").write_text("def main(request): ...\n")
    (tmp_path / "functions" / "hello" / "function.yaml").write_text(MANIFEST)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(STACK)
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text(STACK)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*args):
        monkeypatch.setattr(sys, "argv", ["slipway", *args])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        output = capsys.readouterr()
        return stop.value.code, output.out, output.err

    return run


def test_nothing_found(project, run):
    assert run("validate") == (0, "1 function, 2 environments: nothing found\n", "")


def test_errors(project, run):
    (project / "functions" / "hello" / "function.yaml").write_text(MANIFEST + "memory: 64\nmemmory: 1\n")
    status, out, err = run("validate")
    assert (status, err) == (2, "")
    assert out.splitlines()[0] == "functions/hello/function.yaml:6:9: memory must be 128-10240 MB, found 64"
    assert out.splitlines()[-1] == "1 function, 2 environments: 2 errors"
    assert len(out.splitlines()) == 3


@pytest.mark.parametrize(("threshold", "status"), [("info", 1), ("warning", 1), ("error", 0), (None, 0)])
def test_the_threshold(project, run, threshold, status):
    (project / "functions" / "hello" / "function.yaml").write_text(MANIFEST + 'environment: {API_TOKEN: "x"}\n')
    code, out, _ = run("validate", *(["--threshold", threshold] if threshold else []))
    assert code == status
    assert out.startswith("warning: functions/hello/function.yaml:6:15: environment.API_TOKEN looks like a secret")
    assert out.endswith("1 function, 2 environments: 1 warning\n")


def test_only_one_environment(project, run):
    (project / "stacks" / "Pulumi.prod.yaml").write_text("config: {}\n")
    assert run("validate", "-s", "dev") == (0, "1 function, 1 environment: nothing found\n", "")
    status, out, _ = run("validate", "-s", "dev", "-s", "prod")
    assert status == 2
    assert "slipway:target is missing" in out
    status, out, _ = run("validate", "-s", "prd")
    assert status == 2
    assert "there is no environment 'prd', did you mean 'prod'?" in out


def test_json(project, run):
    (project / "functions" / "hello" / "function.yaml").write_text(MANIFEST + "memory: 64\n")
    status, out, _ = run("validate", "--json")
    assert status == 2
    report = json.loads(out)
    assert report["functions"] == 1
    assert report["environments"] == ["dev", "prod"]
    assert report["findings"] == [
        {
            "severity": "error",
            "rule": "out-of-range",
            "message": "memory must be 128-10240 MB, found 64",
            "function": "hello",
            "property": "memory",
            "file": "functions/hello/function.yaml",
            "line": 6,
            "column": 9,
        }
    ]


def test_outside_a_project(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    status, _, err = run("validate")
    assert status == 2
    assert "no Pulumi.yaml here or above" in err


@pytest.mark.parametrize("kind", ["function", "stack"])
def test_schema(project, run, kind):
    status, out, _ = run("schema", kind)
    assert status == 0
    assert json.loads(out)["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("args", [[], ["function", "--write"], ["nothing"]])
def test_schema_used_wrongly(project, run, args):
    status, _, err = run("schema", *args)
    assert status == 2
    assert "schema [OPTIONS]" in err


def test_schema_writes_what_is_not_current(project, run):
    (project / "docs").mkdir()
    for page in ("function.yaml.md", "environments.md", "sinks.md", "targets.md"):
        (project / "docs" / page).write_text("# x\n<!-- keys: Scale -->\nold\n<!-- end -->\n")
    status, out, _ = run("schema", "--write")
    assert status == 0
    assert out.count("wrote docs/") == 7
    text = (project / "docs" / "function.yaml.md").read_text()
    assert "| `min` |" in text
    assert "old" not in text
    assert run("schema", "--write") == (0, "", "")
