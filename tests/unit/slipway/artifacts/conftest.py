import pytest

from slipway.artifacts.inputs import Collector
from slipway.core.project import Project


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("SLIPWAY_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def make():
    return make_project


@pytest.fixture
def add(project):
    def run(name, content=""):
        return write(project, name, content)

    return run


@pytest.fixture
def project(tmp_path):
    """A project with a runtime, a shared folder and the function `orders`."""
    return make_project(tmp_path / "project")


def make_project(root):
    """The same content every time, so that two of them differ by their paths only."""
    project = Project(root)
    write(project, "Pulumi.yaml", "name: slipway\n")
    write(project, "runtime/slipway_runtime/__init__.py", '"""Adapter."""\n')
    write(project, "runtime/slipway_runtime/lambda_handler.py", "def handle(event, context):\n    return None\n")
    write(project, "runtime/requirements.in", "framework>=1\n")
    write(project, "runtime/requirements.txt", "framework==1.0 --hash=sha256:00\nserver==2.0 --hash=sha256:11\n")
    write(project, "runtime/lambda-unused.txt", "server  # serves alone\n")
    write(project, "functions/orders/function.yaml", "owner: team\n")
    write(project, "functions/orders/main.py", "def order(request):\n    return 'ok'\n")
    write(project, "functions/shared/__init__.py", "")
    return project


def write(project, name, content):
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def collect(project):
    def run(name="orders", *, plain=False, runtime="python3.11", architecture="x86_64", collector=None):
        collector = collector or Collector(project)
        return collector.collect(project.functions / name, runtime=runtime, architecture=architecture, plain=plain)

    return run
