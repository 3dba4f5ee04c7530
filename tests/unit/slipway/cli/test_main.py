"""The command line turns every outcome into a message and an exit status."""

import click
import pytest

from slipway.cli import main as cli_main
from slipway.core.errors import BadInputError, EngineError, FindingsError
from slipway.core.findings import Finding, Severity


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["slipway", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli_main.main()
    return stop.value.code


def command_that(action):
    def get_command(self, ctx, name):
        return click.Command(name, callback=action)

    return get_command


@pytest.mark.parametrize(
    ("action", "status", "message"),
    [
        (lambda: None, 0, ""),
        (lambda: click.get_current_context().exit(1), 1, ""),
        (lambda: (_ for _ in ()).throw(FindingsError("2 findings")), 1, "slipway: 2 findings"),
        (lambda: (_ for _ in ()).throw(BadInputError("no such stack")), 2, "slipway: no such stack"),
        (lambda: (_ for _ in ()).throw(EngineError("AWS said no")), 3, "slipway: AWS said no"),
        (lambda: (_ for _ in ()).throw(click.UsageError("what?")), 2, "what?"),
        (lambda: (_ for _ in ()).throw(click.Abort), 130, "interrupted"),
    ],
)
def test_each_outcome_has_its_status_and_no_traceback(monkeypatch, capsys, action, status, message):
    monkeypatch.setattr(cli_main.LazyGroup, "get_command", command_that(action))
    assert run(monkeypatch, "up") == status
    printed = capsys.readouterr()
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_bad_input_prints_every_finding_before_the_summary(monkeypatch, capsys):
    findings = [
        Finding(
            severity=Severity.ERROR, rule="r", message=f"mistake {line}", file="functions/a/function.yaml", line=line
        )
        for line in (3, 7)
    ]

    def refuse():
        raise BadInputError("2 errors", findings)

    monkeypatch.setattr(cli_main.LazyGroup, "get_command", command_that(refuse))
    assert run(monkeypatch, "validate") == 2
    assert capsys.readouterr().err.splitlines() == [
        "functions/a/function.yaml:3: mistake 3",
        "functions/a/function.yaml:7: mistake 7",
        "slipway: 2 errors",
    ]


def test_help_imports_no_command(monkeypatch, capsys):
    monkeypatch.setattr(cli_main.LazyGroup, "get_command", lambda self, ctx, name: pytest.fail(f"imported {name}"))
    assert run(monkeypatch, "--help") == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in cli_main.COMMANDS)


def test_an_unknown_command_is_bad_input(monkeypatch, capsys):
    assert run(monkeypatch, "deply") == 2
    assert "deply" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(cli_main.COMMANDS))
def test_every_listed_command_exists_and_explains_itself(monkeypatch, capsys, name):
    assert run(monkeypatch, name, "--help") == 0
    assert "Usage:" in capsys.readouterr().out
