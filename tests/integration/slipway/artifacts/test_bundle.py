import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from slipway.artifacts.builder import Builder
from slipway.artifacts.inputs import Collector
from slipway.artifacts.store import file_sha256
from slipway.artifacts.uv import RegistryError
from slipway.core.errors import BadInputError


def build(project, lock, *, architecture="x86_64", runtime="python3.11"):
    (project.functions / "orders/requirements.txt").write_text(lock)
    inputs = Collector(project).collect(
        project.functions / "orders", runtime=runtime, architecture=architecture, plain=True
    )
    return Builder(project).build(inputs).package


def names(package):
    return zipfile.ZipFile(package.path).namelist()


def test_dependencies_come_without_what_differs_between_machines(small, wheels):
    lock = wheels.wheel(
        "tool",
        files={
            "tool/__init__.py": "",
            "tool/data.json": "{}",
            "tool/__pycache__/__init__.cpython-311.pyc": "x",
            "tool-1.0.data/scripts/tool": "#!python\n",
            "tool-1.0.dist-info/entry_points.txt": "[console_scripts]\ntool2 = tool:main\n",
            "tool-nspkg.pth": "import sys",
        },
    )
    assert names(build(small, lock)) == [
        "tool-1.0.dist-info/METADATA",
        "tool-1.0.dist-info/WHEEL",
        "tool-1.0.dist-info/entry_points.txt",
        "tool/__init__.py",
        "tool/data.json",
        "main.py",
        "sbom.cdx.json",
    ]


def test_wheels_are_those_of_the_target(small, wheels):
    one = wheels.wheel("fast", files={"fast.py": "x86"}, tag="cp311-cp311-manylinux2014_x86_64")
    two = wheels.wheel("fast", files={"fast.py": "arm"}, tag="cp311-cp311-manylinux2014_aarch64")
    three = wheels.wheel("fast", files={"fast.py": "new"}, tag="cp312-cp312-manylinux_2_28_x86_64")
    lock = one.strip() + "".join(f" {line.split()[1]}" for line in (two, three)) + "\n"
    found = [
        zipfile.ZipFile(build(small, lock, **target).path).read("fast.py").decode()
        for target in ({}, {"architecture": "arm64"}, {"runtime": "python3.12"})
    ]
    assert found == ["x86", "arm", "new"]


def test_a_file_of_two_distributions_is_always_that_of_the_first(small, wheels):
    lock = "".join(
        wheels.wheel(name, files={f"{name}.py": "", "tests/__init__.py": f"# {name}\n"}) for name in ("zeta", "alpha", "mid")
    )  # fmt: skip
    package = build(small, lock)
    assert zipfile.ZipFile(package.path).read("tests/__init__.py") == b"# alpha\n"
    assert names(package).count("tests/__init__.py") == 1


def test_the_bundle_is_shared_and_built_once(small, wheels, cache, monkeypatch):
    lock = wheels.wheel("six")
    build(small, lock)
    monkeypatch.setenv("UV_FIND_LINKS", "/nowhere")
    (small.functions / "orders/main.py").write_text("X = 2\n")
    build(small, lock)
    assert len(list((cache / "bundles").glob("*.zip"))) == 1
    assert len(list((cache / "packages").glob("*.zip"))) == 2


def test_a_damaged_bundle_is_made_again(small, wheels, cache):
    lock = wheels.wheel("six")
    build(small, lock)
    bundle = next((cache / "bundles").glob("*.zip"))
    good = bundle.read_bytes()
    bundle.write_bytes(good.replace(b"NAME", b"EVIL"))
    (small.functions / "orders/main.py").write_text("X = 2\n")
    assert b"NAME = 'six'" in zipfile.ZipFile(build(small, lock).path).read("six.py")
    assert bundle.read_bytes() == good


def test_what_cannot_be_installed_is_said_in_our_words(small, wheels):
    wheels.wheel("windows", tag="cp311-cp311-win_amd64")
    cases = {
        wheels.sdist("source"): " is published as source only",
        wheels.wheel("six").replace("hash=sha256:", "hash=sha256:0" * 1)[:-2] + "\n": "six==1.0: the index serves other bytes",
        f"absent==1.0 --hash=sha256:{'0' * 64}\n": "absent",
        f"six==9.0 --hash=sha256:{'0' * 64}\n": "six==9.0",
        f"windows==1.0 --hash=sha256:{'0' * 64}\n": "windows==1.0 has no wheel for Python 3.11 on x86_64-manylinux2014",
    }  # fmt: skip
    for lock, message in cases.items():
        with pytest.raises(BadInputError, match="function 'orders'") as error:
            build(small, lock)
        assert message in str(error.value)


