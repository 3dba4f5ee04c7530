import dataclasses
import json
import os
import signal
import subprocess
import zipfile

import pytest

from toolchain.cache import Cache
from toolchain.obtain import Obtainer
from toolchain.parts import Part
from toolchain.progress import Reporter


def run(command, env):
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def published(tmp_path):
    folders = (tmp_path / "cache" / "toolchain").glob("[!.]*")
    return sorted(path.name.rpartition("-")[0] for path in folders)


ALL = ["bin-9.1.0", "engine-9.1.0", "plugin-2.0.0"]


def test_builds_assembles_and_then_does_nothing(command, go_env, go_calls, tmp_path):
    first = run(command(), go_env)
    assert first.returncode == 0, first.stderr
    record = json.loads(first.stdout)
    assert [part["source"] for part in record["parts"]] == ["build", "build"]
    assert published(tmp_path) == ALL
    plugin = tmp_path / "cache/pulumi-home/plugins/resource-plugin-v2.0.0/plugin"
    for binary in (record["launcher"], plugin):
        assert subprocess.run([binary], capture_output=True, text=True, check=True).stderr == "9.1.0\n"
    assert list((tmp_path / "cache/toolchain/.build").iterdir()) == []
    calls = len(go_calls())

    again = run(command(), go_env)
    assert json.loads(again.stdout)["parts"][0]["digest"] == record["parts"][0]["digest"]
    assert set(go_calls()[calls:]) == {"env"}
    assert again.stderr == ""


def test_cost_is_told_before_the_work(command, go_env):
    lines = run(command(), go_env).stderr.splitlines()
    told = next(index for index, line in enumerate(lines) if "min of downloads" in line)
    assert told < lines.index("Engine 9.1.0: built")


