"""A stranger's checkout: the files of this one, at another path, with ports of its own."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IDENTITY = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]


class Checkout:
    """A copy of the project; `run` types a command in it and returns the finished process."""

    def __init__(self, root: Path):
        self.root = root
        # Nothing of the caller's own environment may help: only what a login shell has.
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PULUMI_", "AWS_", "SLIPWAY_STACK", "VIRTUAL_ENV", "PYTHON"))
        }

    def run(self, *command, check=True, env=None, timeout=900, umask=-1):
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            umask=umask,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def slipway(self, *arguments, **options):
        return self.run(".venv/bin/slipway", *arguments, **options)

    def replace(self, path, old, new):
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} lacks {old!r}"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def commit(self, message):
        self.run("git", "add", "-A")
        self.run("git", *IDENTITY, "commit", "-qm", message)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [held.getsockname()[1] for held in sockets]
    for held in sockets:
        held.close()
    return ports


def copy_of_this(target: Path) -> Checkout:
    """The tracked and new files of this checkout, committed at another place."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    checkout = Checkout(target)
    checkout.run("git", "init", "-q")
    return checkout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    found = copy_of_this(tmp_path_factory.mktemp("stranger") / "shop functions")
    api, entry = free_ports(2)
    found.replace("stacks/Pulumi.local.yaml", ":4610", f":{api}")
    found.replace("stacks/Pulumi.local.yaml", ":4611", f":{entry}")
    found.commit("as cloned")
    yield found
    found.run("make", "down", check=False)
