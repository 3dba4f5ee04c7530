"""What pip-audit says of a lock file, and what it leaves unsaid."""

import json
import subprocess

import pytest

from slipway.artifacts import audit
from slipway.artifacts.locking import targets

LOCK = "".join(f"{name}==1.0 --hash=sha256:{'0' * 64}\n" for name in ("framework", "server", "windows"))
KNOWN = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1", "2.0"], "description": "x"}


@pytest.fixture
def said(project, add, monkeypatch):
    """`said(answer)` is what comes of an answer of pip-audit about the function's lock file."""
    add("functions/orders/requirements.in", "framework\n")
    add("functions/orders/requirements.txt", LOCK)

    def run(answer="", error="", status=0):
        text = answer if isinstance(answer, str) else json.dumps({"dependencies": answer, "fixes": []})
        done = subprocess.CompletedProcess([], status, text, error)
        monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: done)
        [found] = audit.audit_all(project, targets(project, ["orders"]))
        return found

    return run


def test_what_is_known_and_what_was_not_asked(said):
    found = said(
        [
            {"name": "Framework", "version": "1.0", "vulns": [KNOWN]},
            {"name": "server", "skip_reason": "not found: server (1.0)"},
        ],
        status=1,
    )
    assert found.checked == {"framework"}
    assert found.unchecked == {
        "server": "not found: server (1.0)",
        "windows": "its marker leaves it out on this machine",
    }
    assert [known.render() for known in found.found] == ["framework 1.0: PYSEC-1 (CVE-1), fixed in 1.1 or 2.0"]


@pytest.mark.parametrize(
    ("answer", "error", "status", "reason"),
    [
        ("", "Traceback\nConnectionError: no way\n", 1, "the database cannot be asked: ConnectionError: no way"),
        ("", "", 2, "the database cannot be asked: pip-audit ended with status 2"),
        ("[]", "ERROR: odd", 0, "the database cannot be asked: ERROR: odd"),
        ("{", "x" * 900, 0, "the database cannot be asked: " + "x" * 200),
    ],
)
def test_a_database_that_does_not_answer_is_nothing_checked(said, answer, error, status, reason):
    found = said(answer, error, status)
    assert (found.checked, found.found) == (frozenset(), ())
    assert found.unchecked == dict.fromkeys(["framework", "server", "windows"], reason)


def test_a_lock_file_that_is_missing_is_not_checked(said, project):
    (project.functions / "orders/requirements.txt").unlink()
    assert said([]).unchecked == {"orders": "functions/orders/requirements.txt cannot be read; run `slipway lock`"}
