import os
import stat
import sys
import zipfile

import pytest

from slipway.artifacts import limits
from slipway.artifacts import package as packages
from slipway.artifacts.builder import Builder
from slipway.artifacts.inputs import Collector
from slipway.artifacts.store import CacheError, Store, file_sha256
from slipway.artifacts.zips import ZipWriter
from slipway.core.errors import BadInputError, SlipwayError

# SHA-256 of the package of `golden`. If it changes, raise inputs.PACKAGER_VERSION: the digest must not stay the same.
GOLDEN = "220cc21caf04b6719689e84706aa94dcaf954057dda6a6d862fa137444ff8309"


@pytest.fixture
def bundle(tmp_path):
    """A bundle of two dependencies."""
    store = Store(tmp_path / "bundles")

    def write(path):
        with ZipWriter(path) as archive:
            archive.add("flask/__init__.py", b"F")
            archive.add("six.py", b"SIX")
            archive.add("six-1.0.dist-info/METADATA", b"M")
        sizes = {"flask": {"version": "3.0", "bytes": 1}, "six": {"version": "1.0", "bytes": 4}}
        return {"packages": sizes, "warnings": ["six 1.0 is yanked"]}

    return store.get_or_build("d" * 64, write)[0]


def build(inputs, path, bundle=None):
    facts = packages.write_package(inputs, bundle, path)
    return facts, zipfile.ZipFile(path)


def test_dependencies_first_then_own_files(collect, bundle, tmp_path):
    facts, archive = build(collect(), tmp_path / "p.zip", bundle)
    assert archive.namelist() == [
        "flask/__init__.py",
        "six.py",
        "six-1.0.dist-info/METADATA",
        "main.py",
        "slipway_runtime/__init__.py",
        "slipway_runtime/lambda_handler.py",
        "sbom.cdx.json",
    ]
    assert archive.testzip() is None
    assert facts["unzipped"] == sum(info.file_size for info in archive.infolist())
    assert facts["warnings"] == ["six 1.0 is yanked"]
    assert ["dependency six 1.0", 4] in [list(pair) for pair in facts["biggest"]]


def test_times_modes_and_owner_are_fixed(add, collect, tmp_path):
    add("functions/orders/run.sh", "#!/bin/sh\n").chmod(0o600)
    add("functions/orders/tool", b"\x7fELF...").chmod(0o644)
    add("functions/orders/data", "x").chmod(0o777)
    _, archive = build(collect(), tmp_path / "p.zip")
    modes = {info.filename: stat.S_IMODE(info.external_attr >> 16) for info in archive.infolist()}
    assert {name: modes[name] for name in ("run.sh", "tool", "data")} == {"run.sh": 0o755, "tool": 0o755, "data": 0o644}
    assert {(info.date_time, info.create_system, info.compress_type) for info in archive.infolist()} == {
        ((1980, 1, 1, 0, 0, 0), 3, zipfile.ZIP_STORED)
    }


def test_golden_package(make, tmp_path):
    """The bytes of one package, so that a change of the packager or of Python's zipfile cannot go unseen."""
    project = make(tmp_path / "golden")
    (project.functions / "orders/été.txt").write_text("1")
    inputs = Collector(project).collect(
        project.functions / "orders", runtime="python3.11", architecture="x86_64", plain=False
    )
    path = tmp_path / "p.zip"
    packages.write_package(inputs, None, path)
    assert file_sha256(path) == GOLDEN


@pytest.mark.parametrize(
    ("own", "conflict"),
    [
        ("flask.py", "flask.py: has the same import name as flask"),
        ("flask/x.py", "flask: has the same import name as flask"),
        ("six/a.txt", "six: has the same import name as six.py"),
    ],
)
def test_a_file_that_hides_a_dependency_is_refused(add, collect, bundle, tmp_path, own, conflict):  # noqa: PLR0917
    add(f"functions/orders/{own}")
    with pytest.raises(BadInputError) as error:
        build(collect(), tmp_path / "p.zip", bundle)
    said = [finding.render() for finding in error.value.findings]
    assert said == [f"functions/orders/{conflict} of a dependency; rename it"]


