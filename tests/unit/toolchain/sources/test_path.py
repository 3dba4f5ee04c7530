import dataclasses

import pytest

from toolchain.errors import SourceUnavailableError
from toolchain.sources import path


@pytest.fixture
def env(tmp_path):
    return {"PATH": f"{tmp_path / 'first'}:{tmp_path / 'second'}", "HOME": str(tmp_path / "home")}


def find(part, env, tmp_path, companions=()):
    return path.find(part, env, tmp_path / "cache", companions)


def test_takes_a_compatible_one_and_resolves_links(engine, env, tmp_path, executable):
    real = executable(tmp_path / "opt" / "engine", "echo v9.1.0")
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "engine").symlink_to(real)
    found = find(engine, env, tmp_path)
    assert (found.folder, found.version) == (tmp_path / "opt", "9.1.0")


@pytest.mark.parametrize("version", ["9.1.0", "v9.1.0", "9.2.7", "v9.10.0"])
def test_engine_of_the_same_major_and_not_older_will_do(engine, env, tmp_path, executable, version):
    executable(tmp_path / "first" / "engine", f"echo {version}")
    assert find(engine, env, tmp_path).version == version.removeprefix("v")


@pytest.mark.parametrize("version", ["9.0.9", "8.9.9", "10.0.0"])
def test_other_versions_are_refused_with_both_versions(engine, env, tmp_path, executable, version):
    executable(tmp_path / "first" / "engine", f"echo {version}")
    with pytest.raises(SourceUnavailableError, match=rf"is {version}, 9\.1\.0 or a later 9\.x is needed"):
        find(engine, env, tmp_path)


def test_plugin_must_be_exactly_the_pinned_version(plugin, env, tmp_path, executable):
    executable(tmp_path / "first" / "plugin", "echo 2.0.1")
    with pytest.raises(SourceUnavailableError, match=r"is 2\.0\.1, 2\.0\.0 is needed"):
        find(plugin, env, tmp_path)


def test_plugin_in_the_users_own_pulumi_folder_comes_first(plugin, env, tmp_path, executable):
    executable(tmp_path / "first" / "plugin", "echo 2.0.0")
    own = executable(tmp_path / "home/.pulumi/plugins/resource-plugin-v2.0.0/plugin", "echo 2.0.0")
    assert find(plugin, env, tmp_path).folder == own.parent


def test_goes_on_to_the_next_candidate_on_path(engine, env, tmp_path, executable):
    executable(tmp_path / "first" / "engine", "echo 1.0.0")
    executable(tmp_path / "second" / "engine", "echo 9.1.0")
    assert find(engine, env, tmp_path).folder == tmp_path / "second"


def test_goes_on_where_a_folder_of_path_may_not_be_entered(engine, env, tmp_path, executable, monkeypatch):
    closed = tmp_path / "first" / "engine"
    executable(tmp_path / "second" / "engine", "echo 9.1.0")
    is_file, access = path.Path.is_file, path.os.access

    def refusing(self):
        if self == closed:
            raise PermissionError(13, "Permission denied", str(self))
        return is_file(self)

    # As the system answers an ordinary user; root may enter every folder.
    monkeypatch.setattr(path.Path, "is_file", refusing)
    monkeypatch.setattr(path.os, "access", lambda file, mode: file != closed and access(file, mode))
    assert find(engine, env, tmp_path).folder == tmp_path / "second"


@pytest.mark.parametrize("text", ["exit 1", "echo hello", "echo 9.1.0 >&2", "kill -9 $$"])
def test_one_that_tells_no_version_is_refused(engine, env, tmp_path, executable, text):
    executable(tmp_path / "first" / "engine", text)
    with pytest.raises(SourceUnavailableError, match="does not tell its version"):
        find(engine, env, tmp_path)


def test_file_that_cannot_be_run_is_refused(engine, env, tmp_path):
    broken = tmp_path / "first" / "engine"
    broken.parent.mkdir()
    broken.write_bytes(b"\x00not a program")
    broken.chmod(0o755)
    with pytest.raises(SourceUnavailableError, match="does not tell its version"):
        find(engine, env, tmp_path)


def test_companions_must_lie_beside_it(engine, env, tmp_path, executable):
    executable(tmp_path / "first" / "engine", "echo 9.1.0")
    with pytest.raises(SourceUnavailableError, match="has no host and no shim beside it"):
        find(engine, env, tmp_path, ("host", "shim"))
    for name in ("host", "shim"):
        executable(tmp_path / "first" / name, "true")
    assert find(engine, env, tmp_path, ("host", "shim")).folder == tmp_path / "first"


def test_our_launcher_is_never_an_engine(engine, env, tmp_path, executable):
    executable(tmp_path / "first" / "engine", f"# {path.LAUNCHER_MARK}\necho 9.1.0")
    with pytest.raises(SourceUnavailableError, match="no engine on PATH"):
        find(engine, env, tmp_path)


def test_what_lies_in_our_cache_is_never_the_users_own(plugin, env, tmp_path, executable):
    ours = executable(tmp_path / "cache/pulumi-home/plugins/resource-plugin-v2.0.0/plugin", "echo 2.0.0")
    with pytest.raises(SourceUnavailableError, match="no plugin on PATH or in"):
        find(plugin, {**env, "PULUMI_HOME": str(ours.parents[2])}, tmp_path)


def test_nothing_on_path_is_said(engine, tmp_path):
    with pytest.raises(SourceUnavailableError, match=r"^no engine on PATH$"):
        find(engine, {"PATH": "", "HOME": str(tmp_path)}, tmp_path)


def test_plugin_that_does_not_tell_its_version_counts_only_in_a_folder_that_names_it(plugin, env, tmp_path, executable):
    silent = dataclasses.replace(plugin, version_command=())
    executable(tmp_path / "first" / "plugin", "exit 1")
    with pytest.raises(SourceUnavailableError, match=r"^no plugin in ~/\.pulumi/plugins/resource-plugin-v2\.0\.0$"):
        find(silent, env, tmp_path)
    own = executable(tmp_path / "home/.pulumi/plugins/resource-plugin-v2.0.0/plugin", "exit 1")
    found = find(silent, env, tmp_path)
    assert (found.folder, found.version) == (own.parent, "2.0.0")


def test_plugin_that_the_engine_has_not_finished_to_unpack_is_passed_over(plugin, env, tmp_path, executable):
    folder = tmp_path / "home/.pulumi/plugins/resource-plugin-v2.0.0"
    executable(folder / "plugin", "echo 2.0.0")
    folder.with_name(f"{folder.name}.partial").touch()
    with pytest.raises(SourceUnavailableError, match="no plugin on PATH"):
        find(plugin, env, tmp_path)


def test_program_that_does_not_tell_its_version_is_never_run(engine, env, tmp_path, executable):
    executable(tmp_path / "first" / "engine", f"touch {tmp_path / 'was-run'}; echo 9.1.0")
    with pytest.raises(SourceUnavailableError, match="does not tell its version"):
        find(dataclasses.replace(engine, version_command=()), env, tmp_path)
    assert not (tmp_path / "was-run").exists()


def test_companions_of_a_part_must_lie_beside_it(engine, env, tmp_path, executable):
    several = dataclasses.replace(engine, companions=("helper",))
    executable(tmp_path / "first" / "engine", "echo 9.1.0")
    with pytest.raises(SourceUnavailableError, match="has no helper beside it"):
        find(several, env, tmp_path)
    executable(tmp_path / "first" / "helper", "true")
    assert find(several, env, tmp_path).folder == tmp_path / "first"
