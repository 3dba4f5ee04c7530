"""Warm sandboxes of all function versions: reuse, bounds of concurrency, and their end."""

from __future__ import annotations

import collections
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.embedded_aws import runner
from toolchain.embedded_aws.errors import EmbeddedAwsError
from toolchain.embedded_aws.packages import PackageStore
from toolchain.embedded_aws.sandbox import Files, Sandbox, SandboxGoneError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolchain.embedded_aws.config import Config
    from toolchain.embedded_aws.functions import DeployedFunction
    from toolchain.embedded_aws.outcomes import Outcome
    from toolchain.embedded_aws.runtime_api import Invocation

ACCOUNT_CONCURRENCY = 64
"""Invocations at once of all functions without reserved concurrency; AWS gives an account 1000."""


class ThrottledError(Exception):
    """The function, or the account, runs as many invocations as it may; the message is Lambda's reason."""


class CannotRunError(EmbeddedAwsError):
    """What is deployed cannot be run here: an image, a runtime that is missing, a broken package."""


class SandboxPool:
    """Runs invocations in warm processes."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._packages = PackageStore(config.state / "packages")
        self._scratch = config.state / "tmp"
        self._bytecode = config.state / "bytecode"
        self._lock = threading.Lock()
        self._idle: dict[str, list[Sandbox]] = collections.defaultdict(list)
        self._busy: set[Sandbox] = set()
        self._running: collections.Counter[str] = collections.Counter()
        self._packages.clear()
        for left_over in (self._scratch, self._bytecode):
            shutil.rmtree(left_over, ignore_errors=True)

    def run(self, function: DeployedFunction, invocation: Invocation) -> Outcome:
        """Run one invocation, in a warm sandbox if there is one.

        Raises:
            ThrottledError: As many invocations run as the function or the account may have.
            CannotRunError: The function cannot be run by the embedded AWS.
        """
        if function.package_type != "Zip":
            raise CannotRunError(
                f"{function.name} is an image package, which cannot be run by the embedded AWS; "
                f"deploy it to an AWS account to invoke it"
            )
        with self._place(function):
            while True:
                sandbox = self._take(function)
                try:
                    return sandbox.invoke(invocation)
                except SandboxGoneError:
                    sandbox.stop()
                finally:
                    self._give_back(function, sandbox)

    def reap(self) -> None:
        """Stop sandboxes that were idle for long, those of versions that were replaced among them."""
        oldest = time.monotonic() - self._config.idle_s
        with self._lock:
            idle = [sandbox for sandboxes in self._idle.values() for sandbox in sandboxes]
            gone = [sandbox for sandbox in idle if sandbox.idle_since < oldest or not sandbox.alive]
            for fingerprint, sandboxes in list(self._idle.items()):
                self._idle[fingerprint] = [sandbox for sandbox in sandboxes if sandbox not in gone]
                if not self._idle[fingerprint]:
                    del self._idle[fingerprint]
        for sandbox in gone:
            sandbox.stop()

    def close(self) -> None:
        """Stop all sandboxes, also those that run an invocation."""
        with self._lock:
            sandboxes = [*self._busy, *(sandbox for idle in self._idle.values() for sandbox in idle)]
            self._idle.clear()
        for sandbox in sandboxes:
            sandbox.stop()

    @contextmanager
    def _place(self, function: DeployedFunction) -> Iterator[None]:
        reserved = function.concurrency is not None
        counter = function.key if reserved else ""
        limit = function.concurrency if function.concurrency is not None else ACCOUNT_CONCURRENCY
        with self._lock:
            if self._running[counter] >= limit:
                kind = "ReservedFunctionConcurrentInvocation" if reserved else "ConcurrentInvocation"
                raise ThrottledError(f"{kind}LimitExceeded")
            self._running[counter] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[counter] -= 1

    def _take(self, function: DeployedFunction) -> Sandbox:
        fingerprint = function.fingerprint()
        with self._lock:
            while self._idle[fingerprint]:
                sandbox = self._idle[fingerprint].pop()
                if sandbox.alive:
                    self._busy.add(sandbox)
                    return sandbox
        sandbox = self._start(function)
        with self._lock:
            self._busy.add(sandbox)
        return sandbox

    def _give_back(self, function: DeployedFunction, sandbox: Sandbox) -> None:
        with self._lock:
            self._busy.discard(sandbox)
            if sandbox.alive:
                self._idle[function.fingerprint()].append(sandbox)

    def _start(self, function: DeployedFunction) -> Sandbox:
        owner = f"function {function.name}"
        try:
            python = runner.interpreter(function.runtime, self._config.cache)
            task = self._packages.unpack(function.content, function.code_sha256, owner)
            layers = [self._packages.unpack(layer.content, layer.sha256, layer.arn) for layer in function.layers]
            self._scratch.mkdir(parents=True, exist_ok=True)
            files = Files(
                python=python,
                task=task,
                layers=tuple(reversed(layers)),
                scratch=Path(tempfile.mkdtemp(dir=self._scratch)),
                bytecode=self._bytecode / task.name,
            )
            return Sandbox(function, files, self._environment(function), self._config.init_timeout_s)
        except (EmbeddedAwsError, OSError) as error:
            raise CannotRunError(f"{owner}: {error}") from error

    def _environment(self, function: DeployedFunction) -> dict[str, str]:
        """What points SDKs inside a function at the embedded AWS."""
        return {
            "AWS_ACCESS_KEY_ID": self._config.access_key,
            "AWS_SECRET_ACCESS_KEY": self._config.secret_key,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_REGION": function.region,
            "AWS_ENDPOINT_URL": self._config.api_url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
