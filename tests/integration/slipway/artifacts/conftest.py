import os
import shutil
import subprocess
from pathlib import Path

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
