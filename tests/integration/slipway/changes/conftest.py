import os
import shutil
import subprocess

import pytest

from slipway.changes.affected import affected
from slipway.core.project import Project

AWS = 'config:\n  slipway:target: lambda\n  slipway:aws: {account: "123456789012", region: eu-central-1}\n'
AWS += "  slipway:sinks: {central: {s3: {create: true}}}\n"
KNATIVE = (
    "config:\n  slipway:target: knative\n  slipway:sinks: {central: {loki: {address: 'https://loki.example.com'}}}\n"
)
MANIFEST = "owner: team\nruntime: python3.11\nhandler: main:run\n"
HASHED = "--hash=sha256:" + "0" * 64
FILES = {
    "Pulumi.yaml": "name: slipway\n",
    "README.md": "A project\n",
    "stacks/Pulumi.dev.yaml": KNATIVE,
    "stacks/Pulumi.prod.yaml": AWS,
    "runtime/slipway_runtime/__init__.py": "",
    "runtime/slipway_shipper/__init__.py": "",
    "runtime/slipway_deadletters/__init__.py": "",
    "runtime/requirements.in": "framework>=1\n",
    "runtime/requirements.txt": f"framework==1.0 {HASHED}\nserver==2.0 {HASHED}\n",
    "runtime/server/requirements.txt": f"jwt==1.0 {HASHED}\n",
    "runtime/lambda-unused.txt": "server\n",
    "functions/shared/__init__.py": "",
    "functions/shared/money.py": "from . import words\n",
    "functions/shared/words.py": "def say():\n    import shared.late\n",
    "functions/shared/late.py": "",
    "functions/shared/alone.py": "",
    "functions/shared/texts/__init__.py": "",
    "functions/shared/texts/mail.html": "<p>",
    "functions/plain/function.yaml": MANIFEST,
    "functions/plain/main.py": "def run(request):\n    return 'ok'\n",
    "functions/payer/function.yaml": MANIFEST,
    "functions/payer/main.py": "from shared.money import show\n\n\ndef run(request):\n    return show()\n",
    "functions/locked/function.yaml": MANIFEST,
    "functions/locked/main.py": "def run(request):\n    return 'ok'\n",
    "functions/locked/requirements.in": "framework>=1\n",
    "functions/locked/requirements.txt": f"framework==1.1 {HASHED}\n",
}


class Repository:
    """A project in a git repository, and what is done to it."""

    def __init__(self, root, *, files=FILES):
        self.root = root
        self.project = Project(root)
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch", "main")
        for name, content in files.items():
            self.write(name, content)
        self.first = self.commit()

    def git(self, *words, cwd=None):
        people = ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **dict.fromkeys(people, "someone@example.com"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_ALLOW_PROTOCOL": "file",
        }
        done = subprocess.run(["git", *words], cwd=cwd or self.root, env=environment, capture_output=True, check=False)
        assert not done.returncode, done.stderr.decode()
        return os.fsdecode(done.stdout).strip()

    def write(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def remove(self, name):
        path = self.root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    def commit(self, **files):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")

    def affected(self, base=None, *, environment=None, environ=None):
        return affected(self.project, base=base or self.first, environment=environment, environ=environ or {})

    def reasons(self, base=None, **which):
        found = self.affected(base, **which)
        assert not found.all
        return dict(found.functions)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SLIPWAY_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "project")
