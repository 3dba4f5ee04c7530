"""Runs the real engine on the two programs that B1, B2 and B4 compare."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.echo_provider import EchoProvider, serving
from benchmarks.harness import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent.parent
PROGRAMS = Path(__file__).parent / "programs"
RESOURCES_OF_A_FUNCTION = 12
RESOURCES_OF_AN_ENVIRONMENT = 12
"""The provider among them."""

_PROJECT = """\
name: bench
runtime:
  name: python
  options:
    virtualenv: {virtualenv}
"""


@dataclasses.dataclass(frozen=True)
class Stack:
    """A project with one program and a state folder of its own.

    Attributes:
        folder: Folder of the project.
        env: Environment of the engine.
        engine: The engine.
    """

    folder: Path
    env: Mapping[str, str]
    engine: Path

    def command(self, *arguments: str) -> list[str | Path]:
        """A command line of the engine, without questions and colours."""
        return [self.engine, "--non-interactive", "--color", "never", *arguments]

    def init(self) -> None:
        """Make the stack anew, with an empty state."""
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        (self.folder / "state").mkdir()
        (self.folder / "Pulumi.bench.yaml").unlink(missing_ok=True)
        subprocess.run(
            self.command("stack", "init", "bench"),
            cwd=self.folder,
            env=dict(self.env),
            check=True,
            capture_output=True,
        )


def engine_path() -> Path:
    """The engine that `make setup` installed.

    Raises:
        CommandError: There is none; the message says what to type.
    """
    path = ROOT / ".venv" / "bin" / "pulumi"
    if not path.exists():
        raise CommandError(f"{path.relative_to(ROOT)} is missing; run `make setup` first")
    return path


@contextlib.contextmanager
def stack(program: str, functions: int, provider: EchoProvider, **settings: str) -> Iterator[Stack]:
    """A stack that runs `programs/{program}.py`, initialised, removed when the block ends.

    Args:
        program: `ours` or `hand`.
        functions: How many functions it deploys.
        provider: The provider to attach to.
        settings: Further environment variables.
    """
    with tempfile.TemporaryDirectory(prefix="slipway-bench-", dir=_scratch()) as temporary:
        folder = Path(temporary)
        (folder / "Pulumi.yaml").write_text(_PROJECT.format(virtualenv=sys.prefix), encoding="utf-8")
        shutil.copy(PROGRAMS / f"{program}.py", folder / "__main__.py")
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "SLIPWAY_"))},
            "BENCH_FUNCTIONS": str(functions),
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{provider.port}",
            "PYTHONPATH": str(ROOT),
            **settings,
        }
        made = Stack(folder, env, engine_path())
        made.init()
        yield made


def functions_for(resources: int) -> int:
    """How many functions make about that many resources, with their environment."""
    return (resources - RESOURCES_OF_AN_ENVIRONMENT) // RESOURCES_OF_A_FUNCTION


@contextlib.contextmanager
def both(functions: int, **ours: str) -> Iterator[tuple[EchoProvider, Stack, Stack]]:
    """The provider, our stack and the hand-written one. The settings are for ours."""
    with (
        serving() as provider,
        stack("ours", functions, provider, **ours) as mine,
        stack("hand", functions, provider, PULUMI_DIY_BACKEND_GZIP="false") as hand,
    ):
        yield provider, mine, hand


def _scratch() -> Path:
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
