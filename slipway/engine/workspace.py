"""Opens a stack with the Automation API on the project itself, so that plain `pulumi` gives the same result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from pulumi.automation import LocalWorkspace, PulumiCommand, Stack
from pulumi.automation.errors import CommandError, InvalidVersionError, StackNotFoundError

from slipway.core.errors import EngineError
from slipway.core.yaml_source import read_yaml
from slipway.engine.backend import Backend
from slipway.engine.diagnose import explain, files_of

if TYPE_CHECKING:
    from slipway.core.project import Project

# Tells a later run whether the process that drives an engine still lives: `pid:start time`.
DRIVER_VARIABLE = "SLIPWAY_DRIVER"


def driver_mark() -> str:
    """This process as `pid:start time in seconds`; both together are unique on a machine."""
    return f"{os.getpid()}:{psutil.Process().create_time():.2f}"


def engine_root(project: Project) -> Path:
    """The folder whose `bin/pulumi` is the launcher: the project's `.venv`, else the environment that runs Slipway.

    Raises:
        EngineError: Neither has one.
    """
    for root in (project.root / ".venv", Path(sys.prefix)):
        if (root / "bin" / "pulumi").is_file():
            return root
    raise EngineError("the Pulumi engine is not installed: no .venv/bin/pulumi; what to do: run `make setup`")


def open_workspace(project: Project) -> LocalWorkspace:
    """The project as a workspace of the engine.

    Raises:
        EngineError: The engine is missing, cannot be started, or is too old.
    """
    root = engine_root(project)
    with files_of(project.root.name):
        Backend.of(project).prepare()
    try:
        command = PulumiCommand(root=str(root))
    except (OSError, subprocess.CalledProcessError, InvalidVersionError) as error:
        raise EngineError(f"{root / 'bin' / 'pulumi'}: {error}; what to do: run `make setup`") from error
    return LocalWorkspace(
        work_dir=str(project.root),
        pulumi_command=command,
        env_vars={DRIVER_VARIABLE: driver_mark(), "PULUMI_SKIP_UPDATE_CHECK": "true"},
    )


def open_stack(project: Project, environment: str, *, create: bool) -> Stack | None:
    """The stack of an environment.

    Args:
        project: The project.
        environment: Name of the environment.
        create: Whether to make the stack when there is none.

    Returns:
        The stack; None if there is none and `create` is False.

    Raises:
        EngineError: The engine is missing, or the backend or the state cannot be used.
    """
    workspace = open_workspace(project)
    try:
        if create:
            workspace.secrets_provider = _secrets_provider(project, environment)
            return Stack.create_or_select(environment, workspace)
        return Stack.select(environment, workspace)
    except StackNotFoundError:
        return None
    except CommandError as error:
        raise EngineError(explain((), str(error), environment)) from error


def _secrets_provider(project: Project, environment: str) -> str | None:
    """What encrypts the secrets of an environment's state as its file says; without it, Pulumi would take a passphrase.

    A new stack is not told by its file alone: the engine replaces what stands there by the provider it is given.
    """
    path = project.stack_file(environment)
    document = read_yaml(path, inside=project.stacks, shown=project.relative(path))
    provider = document.data.get("secretsprovider") if isinstance(document.data, dict) else None
    return provider if isinstance(provider, str) else None


def export_state(stack: Stack) -> dict[str, Any]:
    """The stack's state as JSON, `{"version": ..., "deployment": {...}}`; secrets stay encrypted.

    Raises:
        EngineError: The state cannot be read.
    """
    try:
        result = run_command(stack, ["stack", "export"])
    except CommandError as error:
        raise EngineError(explain((), str(error), stack.name)) from error
    state: dict[str, Any] = json.loads(result)
    return state


def import_state(stack: Stack, state: dict[str, Any], file: Path) -> None:
    """Make `state` the stack's state.

    Args:
        stack: The stack.
        state: As from `export_state`.
        file: Where to put it for the engine; it is removed afterwards.

    Raises:
        EngineError: The engine refuses it.
    """
    try:
        with files_of(stack.name):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(state), encoding="utf-8")
        run_command(stack, ["stack", "import", "--file", str(file)])
    except CommandError as error:
        raise EngineError(explain((), str(error), stack.name)) from error
    finally:
        file.unlink(missing_ok=True)


def run_command(stack: Stack, arguments: list[str]) -> str:
    """Run the engine's command line for a stack and return what it printed.

    Raises:
        CommandError: It failed.
    """
    workspace = stack.workspace
    result = workspace.pulumi_command.run(
        [*arguments, "--stack", stack.name], workspace.work_dir, dict(workspace.env_vars)
    )
    return str(result.stdout)
