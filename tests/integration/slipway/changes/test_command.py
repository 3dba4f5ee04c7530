"""`slipway affected` as it is typed, and as docs/affected.md shows it."""

import json
import re
import sys
from pathlib import Path

import pytest

from slipway.cli import main as cli

DOCS = Path(__file__).parents[4] / "docs" / "affected.md"


@pytest.fixture
def run(repository, monkeypatch, capsys):
    monkeypatch.chdir(repository.root)
    for name in ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_COMMIT_BEFORE_SHA",
                 "CI_DEFAULT_BRANCH"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["slipway", "affected", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        output = capsys.readouterr()
        return stop.value.code, output.out, output.err

    return run


def test_json_is_exactly_this(repository, run):
    assert json.loads(run("--json")[1]) == {"functions": {}, "all": False}
    repository.write("functions/plain/data.txt", "x")
    status, out, err = run("--json", "--explain")
    assert json.loads(out) == {"functions": {"plain": ["own file functions/plain/data.txt, new"]}, "all": False}
    assert (status, err) == (0, f"base {repository.first[:12]}: where the branch left main\n")
    assert json.loads(run("--json", "--base", "gone")[1])["all"] is True


def test_text(repository, run):
    assert run() == (0, "0 of 3 functions affected\n", "")
    assert run("--base", "gone", "--explain")[1].startswith("no base: the base 'gone' is not in this repository")
    assert run("-s", "nowhere")[0] == 2


def test_the_example_of_the_docs(repository, run):
    repository.write("functions/shared/late.py", "X = 1\n")
    repository.write("functions/plain/function.yaml",
                     (repository.root / "functions/plain/function.yaml").read_text() + "memory: 512\n")  # fmt: skip
    repository.write("README.md", "changed\n")
    _, out, _ = run("--explain")
    shown = re.search(r"```\n\$ slipway affected --explain\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert re.sub("base [0-9a-f]{12}", "base 4f1c2d9e7a30", out) == shown[1]