def test_an_index_that_cannot_be_reached(small, monkeypatch, tmp_path):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    with pytest.raises(RegistryError, match="function 'orders': the package index cannot be reached"):
        build(small, f"six==1.16.0 --hash=sha256:{'0' * 64}\n")


def test_nothing_is_left_behind_by_a_failure(small, wheels, cache):
    with pytest.raises(BadInputError):
        build(small, wheels.sdist("source"))
    assert [path.name for folder in ("bundles", "packages") for path in (cache / folder).iterdir()] == ["locks"] * 2


BUILD = """
import json, os, sys
from pathlib import Path
from slipway.artifacts.builder import Builder
from slipway.artifacts.inputs import Collector
from slipway.core.project import Project

def build():
    project = Project(Path(sys.argv[1]))
    target = {"runtime": "python3.11", "architecture": "x86_64", "plain": True}
    built = Builder(project).build_all([Collector(project).collect(project.functions / "orders", **target)])[0]
    return [built.package.digest, built.package.sha256, built.built]

if len(sys.argv) > 3:
    # Everything is imported before: the other user may not be able to read our Python.
    wanted = os.environ["SLIPWAY_CACHE_DIR"]
    os.environ["SLIPWAY_CACHE_DIR"] = wanted + "-first"
    build()
    os.environ["SLIPWAY_CACHE_DIR"] = wanted
    os.setgid(int(sys.argv[3]))
    os.setuid(int(sys.argv[3]))
os.umask(int(sys.argv[2], 8))
print(json.dumps(build()))
"""


def open_to_all(folder):
    """Let another user enter a folder of pytest's, however deep it lies; those above are not ours."""
    for part in (folder, *folder.parents):
        if part.stat().st_uid == os.getuid() and Path(tempfile.gettempdir()) in part.parents:
            part.chmod(0o755)


def test_bytes_are_the_same_whatever_the_machine(small, wheels, tmp_path, monkeypatch):
    orders = small.functions / "orders"
    lock = wheels.wheel("six") + wheels.wheel("tool", files={"tool/__init__.py": "", "tool/b.py": "", "tool/a.py": ""})
    (orders / "requirements.txt").write_text(lock)
    open_to_all(tmp_path)
    variants = [
        {"umask": "022", "order": ["a.py", "B.py", "ä.txt"], "env": {}, "time": 10**9},
        {"umask": "077", "order": ["ä.txt", "B.py", "a.py"], "env": {"TZ": "Asia/Kolkata", "PYTHONHASHSEED": "1"}, "time": 10**8},
        {"umask": "000", "order": ["B.py", "a.py", "ä.txt"], "env": {"LC_ALL": "C", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "2"}, "time": 0},
        {"umask": "027", "order": ["a.py", "ä.txt", "B.py"], "env": {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}, "time": 1, "user": 65534},
    ]  # fmt: skip
    results = []
    for number, variant in enumerate(variants):
        root = tmp_path / f"checkout {number}" / ("deep/er" * number or "x")
        root.mkdir(parents=True)
        (root / "functions/orders").mkdir(parents=True)
        for name in ("Pulumi.yaml", "functions/orders/requirements.txt", "functions/orders/main.py"):
            (root / name).write_bytes((small.root / name).read_bytes())
        for name in variant["order"]:
            (root / "functions/orders" / name).write_text(f"# {name}\n", encoding="utf-8")
        for path in root.rglob("*"):
            os.utime(path, (variant["time"], variant["time"]))
        cache, uv = tmp_path / f"cache{number}", tmp_path / f"uv{number}"
        cache.mkdir(mode=0o777)
        uv.mkdir(mode=0o777)
        cache.chmod(0o777)
        uv.chmod(0o777)
        if "user" in variant:
            # The other user may not be able to run our Python, which uv needs; the package is theirs all the same.
            shutil.copytree(tmp_path / "cache0/bundles", cache / "bundles")
            for path in (cache / "bundles", *(cache / "bundles").rglob("*")):
                path.chmod(0o777)
        user = [str(variant["user"])] if "user" in variant and os.getuid() == 0 else []
        environment = {**os.environ, "SLIPWAY_CACHE_DIR": str(cache), "UV_CACHE_DIR": str(uv), "HOME": str(uv), **variant["env"]}  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", BUILD, str(root), variant["umask"], *user], env=environment, capture_output=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        results.append(json.loads(done.stdout))
    assert len({tuple(result) for result in results}) == 1, results


