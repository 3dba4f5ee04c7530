"""Preview CPU of 1,000 resources: judged by the policy pack against not judged."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import yaml

from benchmarks.echo_provider import serving
from benchmarks.harness import Measurement, command_cpu, compare
from benchmarks.stacks import ROOT, functions_for, stack
from policies.rules import all_rules

if TYPE_CHECKING:
    from benchmarks.stacks import Stack

ID = "B14"
TARGET = 1.75
_RESOURCES = 1000
_ROUNDS = 3


def measure() -> Measurement:
    """CPU seconds of engine, language host, program and policies; the provider is not counted."""
    functions = functions_for(_RESOURCES)
    with serving() as provider, stack("ours", functions, provider) as ours:
        _take_pack(ours)
        compared = compare(lambda: _preview(ours, "--policy-pack", "policies"), lambda: _preview(ours), rounds=_ROUNDS)
    return Measurement(
        ratio=compared.ratio,
        note=f"{functions} functions, about {_RESOURCES} resources, {len(all_rules())} rules: {compared.describe()}",
    )


def _preview(ours: Stack, *arguments: str) -> float:
    return command_cpu(ours.command("preview", "--stack", "bench", *arguments), cwd=ours.folder, env=ours.env)


def _take_pack(ours: Stack) -> None:
    """Put the pack beside the program, with every rule advisory: a benchmark's program need not be allowed."""
    shutil.copytree(ROOT / "policies", ours.folder / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    (ours.folder / ".venv").symlink_to(sys.prefix)
    (ours.folder / "stacks").mkdir()
    settings = {"rules": {rule.id: "advisory" for rule in all_rules()}}
    text = yaml.safe_dump({"config": {"slipway:policy": settings}})
    (ours.folder / "stacks" / "Pulumi.bench.yaml").write_text(text, encoding="utf-8")
