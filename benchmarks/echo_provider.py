"""An AWS provider that answers every resource with its own inputs, in the process of the benchmark.

The engine attaches to it (PULUMI_DEBUG_PROVIDERS), so that its CPU belongs to neither side of a comparison: what is
measured is the program and the engine. No cloud and no emulator is involved.
"""

from __future__ import annotations

import collections
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMIT = 400 * 1024 * 1024

# What a service computes and programs read; every other property is an input that comes back.
_COMPUTED = ("arn", "keyId", "version", "functionUrl", "url")


class EchoProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Creates nothing and remembers what it was asked for.

    Attributes:
        port: Port on loopback.
        checked: How many resources of each type were checked since `forget`.
    """

    def __init__(self) -> None:
        self.port = 0
        self.checked: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Start counting anew."""
        with self._lock:
            self.checked.clear()

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's names
        """Say what is understood."""
        del request, context
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Version of the official provider that it stands for."""
        del request, context
        return plugin_pb2.PluginInfo(version="7.21.0")

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Nothing to attach to."""
        del request, context
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Accept any configuration."""
        del context
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Never a difference."""
        del request, context
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Take the configuration."""
        del request, context
        return provider_pb2.ConfigureResponse(
            acceptSecrets=False, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Accept any inputs and count the resource."""
        del context
        with self._lock:
            self.checked[request.type] += 1
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A difference when the inputs differ."""
        del context
        same = request.old_inputs == request.news
        kind = provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=kind)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The inputs, and outside of previews what a service would compute."""
        del context
        properties = struct_pb2.Struct()
        properties.CopyFrom(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=properties)
        for name in _COMPUTED:
            if name not in properties:
                properties[name] = f"{name}-of-{request.name}"
        return provider_pb2.CreateResponse(id=request.name, properties=properties)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Nothing to delete."""
        del request, context
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Nothing to cancel."""
        del request, context
        return empty_pb2.Empty()


@contextlib.contextmanager
def serving() -> Iterator[EchoProvider]:
    """A provider that listens on loopback until the block ends."""
    provider = EchoProvider()
    options = [("grpc.max_receive_message_length", _LIMIT), ("grpc.max_send_message_length", _LIMIT)]
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    provider.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield provider
    finally:
        server.stop(grace=None).wait()
