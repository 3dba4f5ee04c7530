"""Runs `program.py` beside it and writes to BENCH_CALLS how many calls of each kind it made to the engine."""

import atexit
import collections
import json
import os
import runpy
from collections.abc import Callable  # noqa: TC003 - a program, not a library
from pathlib import Path
from typing import Any

from pulumi.runtime import settings

CALLS: collections.Counter[str] = collections.Counter()


def count(stub: Any, method: str) -> None:
    """Count the calls of a method of the SDK's connection to the engine."""
    call: Callable[..., Any] = getattr(stub, method)

    def counted(*args: Any, **kwargs: Any) -> Any:
        CALLS[method] += 1
        return call(*args, **kwargs)

    setattr(stub, method, counted)


count(settings.get_engine(), "Log")
count(settings.get_monitor(), "RegisterResource")
atexit.register(lambda: Path(os.environ["BENCH_CALLS"]).write_text(json.dumps(CALLS), encoding="utf-8"))
runpy.run_path(str(Path(__file__).with_name("program.py")), run_name="__main__")