def test_too_big_a_package_names_what_is_big(add, collect, bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_UNZIPPED_BYTES", 1000)
    add("functions/orders/model.bin", b"0" * 3_000_000)
    add("functions/orders/data/a", b"0" * 1_000_000)
    add("functions/orders/data/b", b"0" * 1_000_000)
    with pytest.raises(
        BadInputError, match=r"orders.*5\.0 MB.*model\.bin 3\.0 MB, data 2\.0 MB.*move data to a bucket"
    ):
        build(collect(), tmp_path / "p.zip", bundle)


def test_a_file_that_changes_meanwhile_is_noticed(add, collect, tmp_path):
    inputs = collect()
    add("functions/orders/main.py", "X = 'other'")
    with pytest.raises(SlipwayError, match="its files changed while it was packaged; run the same command again"):
        build(inputs, tmp_path / "p.zip")
    (tmp_path / "project/functions/orders/main.py").unlink()
    with pytest.raises(SlipwayError, match=r"main\.py cannot be read"):
        build(inputs, tmp_path / "p.zip")


@pytest.fixture
def builder(project, cache):
    return Builder(project, cache)


def test_what_is_there_is_not_built_again(collect, builder):
    inputs = collect(plain=True)
    first, second = builder.build(inputs), builder.build(inputs)
    assert (first.built, second.built) == (True, False)
    assert first.package == second.package
    assert first.package.path.name == f"{inputs.digest}.zip"


@pytest.mark.parametrize("damage", ["shorter", "gone", "no note", "bad note"])
def test_damaged_entries_are_built_again(collect, builder, damage):
    inputs = collect(plain=True)
    package = builder.build(inputs).package
    note = package.path.with_suffix(".json")
    match damage:
        case "shorter":
            os.truncate(package.path, 10)
        case "gone":
            package.path.unlink()
        case "no note":
            note.unlink()
        case "bad note":
            note.write_text("[]")
    again = builder.build(inputs)
    assert again.built
    assert again.package.sha256 == package.sha256
    assert again.package.intact()


def test_flipped_bytes_are_found_when_asked_to_verify(collect, builder):
    inputs = collect(plain=True)
    package = builder.build(inputs).package
    content = bytearray(package.path.read_bytes())
    content[40] ^= 1
    package.path.write_bytes(content)
    assert not builder.build(inputs).built
    assert builder.build(inputs, verify=True).built
    assert builder.packages.find(inputs.digest).intact()


def test_one_failure_does_not_stop_the_others_and_all_are_said(add, collect, builder, project):
    for name in ("a", "b", "c"):
        add(f"functions/{name}/main.py", f"# {name}")
    wanted = [collect(name, plain=True) for name in ("a", "b", "c")]
    for name in ("a", "c"):
        (project.functions / name / "main.py").unlink()
    seen = []
    with pytest.raises(BadInputError, match=r"(?s)function 'a'.*function 'c'"):
        builder.build_all(wanted, done=seen.append)
    assert [built.function for built in seen] == ["b"]


def test_results_come_in_the_order_asked_for(add, collect, builder):
    for number in range(8):
        add(f"functions/f{number}/main.py", f"# {number}")
    wanted = [collect(f"f{number}", plain=True) for number in range(8)]
    builder.build(wanted[3])
    built = builder.build_all(wanted, jobs=4)
    assert [b.function for b in built] == [f"f{number}" for number in range(8)]
    assert [b.built for b in built].count(False) == 1


def test_a_full_disk_leaves_nothing_half_written(collect, builder, cache, monkeypatch):
    def full(self, name, content):
        raise OSError(28, "No space left on device")

    inputs = collect(plain=True)
    monkeypatch.setattr(ZipWriter, "add", full)
    with pytest.raises(
        CacheError, match="no space left to write a package; free some, or name another folder by SLIPWAY_CACHE_DIR"
    ):
        builder.build(inputs)
    assert [path.name for path in (cache / "packages").iterdir()] == ["locks"]
    monkeypatch.undo()
    assert builder.build(inputs).built


def test_an_unusable_cache_folder_is_named(collect, project, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CacheError, match="Not a directory; make it a folder that you may write"):
        Builder(project, tmp_path / "file").build(collect(plain=True))


def test_pruning_removes_what_is_unused_and_what_is_left_over(tmp_path):
    store = Store(tmp_path)
    for number, age in enumerate((0, 10, 20, 40)):
        entry, _ = store.get_or_build(f"{number}" * 64, lambda path: path.write_bytes(b"0" * 100) and {})
        os.utime(entry.path.with_suffix(".json"), (10**9 - age * 86400,) * 2)
    (tmp_path / "orphan.zip").write_bytes(b"1")
    (tmp_path / "left.tmp").touch()
    (tmp_path / "scratch-old/all").mkdir(parents=True)
    (tmp_path / "scratch-new").mkdir()
    os.utime(tmp_path / "scratch-new", (10**9, 10**9))
    for name in ("left.tmp", "scratch-old"):
        os.utime(tmp_path / name, (0, 0))
    assert store.prune(max_age_days=30, now=10**9) == (2, 101)
    assert sorted(path.name[0] for path in tmp_path.glob("*.zip")) == ["0", "1", "2"]
    assert not (tmp_path / "left.tmp").exists()
    assert [path.name for path in tmp_path.glob("scratch-*")] == ["scratch-new"]
    assert store.prune(max_age_days=30, max_bytes=250, now=10**9) == (1, 100)
    assert sorted(path.name[0] for path in tmp_path.glob("*.zip")) == ["0", "1"]


def test_use_keeps_an_entry_young(tmp_path):
    store = Store(tmp_path)
    entry, _ = store.get_or_build("a" * 64, lambda path: path.write_bytes(b"0") and {})
    os.utime(entry.path.with_suffix(".json"), (0, 0))
    store.find("a" * 64)
    assert store.prune(max_age_days=1) == (0, 0)


def test_stdlib_zip_reader_and_python_import_it(collect, tmp_path, monkeypatch):
    _, archive = build(collect(plain=True), tmp_path / "p.zip")
    archive.close()
    monkeypatch.syspath_prepend(str(tmp_path / "p.zip"))
    monkeypatch.delitem(sys.modules, "main", raising=False)
    import main

    assert main.order(None) == "ok"
    monkeypatch.delitem(sys.modules, "main")
