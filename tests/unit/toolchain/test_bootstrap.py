import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import bootstrap

ROOT = Path(__file__).parents[3]


@pytest.fixture
def checkout(tmp_path):
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text(
            f"# {name}\nuv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via x\nz==1\n"
        )
    return tmp_path


@pytest.fixture
def commands(checkout, monkeypatch):
    """Stands in for venv, pip and uv: notes each command and makes the files that they would make."""
    ran = []

    def run(command, env=None):
        ran.append([str(part) for part in command])
        bin_folder = checkout / ".venv" / "bin"
        bin_folder.mkdir(parents=True, exist_ok=True)
        if not (bin_folder / "python").exists():
            (bin_folder / "python").symlink_to(sys.executable)
        (bin_folder / "uv").touch()
        (bin_folder / "slipway").touch()

    monkeypatch.setattr(bootstrap, "_run", run)
    return ran


def test_first_run_makes_the_environment_from_hashes(checkout, commands):
    assert bootstrap.main(checkout) == 0
    assert commands[0][1:3] == ["-m", "venv"]
    assert all("--require-hashes" in command for command in commands[1:3])
    assert commands[-1][-2:] == ["--editable", str(checkout)]
    assert (checkout / ".venv" / bootstrap.STAMP).read_text() == bootstrap.key(checkout)


def test_second_run_does_nothing(checkout, commands):
    bootstrap.main(checkout)
    commands.clear()
    assert bootstrap.main(checkout) == 0
    assert commands == []


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_changed_lock_updates_in_place(checkout, commands, name):
    bootstrap.main(checkout)
    commands.clear()
    (checkout / name).write_text((checkout / name).read_text() + "# changed\n")
    bootstrap.main(checkout)
    assert commands
    assert not any("venv" in command for command in commands)


def test_interrupted_run_is_started_afresh(checkout, commands, monkeypatch):
    bootstrap.main(checkout)
    (checkout / "requirements.lock").write_text((checkout / "requirements.lock").read_text() + "# changed\n")
    good = bootstrap._run

    def interrupted(command, env=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.main(checkout)
    left = checkout / ".venv" / "left-behind"
    left.touch()
    monkeypatch.setattr(bootstrap, "_run", good)
    commands.clear()
    assert bootstrap.main(checkout) == 0
    assert commands[0][1:3] == ["-m", "venv"]
    assert not left.exists()


def test_copied_checkout_is_set_up_again(checkout, commands, tmp_path_factory):
    bootstrap.main(checkout)
    copy = tmp_path_factory.mktemp("copy") / "checkout"
    shutil.copytree(checkout, copy, symlinks=True)
    assert bootstrap.key(copy) != (copy / ".venv" / bootstrap.STAMP).read_text()


def test_failure_of_a_command_is_a_message_without_traceback(checkout, monkeypatch, capsys):
    def failing(command, env=None):
        raise subprocess.CalledProcessError(1, [str(part) for part in command])

    monkeypatch.setattr(bootstrap, "_run", failing)
    assert bootstrap.main(checkout) == 3
    assert "run the same command again" in capsys.readouterr().err
    assert not (checkout / ".venv" / bootstrap.STAMP).exists()


def test_requirement_takes_one_package_with_its_hashes(checkout):
    text = (checkout / "requirements.lock").read_text()
    assert bootstrap.requirement(text, "uv") == "uv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    with pytest.raises(SystemExit, match="does not list pip"):
        bootstrap.requirement(text, "pip")


def test_mirror_of_pip_is_handed_to_uv_unless_uv_has_its_own(monkeypatch, executable, tmp_path):
    python = executable(
        tmp_path / "python", "echo \"global.index-url='https://mirror.test/simple'\"; echo \"global.cert='/ca.pem'\""
    )
    for name in ("UV_DEFAULT_INDEX", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert bootstrap.uv_settings(python) == {
        "UV_DEFAULT_INDEX": "https://mirror.test/simple",
        "SSL_CERT_FILE": "/ca.pem",
    }
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.test")
    assert "UV_DEFAULT_INDEX" not in bootstrap.uv_settings(python)


@pytest.fixture
def setup(tmp_path):
    """Runs a copy of setup.sh with only the given commands on PATH."""
    folder = tmp_path / "checkout" / "toolchain"
    folder.mkdir(parents=True)
    (folder / "setup.sh").write_bytes((ROOT / "toolchain" / "setup.sh").read_bytes())
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in ("dirname", "sh"):
        (commands / name).symlink_to(f"/usr/bin/{name}")

    def run():
        env = {"PATH": str(commands), "HOME": os.environ.get("HOME", "/")}
        return subprocess.run(["/bin/sh", folder / "setup.sh"], env=env, capture_output=True, text=True, check=False)

    run.commands = commands
    return run


def test_setup_without_python_names_the_packages(setup):
    answer = setup()
    assert answer.returncode == 2
    assert "apt-get install python3 python3-venv" in answer.stderr
    assert "or Go to build from source" in answer.stderr


def test_setup_with_an_old_python_asks_for_a_newer_one(setup, executable):
    executable(setup.commands / "python3", "exit 1")
    answer = setup()
    assert answer.returncode == 2
    assert "Python 3.11 or later" in answer.stderr


def test_setup_without_the_venv_module_names_its_package(setup, executable):
    text = 'case "$2" in *version_info\\ \\<*) exit 0;; *ensurepip*) exit 1;; *print*) echo 3.11;; esac'
    executable(setup.commands / "python3", text)
    answer = setup()
    assert answer.returncode == 2
    assert "apt-get install python3.11-venv" in answer.stderr