def test_two_processes_build_the_same_package_once(small, wheels, tmp_path, cache):
    (small.functions / "orders/requirements.txt").write_text(wheels.wheel("six"))
    processes = [
        subprocess.Popen([sys.executable, "-c", BUILD, str(small.root), "022"], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    results = [json.loads(process.communicate()[0]) for process in processes]
    assert len({(digest, sha256) for digest, sha256, _ in results}) == 1
    assert sum(built for *_, built in results) == 1
    package = next((cache / "packages").glob("*.zip"))
    assert file_sha256(package) == results[0][1]


def test_a_build_killed_at_any_moment_leaves_nothing_that_counts(small, wheels, cache):
    """SIGKILL right before each step that changes the cache folder."""
    (small.functions / "orders/requirements.txt").write_text(wheels.wheel("six"))
    killer = (
        "import os, sys, signal\nleft = [int(sys.argv.pop())]\n"
        "def hook(event, args):\n"
        "    if event in ('os.rename', 'os.remove', 'tempfile.mkstemp', 'os.chmod', 'os.mkdir'):\n"
        "        left[0] -= 1\n"
        "        if left[0] < 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(hook)\n"
    )
    statuses = []
    for step in range(60):
        done = subprocess.run(
            [sys.executable, "-c", killer + BUILD, str(small.root), "022", str(step)], capture_output=True, check=False
        )
        statuses.append(done.returncode)
        if done.returncode == 0:
            break
        (small.functions / "orders/main.py").write_text(f"X = {step}\n")
    assert statuses[-1] == 0
    assert statuses.count(-9) >= 3
    entry = Builder(small).packages.find(json.loads(done.stdout)[0])
    assert entry is not None
    assert entry.intact()


def test_a_full_disk_is_said_and_leaves_nothing_half_written(small, wheels, cache):
    """A limit on the size of files is what a full disk looks like to a process."""
    (small.functions / "orders/requirements.txt").write_text(wheels.wheel("six"))
    (small.functions / "orders/data").write_bytes(b"0" * 300_000)
    full = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    done = subprocess.run(
        [sys.executable, "-c", full + BUILD, str(small.root), "022"], capture_output=True, text=True, check=False
    )
    assert "no space left to write a package; free some, or name another folder by SLIPWAY_CACHE_DIR" in done.stderr
    assert sorted(path.name for path in (cache / "packages").iterdir()) == ["locks"]
    assert (
        Builder(small)
        .build(
            Collector(small).collect(
                small.functions / "orders", runtime="python3.11", architecture="x86_64", plain=True
            )
        )
        .built
    )


def test_dependencies_that_are_too_big_are_named_before_they_are_packed(small, wheels, cache, monkeypatch):
    monkeypatch.setattr("slipway.artifacts.limits.MAX_UNZIPPED_BYTES", 50_000)
    lock = wheels.wheel("big", files={"big/data.bin": "0" * 60_000}) + wheels.wheel("little")
    with pytest.raises(
        BadInputError, match=r"orders.*0\.1 MB unzipped.*biggest: dependency big 1\.0 0\.1 MB, dependency"
    ):
        build(small, lock)
    assert not list((cache / "bundles").glob("*.zip"))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody who may not read")
def test_files_that_cannot_be_read_are_all_named(small):
    for name in ("secret.txt", "locked"):
        (small.functions / "orders" / name).mkdir() if name == "locked" else (small.functions / "orders" / name).touch()
        (small.functions / "orders" / name).chmod(0)
    try_it = (
        "import os, sys\nfrom pathlib import Path\nfrom slipway.artifacts.inputs import Collector\n"
        "from slipway.core.errors import BadInputError\nfrom slipway.core.project import Project\n"
        "import encodings.utf_8_sig\nproject = Project(Path(sys.argv[1]))\nos.setuid(65534)\n"
        "try:\n    Collector(project, Path('/nowhere')).collect(\n"
        "        project.functions / 'orders', runtime='python3.11', architecture='x86_64', plain=True)\n"
        "except BadInputError as error:\n    print(*(f.render() for f in error.findings), sep='\\n')\n"
    )
    open_to_all(small.root)
    done = subprocess.run([sys.executable, "-c", try_it, str(small.root)], capture_output=True, text=True, check=False)
    (small.functions / "orders/locked").chmod(0o755)
    said = "cannot be read: Permission denied; check its permissions"
    assert done.stdout.splitlines() == [f"functions/orders/{name}: {said}" for name in ("locked", "secret.txt")], (
        done.stderr
    )
