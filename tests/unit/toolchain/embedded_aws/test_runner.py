import subprocess

import pytest

from toolchain.embedded_aws import runner
from toolchain.embedded_aws.errors import EmbeddedAwsError


def test_a_missing_python_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(EmbeddedAwsError) as refused:
        runner.interpreter("python3.99", tmp_path)
    assert "needs python3.99, which this machine lacks" in str(refused.value)
    assert "apt-get install python3.99" in str(refused.value)


def test_other_runtimes_are_refused(tmp_path):
    with pytest.raises(EmbeddedAwsError, match=r"runtime nodejs22\.x cannot be run"):
        runner.interpreter("nodejs22.x", tmp_path)


def test_a_failed_installation_leaves_nothing_half_made(tmp_path, monkeypatch):
    def fail(command, environment):
        return subprocess.CompletedProcess(command, 1, "", "no space left on device")

    monkeypatch.setattr(runner, "_run", fail)
    monkeypatch.setattr(runner, "_find_python", lambda version: "/usr/bin/python3")
    with pytest.raises(EmbeddedAwsError, match="no space left on device"):
        runner.interpreter("python3.11", tmp_path)
    assert [path.suffix for path in (tmp_path / "runner").iterdir()] in ([], [".lock"])


def test_every_requirement_is_pinned_with_hashes_and_names_no_index():
    lines = runner.REQUIREMENTS.read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith(("#", " "))]
    assert pinned
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert not any("://" in line for line in lines)
