"""Builds packages that are not in the cache, several at a time."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
import time
from typing import TYPE_CHECKING

from slipway.artifacts.bundle import bundle, bundle_digest
from slipway.artifacts.failures import combined, workers
from slipway.artifacts.inputs import Collector
from slipway.artifacts.package import write_package
from slipway.artifacts.store import Store
from slipway.core.errors import BadInputError, SlipwayError
from slipway.core.paths import cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import Any

    from slipway.artifacts.inputs import PackageInputs
    from slipway.artifacts.store import Stored
    from slipway.core.loaded import LoadedFunction
    from slipway.core.project import Project


@dataclasses.dataclass(frozen=True, slots=True)
class Built:
    """A package that lies in the cache.

    Attributes:
        function: Name of the function.
        package: The cache entry; `package.path` is the zip.
        built: Whether it was built now; False when it was there.
        seconds: How long that took.
    """

    function: str
    package: Stored
    built: bool
    seconds: float

    @property
    def unzipped(self) -> int:
        """Bytes that it has unzipped."""
        return int(self.package.facts["unzipped"])

    @property
    def warnings(self) -> list[str]:
        """What the installer warned about, such as a yanked version."""
        return list(self.package.facts["warnings"])


def collect_all(project: Project, functions: Iterable[LoadedFunction]) -> dict[str, PackageInputs]:
    """The inputs of many functions' packages, by name; functions that bring an image have none.

    Raises:
        BadInputError: Files of some cannot be packaged; all of them are named.
    """
    collector = Collector(project)
    try:
        return collect_by(collector, functions)
    finally:
        collector.save()


def collect_by(collector: Collector, functions: Iterable[LoadedFunction]) -> dict[str, PackageInputs]:
    """The same as `collect_all`, by a collector that may know something already; saves nothing."""
    found: dict[str, PackageInputs] = {}
    failures: list[SlipwayError] = []
    for function in functions:
        manifest = function.manifest
        if manifest.runtime == "container":
            continue
        try:
            found[function.name] = collector.collect(
                function.directory,
                runtime=manifest.runtime,
                architecture=manifest.architecture,
                plain=function.signature == "lambda",
                includes=manifest.includes,
            )
        except BadInputError as error:
            failures.append(error)
    if failures:
        raise combined(failures)
    return found


class Builder:
    """Builds packages of a project into the user's cache; safe to use from several threads.

    Args:
        project: The project.
        cache: The user's cache folder; None takes `slipway.core.paths.cache_dir()`.
    """

    def __init__(self, project: Project, cache: Path | None = None) -> None:
        cache = cache or cache_dir()
        self._root = project.root
        self.packages = Store(cache / "packages")
        self.bundles = Store(cache / "bundles")
        self._lock = threading.Lock()
        self._verified: set[str] = set()

    def build(self, inputs: PackageInputs, *, verify: bool = False) -> Built:
        """The package of these inputs, from the cache or built now.

        Args:
            inputs: What goes in.
            verify: Read all of a cached package to be sure of its bytes; do so before it leaves the machine.

        Raises:
            BadInputError: The package cannot be built from what the developer gave.
            SlipwayError: The index, the network or the disk failed.
        """
        started = time.monotonic()

        def write(path: Path) -> dict[str, Any]:
            return write_package(inputs, self._bundle(inputs), path)

        package, built = self.packages.get_or_build(inputs.digest, write, verify=verify)
        return Built(inputs.function, package, built, time.monotonic() - started)

    def build_all(
        self, wanted: Iterable[PackageInputs], *, done: Callable[[Built], None] | None = None, jobs: int | None = None
    ) -> list[Built]:
        """Build many packages at a time; one that fails does not stop the others.

        Args:
            wanted: Inputs of each.
            done: Called with each package as soon as it is there, in no particular order, one call at a time.
            jobs: How many at a time; None takes the number of processors.

        Returns:
            The packages, in the order of `wanted`.

        Raises:
            BadInputError: With the findings of all that failed.
            SlipwayError: The first failure that was not the developer's.
        """
        pending = list(wanted)
        # What is there costs no thread.
        ready = {inputs.digest: entry for inputs in pending if (entry := self.packages.find(inputs.digest)) is not None}
        results: dict[int, Built] = {}
        failures: list[SlipwayError] = []

        def finish(index: int, result: Built) -> None:
            results[index] = result
            if done is not None:
                done(result)

        with workers(jobs) as pool:
            futures = {}
            for index, inputs in enumerate(pending):
                if inputs.digest in ready:
                    finish(index, Built(inputs.function, ready[inputs.digest], built=False, seconds=0.0))
                else:
                    futures[pool.submit(self.build, inputs)] = index
            for future in concurrent.futures.as_completed(futures):
                try:
                    finish(futures[future], future.result())
                except SlipwayError as error:
                    failures.append(error)
        if failures:
            raise combined(failures)
        return [results[index] for index in range(len(pending))]

    def _bundle(self, inputs: PackageInputs) -> Stored | None:
        if inputs.lock is None:
            return None
        digest = bundle_digest(inputs)
        with self._lock:
            verify = digest not in self._verified
        found = bundle(inputs, store=self.bundles, cwd=self._root, verify=verify)
        with self._lock:
            self._verified.add(digest)
        return found
