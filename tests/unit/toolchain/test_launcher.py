import subprocess

import pytest

from toolchain import launcher

SHOW = (
    'echo "$PULUMI_HOME|$PULUMI_SKIP_UPDATE_CHECK|$PULUMI_DIY_BACKEND_GZIP|$PULUMI_IGNORE_AMBIENT_PLUGINS|'
    "$PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION|"
    '${PULUMI_CONFIG_PASSPHRASE-unset}|${SLIPWAY_ENGINE_DEBUG-unset}"; for a in "$@"; do echo "[$a]"; done; exit 7'
)


@pytest.fixture(params=["plain", "with space, 'quote' and $HOME"])
def place(tmp_path, request):
    return tmp_path / request.param


@pytest.fixture
def run(place, executable):
    engine = executable(place / "engine" / "pulumi", SHOW)
    host = executable(place / "engine" / "host", "true")
    command = place / "bin" / "pulumi"
    launcher.write(command, engine, (host,), place / "home", place / "project")

    def call(*arguments, **env):
        return subprocess.run(
            [command, *arguments], env={"PATH": "/usr/bin:/bin", **env}, capture_output=True, text=True, check=False
        )

    return call


def values(answer):
    return answer.stdout.splitlines()[0].split("|")


def test_sets_defaults_and_hands_arguments_and_status_on(run, place):
    answer = run("up", "-m", "two words", "")
    assert values(answer) == [str(place / "home"), "true", "true", "true", "true", "", "unset"]
    assert answer.stdout.splitlines()[1:] == ["[up]", "[-m]", "[two words]", "[]"]
    assert answer.returncode == 7


def test_what_the_user_set_stays(run):
    mine = {
        "PULUMI_HOME": "/mine", "PULUMI_SKIP_UPDATE_CHECK": "false", "PULUMI_DIY_BACKEND_GZIP": "false",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "false",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "false", "PULUMI_CONFIG_PASSPHRASE": "secret",
    }  # fmt: skip
    assert values(run("up", **mine)) == ["/mine", "false", "false", "false", "false", "secret", "unset"]


@pytest.mark.parametrize(
    ("env", "passphrase"),
    [
        ({}, ""),
        ({"PULUMI_BACKEND_URL": "file:///state"}, ""),
        ({"PULUMI_BACKEND_URL": "s3://state"}, "unset"),
        ({"PULUMI_BACKEND_URL": "https://api.example.test"}, "unset"),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE": "/run/secret"}, "unset"),
        ({"PULUMI_CONFIG_PASSPHRASE": ""}, ""),
    ],
)
def test_empty_passphrase_only_for_a_state_folder(run, env, passphrase):
    assert values(run("up", **env))[5] == passphrase


@pytest.mark.parametrize(
    ("arguments", "debug"),
    [
        (("up", "--debug"), "1"), (("-d", "up"), "1"), (("up", "--debug=true"), "1"), (("up", "--diff"), "unset"),
        (("up", "-s", "dev"), "unset"), (("up", "--", "--debug"), "unset"), ((), "unset"),
    ],
)  # fmt: skip
def test_debug_is_passed_on(run, arguments, debug):
    assert values(run(*arguments))[6] == debug


@pytest.mark.parametrize("gone", ["pulumi", "host"])
def test_missing_file_is_named_with_the_remedy(run, place, gone):
    (place / "engine" / gone).unlink()
    answer = run("up")
    assert answer.returncode == 3
    assert answer.stderr == f"pulumi: {place / 'engine' / gone} is gone; run 'make setup' in {place / 'project'}\n"
    assert answer.stdout == ""


def test_same_text_is_not_written_again(run, place):
    command = place / "bin" / "pulumi"
    before = command.stat().st_ino
    engine = place / "engine"
    launcher.write(command, engine / "pulumi", (engine / "host",), place / "home", place / "project")
    assert command.stat().st_ino == before
    launcher.write(command, engine / "pulumi", (), place / "home", place / "project")
    assert command.stat().st_ino != before


@pytest.fixture
def command(place, executable):
    real = executable(place / "cache" / "crane", 'for a in "$@"; do echo "[$a]"; done; exit 5')
    written = place / "bin" / "crane"
    launcher.write_command(written, real, place / "project", "knative")
    return written, real


def test_plain_command_hands_arguments_and_status_on(command):
    answer = subprocess.run([command[0], "push", "two words"], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (5, "[push]\n[two words]\n")


def test_plain_command_that_is_gone_says_what_to_run(command, place):
    command[1].unlink()
    answer = subprocess.run([command[0]], capture_output=True, text=True, check=False)
    assert answer.returncode == 3
    assert f"crane: {command[1]} is gone; run 'slipway toolchain install --for knative' in" in answer.stderr
    assert str(place / "project") in answer.stderr