def test_two_at_once_build_once(command, go_env, go_calls, tmp_path):
    os.mkfifo(tmp_path / "hold")
    with (
        subprocess.Popen(command("one"), env=go_env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as one,
    ):
        with (tmp_path / "hold").open() as reached:
            assert reached.readline() == "reached\n"
        with subprocess.Popen(
            command("two"), env=go_env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as two:
            assert f"waiting for process {one.pid}, which started at" in two.stderr.readline()
            with (tmp_path / "hold").open("w") as release:
                release.write("go\n")
                (tmp_path / "hold").unlink()
            assert one.wait() == 0, one.stderr.read()
            assert two.wait() == 0, two.stderr.read()
            assert json.loads(one.stdout.read())["bin"] == json.loads(two.stdout.read())["bin"]
    assert go_calls().count("build") == 2
    for environment in ("one", "two"):
        assert (tmp_path / environment / "bin" / "engine").exists()


def test_killed_in_the_middle_leaves_nothing_visible_and_the_next_run_ends_well(command, go_env, tmp_path):
    os.mkfifo(tmp_path / "hold")
    with subprocess.Popen(command(), env=go_env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        with (tmp_path / "hold").open() as reached:
            assert reached.readline() == "reached\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert published(tmp_path) == []
        assert not (tmp_path / "environment").exists()
        assert list((tmp_path / "cache/toolchain/.build").iterdir()) != []
        with (tmp_path / "hold").open("w") as release:  # the orphaned Go ends
            release.write("go\n")
            (tmp_path / "hold").unlink()
    answer = run(command(), go_env)
    assert answer.returncode == 0, answer.stderr
    assert published(tmp_path) == ALL
    assert list((tmp_path / "cache/toolchain/.build").iterdir()) == []


def test_full_disk_is_a_clear_message_and_leaves_nothing(command, go_env, tmp_path):
    answer = run(command(limit=200_000), go_env)
    assert answer.returncode == 3
    assert "no space left for" in answer.stderr
    assert "run the same command again" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert published(tmp_path) == []
    assert run(command(), go_env).returncode == 0


def test_compile_error_is_shown_and_nothing_installed(command, go_env, modules, tmp_path):
    (modules.folder / "greet" / "greet.go").write_text("package greet\n\nconst Words = undefined\n")
    answer = run(command(), go_env)
    assert answer.returncode == 3
    assert "greet.go:3:15: undefined: undefined" in answer.stderr
    assert published(tmp_path) == []


def test_modules_out_of_reach_name_the_mirror_setting(command, go_env, modules, tmp_path):
    (modules.folder / "go.mod").write_text(
        "module example.test/tiny\n\ngo 1.21\n\nrequire example.test/absent v1.0.0\n"
    )
    (modules.folder / "go.sum").write_text(
        "example.test/absent v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        "example.test/absent v1.0.0/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    )
    (modules.folder / "main.go").write_text('package main\n\nimport _ "example.test/absent"\n\nfunc main() {}\n')
    answer = run(command(), {**go_env, "GOPROXY": "http://127.0.0.1:9", "GOMODCACHE": str(tmp_path / "mod")})
    assert answer.returncode == 3
    assert "name your team's mirror in GOPROXY" in answer.stderr


@pytest.mark.parametrize("harm", ["launcher", "plugin link", "binary"])
def test_what_was_removed_by_hand_comes_back(command, go_env, tmp_path, harm):
    record = json.loads(run(command(), go_env).stdout)
    plugin = tmp_path / "cache/pulumi-home/plugins/resource-plugin-v2.0.0/plugin"
    target = {"launcher": tmp_path / "environment/bin/engine", "plugin link": plugin, "binary": plugin.resolve()}[harm]
    target.unlink()
    answer = run(command(), go_env)
    assert answer.returncode == 0, answer.stderr
    assert subprocess.run([record["launcher"]], check=False).returncode == 0
    assert subprocess.run([plugin], check=False).returncode == 0


def test_half_installed_marker_beside_the_plugin_is_removed(command, go_env, tmp_path):
    marker = tmp_path / "cache/pulumi-home/plugins/resource-plugin-v2.0.0.partial"
    marker.parent.mkdir(parents=True)
    marker.write_text("")
    assert run(command(), go_env).returncode == 0
    assert not marker.exists()


@pytest.fixture
def several(modules, tmp_path):
    """A part with two executables of one module set and a folder out of a module."""
    for name, words in {"one": "version", "two": '"two"'}.items():
        (modules.folder / name).mkdir()
        (modules.folder / name / "main.go").write_text(
            f"package main\n\nvar version string\n\nfunc main() {{ println({words}) }}\n"
        )
    module_set = dataclasses.replace(
        modules,
        package="./one",
        more=(("second", "./two"),),
        variables=(("main.version", "3.2.1"),),
        module_folders=(("example.test/config", "config", "config/example"),),
    )
    return Part("several", "Several", "1.0.0", "first", module_set, companions=("second",))


def test_one_part_may_have_several_executables_and_a_folder_of_a_module(several, go_env, tmp_path):
    """The modules come from a proxy in a folder, so that nothing leaves the machine."""
    folder = several.modules.folder
    proxy = tmp_path / "proxy" / "example.test" / "config" / "@v"
    proxy.mkdir(parents=True)
    go_mod = "module example.test/config\n\ngo 1.21\n"
    (proxy / "v1.0.0.info").write_text('{"Version": "v1.0.0"}')
    (proxy / "v1.0.0.mod").write_text(go_mod)
    prefix = "example.test/config@v1.0.0"
    with zipfile.ZipFile(proxy / "v1.0.0.zip", "w") as archive:
        for name, text in {"go.mod": go_mod, "c.go": "package config\n", "config/core/a.yaml": "a: 1\n"}.items():
            archive.writestr(f"{prefix}/{name}", text)
    (folder / "one" / "needs.go").write_text('package main\n\nimport _ "example.test/config"\n')
    (folder / "go.mod").write_text("module example.test/tiny\n\ngo 1.21\n\nrequire example.test/config v1.0.0\n")
    env = {
        **go_env,
        "GOPROXY": f"file://{tmp_path}/proxy",
        "GOMODCACHE": str(tmp_path / "mod"),
        "GOFLAGS": "-modcacherw",
        "SLIPWAY_TOOLCHAIN": "build",
    }
    subprocess.run(
        ["go", "mod", "download", "example.test/config"], cwd=folder, check=True, env={**env, "GONOSUMDB": "*"}
    )
    subprocess.run(["go", "mod", "tidy"], cwd=folder, check=True, env={**env, "GONOSUMDB": "*"})
    cache = Cache(tmp_path / "cache")
    choice = Obtainer(cache, env, Reporter(), (several,)).obtain()["several"]
    answers = [
        subprocess.run([choice.folder / name], capture_output=True, text=True, check=True).stderr
        for name in several.files
    ]
    assert answers == ["3.2.1\n", "two\n"]
    copied = choice.folder / "config/example/core/a.yaml"
    assert copied.read_text() == "a: 1\n"
    assert (copied.stat().st_mode & 0o777, copied.parent.stat().st_mode & 0o777) == (0o644, 0o755)
    assert choice.cached.damaged() == []
