"""The AWS provider that was built from the sources of this work tree, as a process that answers Pulumi's protocol."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import platformdirs
import pytest
from pulumi.runtime.proto import provider_pb2_grpc

from toolchain.cache import Cache
from toolchain.parts import all_parts
from toolchain.sources.build import inputs_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

_CACHE = Path(os.environ.get("SLIPWAY_CACHE_DIR") or platformdirs.user_cache_dir("slipway"))
_NO_BUILD = (
    "the AWS provider was not built from the sources of this work tree: "
    "run `SLIPWAY_TOOLCHAIN=build slipway toolchain install`"
)
_LARGEST_MESSAGE = 1 << 28
_NO_ENGINE = "127.0.0.1:1"
"""The provider calls the engine at this address only to log."""


@contextmanager
def running_provider() -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """Start the provider and connect to it; the test is skipped where there is no such build."""
    part = next(part for part in all_parts() if part.name == "aws-provider")
    built = Cache(_CACHE).find_inputs(part.name, part.version, inputs_digest(part))
    if built is None or built.entry.source != "build":
        pytest.skip(_NO_BUILD)
    command = [built.path / part.binary, _NO_ENGINE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            options = [("grpc.max_receive_message_length", _LARGEST_MESSAGE)]
            with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
                yield provider_pb2_grpc.ResourceProviderStub(channel)
        finally:
            process.terminate()
