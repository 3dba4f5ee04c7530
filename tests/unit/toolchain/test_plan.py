import pytest

from toolchain.cache import Cache, new_entry
from toolchain.errors import ToolchainError
from toolchain.go import Go
from toolchain.plan import Planner, Source, order
from toolchain.sources import build
from toolchain.sources.download import Downloader


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def planner(cache, reporter, tmp_path):
    def make(go="1.26.0", **env):
        env = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), **env}
        command = Go(tmp_path / "go", go, {}) if go else None
        return Planner(cache, env, command, Downloader(cache, reporter))

    return make


def publish(cache, part, source, digest, inputs=""):
    entry = new_entry(
        part=part.name, version=part.version, source=source, inputs=inputs, made_with="go1.25.0", verified="x"
    )
    with cache.staging(part.name) as staged:
        (staged / part.binary).write_text(source)
        return cache.publish(staged, digest, entry)


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("", ("path", "download", "build")), ("build", ("build",)), (" build , path,build", ("build", "path")), (",", ("path", "download", "build")),
    ],
)  # fmt: skip
def test_order_comes_from_the_variable(text, sources):
    assert order({"SLIPWAY_TOOLCHAIN": text}) == sources


def test_unknown_source_names_all_allowed():
    with pytest.raises(
        ToolchainError, match=r"SLIPWAY_TOOLCHAIN: docker, Path is no source; allowed are path, download, build"
    ):
        order({"SLIPWAY_TOOLCHAIN": "docker,Path,build"})


def test_path_beats_the_cache(planner, cache, engine, tmp_path, executable):
    executable(tmp_path / "bin" / "engine", "echo 9.3.0")
    publish(cache, engine, "build", build.build_digest(engine, Go(tmp_path, "1.26.0", {})))
    choice, _ = planner().present(engine, (engine,), None)
    assert (choice.source, choice.version) == (Source.PATH, "9.3.0")
    assert str(tmp_path / "bin" / "engine") in choice.reason


def test_variable_leaves_path_out(planner, cache, engine, tmp_path, executable):
    executable(tmp_path / "bin" / "engine", "echo 9.3.0")
    assert planner(SLIPWAY_TOOLCHAIN="build").present(engine, (engine,), None) == (None, "")


def test_engine_on_path_needs_the_host_beside_it(planner, engine, host, tmp_path, executable):
    executable(tmp_path / "bin" / "engine", "echo 9.3.0")
    choice, refused = planner().present(engine, (engine, host), None)
    assert choice is None
    assert "has no host beside it" in refused


def test_host_comes_with_an_engine_that_was_not_built(planner, engine, host, tmp_path, executable):
    for name in ("engine", "host"):
        executable(tmp_path / "bin" / name, "echo 9.3.0")
    first, _ = planner().present(engine, (engine, host), None)
    second, _ = planner().present(host, (engine, host), first)
    assert (second.source, second.folder, second.version) == (Source.PATH, tmp_path / "bin", "9.3.0")


def test_host_of_its_own_beside_a_built_engine(planner, cache, engine, host, tmp_path):
    go = Go(tmp_path, "1.26.0", {})
    publish(cache, engine, "build", build.build_digest(engine, go))
    made = publish(cache, host, "build", build.build_digest(host, go))
    first, _ = planner().present(engine, (engine, host), None)
    second, _ = planner().present(host, (engine, host), first)
    assert (first.source, second.source, second.folder) == (Source.BUILD, Source.BUILD, made.path)


def test_other_go_version_means_another_build(planner, cache, engine, tmp_path):
    publish(cache, engine, "build", build.build_digest(engine, Go(tmp_path, "1.25.0", {})), build.inputs_digest(engine))
    assert planner("1.26.0").present(engine, (engine,), None)[0] is None


def test_without_go_an_older_build_of_the_same_inputs_will_do(planner, cache, engine, tmp_path):
    publish(cache, engine, "build", build.build_digest(engine, Go(tmp_path, "1.25.0", {})), build.inputs_digest(engine))
    choice, _ = planner(go=None).present(engine, (engine,), None)
    assert choice.source is Source.BUILD
    (engine.modules.folder / "main.go").write_text("package main // changed\n")
    assert planner(go=None).present(engine, (engine,), None)[0] is None


@pytest.mark.parametrize("change", ["source", "go.sum", "new file", "outside"])
def test_build_digest_covers_every_input(engine, tmp_path, change):
    import dataclasses

    outside = tmp_path / "prepare.py"
    outside.write_text("1")
    part = dataclasses.replace(engine, modules=dataclasses.replace(engine.modules, inputs=(outside,)))
    before = build.inputs_digest(part)
    folder = part.modules.folder
    target = {
        "source": folder / "main.go",
        "go.sum": folder / "go.sum",
        "new file": folder / "x.go",
        "outside": outside,
    }
    target[change].write_text("changed")
    assert build.inputs_digest(part) != before


def test_tests_and_notes_do_not_change_the_build_digest(engine):
    before = build.inputs_digest(engine)
    (engine.modules.folder / "main_test.go").write_text("package main")
    (engine.modules.folder / "README.md").write_text("words")
    assert build.inputs_digest(engine) == before


def test_main_packages_in_folders_of_one_set_do_not_change_each_other(engine):
    import dataclasses

    folder = engine.modules.folder
    for name in ("first", "second"):
        (folder / name).mkdir()
        (folder / name / "main.go").write_text("package main")
    first = dataclasses.replace(engine, modules=dataclasses.replace(engine.modules, package="./first"))
    both = dataclasses.replace(
        engine, modules=dataclasses.replace(engine.modules, package="./first", more=(("other", "./second"),))
    )
    before, before_both = build.inputs_digest(first), build.inputs_digest(both)
    assert before != before_both
    (folder / "second" / "main.go").write_text("package main // changed")
    assert build.inputs_digest(first) == before
    assert build.inputs_digest(both) != before_both
    (folder / "go.mod").write_text("module example.test/tiny\n\ngo 1.22\n")
    assert build.inputs_digest(first) != before


def test_linker_variables_and_copied_folders_change_the_build_digest(engine):
    import dataclasses

    digests = {
        build.inputs_digest(dataclasses.replace(engine, modules=dataclasses.replace(engine.modules, **change)))
        for change in (
            {},
            {"variables": (("main.version", "1"),)},
            {"variables": (("main.version", "2"),)},
            {"module_folders": (("m.test", "config", "config/m"),)},
        )
    }
    assert len(digests) == 4
