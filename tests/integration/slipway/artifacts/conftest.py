import base64
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from slipway.core.project import Project

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("SLIPWAY_CACHE_DIR", str(folder))
    return folder


def copy_project(target):
    """The repository's functions and runtime in a folder of their own, without their caches."""
    ignore = shutil.ignore_patterns("__pycache__", ".venv")
    for name in ("functions", "runtime", "stacks"):
        shutil.copytree(ROOT / name, target / name, ignore=ignore)
    shutil.copy(ROOT / "Pulumi.yaml", target / "Pulumi.yaml")
    return Project(target)


@pytest.fixture
def project(tmp_path):
    return copy_project(tmp_path / "project")


@pytest.fixture
def git(project):
    """Runs git in the project, as somebody, and returns what it prints."""
    names = ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        **dict.fromkeys(names, "someone@example.com"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }

    def run(*words, cwd=project.root):
        done = subprocess.run(["git", *words], cwd=cwd, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return run


def wheel(folder, name, version="1.0", files=None, *, tag="py3-none-any", requires=()):
    """Write a wheel; returns its requirement line with hash."""
    info = f"{name}-{version}.dist-info"
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {r}" for r in requires),
    ]
    content = {
        **({f"{name}.py": f"NAME = '{name}'\n"} if files is None else files),
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = []
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in content.items():
            data = text.encode()
            archive.writestr(file, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{file},sha256={digest},{len(data)}")
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]))
    return pin(path, name, version)


def sdist(folder, name, version="1.0"):
    """Write a source distribution; returns its requirement line with hash."""
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        data = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
        member = tarfile.TarInfo(f"{name}-{version}/PKG-INFO")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return pin(path, name, version)


def pin(path, name, version):
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder of wheels that uv looks at instead of an index; `wheel` and `sdist` write into it."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return SimpleNamespace(
        folder=folder,
        wheel=lambda *words, **options: wheel(folder, *words, **options),
        sdist=lambda *words, **options: sdist(folder, *words, **options),
    )


@pytest.fixture
def small(tmp_path):
    """A project with one plain function, `orders`, whose lock file the test writes."""
    project = Project(tmp_path / "small")
    (project.functions / "orders").mkdir(parents=True)
    (project.root / "Pulumi.yaml").write_text("name: slipway\n")
    (project.functions / "orders/main.py").write_text("def handler(event, context):\n    return 1\n")
    manifest = "owner: team\nruntime: python3.11\nhandler: main:handler\n"
    (project.functions / "orders/function.yaml").write_text(manifest)
    return project
