"""Runs the Pulumi program of a project against an engine that does nothing but remember; started by `declared`."""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc, stack

_PROGRAM = "__main__.py"
_NOT_TOLD = (rpc.UNKNOWN, rpc._special_secret_sig)  # noqa: SLF001 - the SDK's own mark of a secret


class Remembering(mocks.Mocks):
    """Answers as if everything existed under the names that it was given.

    Attributes:
        made: What was registered: type, name and, of what is on AWS, the inputs that are known and no secrets.
    """

    def __init__(self, partition: str, account: str) -> None:
        self.made: list[dict[str, Any]] = []
        self._policies = f"arn:{partition}:iam::{account}:policy/"

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Note a resource; its id is its name, and a policy has the ARN that follows from that."""
        told = args.inputs if args.typ.startswith("aws:") else {}
        inputs = {key: value for key, value in told.items() if not any(mark in repr(value) for mark in _NOT_TOLD)}
        self.made.append({"type": args.typ, "name": args.name, "inputs": inputs})
        name = next((inputs[key] for key in ("name", "bucket") if isinstance(inputs.get(key), str)), args.name)
        computed = {"arn": self._policies + name} if args.typ == "aws:iam/policy:Policy" else {}
        return name, {**args.inputs, **computed}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """Nothing is looked up: what a program would be told is not known."""
        del args
        return {}, None


def main(environment: str, target: Path, partition: str, account: str) -> None:
    """Run the program and write what it registered.

    Args:
        environment: Name of the stack.
        target: File for the result.
        partition: Partition of AWS that it is in.
        account: Account of AWS that it is in.
    """
    engine = Remembering(partition, account)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # the SDK makes outputs of this loop before the program runs
    mocks.set_mocks(engine, project="slipway", stack=environment, preview=True)
    loop.run_until_complete(stack.run_pulumi_func(_run))
    target.write_text(json.dumps(engine.made, default=str), encoding="utf-8")


def _run() -> None:
    runpy.run_path(_PROGRAM, run_name="__main__")


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
    except pulumi.RunError as error:
        sys.exit(str(error))
