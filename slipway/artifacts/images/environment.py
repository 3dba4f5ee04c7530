"""Images of an environment's functions: which image each runs, built where that is not given, and how it gets there."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import time
from typing import TYPE_CHECKING

from slipway.artifacts.failures import combined, workers
from slipway.artifacts.images.bases import Bases
from slipway.artifacts.images.builder import ImageBuilder
from slipway.artifacts.images.containerfile import ContainerBuilder, needs_base
from slipway.artifacts.images.oci import read_layout
from slipway.artifacts.images.programs import dead_letters
from slipway.artifacts.images.registry import push, reference
from slipway.artifacts.inputs import Collector
from slipway.core.errors import BadInputError, EngineError, SlipwayError
from slipway.core.sinks import sinks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from slipway.artifacts.images.bases import Base
    from slipway.artifacts.images.layouts import BuiltImage, Layouts
    from slipway.artifacts.inputs import PackageInputs
    from slipway.artifacts.store import Store
    from slipway.core.loaded import LoadedFunction
    from slipway.core.project import Project
    from slipway.core.settings import Settings

CONTAINER_RUNTIME = "python3.11"
"""Runtime whose base image Containerfiles stand on."""
LOG_AGENT = "log-agent"
"""Name of the log agent's image, in the cache and in registries."""
KNATIVE = "knative"
"""Target whose functions all run as images."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that a function runs.

    Attributes:
        function: Name of the function.
        reference: `repository@sha256:...`, known before it is pushed.
        layout: The folder that holds it, in the OCI image layout; None for one that function.yaml names.
        built: Whether it was built now.
        seconds: How long that took.
    """

    function: str
    reference: str
    layout: Path | None = None
    built: bool = False
    seconds: float = 0.0

    @property
    def digest(self) -> str:
        """Digest of its manifest, 64 hex digits."""
        return self.reference.rpartition("sha256:")[2]

    def publish(self) -> str:
        """Have it in its registry, unless it is somebody else's.

        Returns:
            Its reference.

        Raises:
            EngineError: The registry cannot be reached, or refused; the message names the function.
        """
        if self.layout is not None:
            try:
                push(self.layout, self.reference)
            except SlipwayError as error:
                raise EngineError(f"function {self.function!r}: its image cannot be pushed: {error}") from error
        return self.reference


class EnvironmentImages:
    """Builds the images of one environment into the user's cache; safe to use from several threads.

    Args:
        project: The project.
        settings: Settings of the environment.
        cache: The user's cache folder; None takes `slipway.core.paths.cache_dir()`.
    """

    def __init__(self, project: Project, settings: Settings, cache: Path | None = None) -> None:
        self._project, self._settings, self._cache = project, settings, cache
        self._builder = ImageBuilder(project, cache)
        self._containers = ContainerBuilder(cache)
        self._bases = Bases(cache)

    @property
    def stores(self) -> dict[str, Layouts | Store]:
        """Parts of the cache that grow with images and can be pruned, by what they hold."""
        return {"images": self._builder.layouts, "layers": self._builder.layers}

    def build_all(
        self,
        functions: Mapping[str, LoadedFunction],
        inputs: Mapping[str, PackageInputs],
        done: Callable[[Image], None] | None = None,
    ) -> dict[str, Image]:
        """The images of functions that run as one, several at a time; one that fails does not stop the others.

        Args:
            functions: Functions of the environment, by name; those that run as packages are passed over.
            inputs: What their packages and images are made of, by name; containers have none.
            done: Called with each image as soon as it is there, in no particular order, one call at a time.

        Returns:
            The images, by name of the function, sorted.

        Raises:
            BadInputError: With the findings of all that failed.
            SlipwayError: The first failure that was not the developer's.
        """
        found: dict[str, Image] = {}
        failures: list[SlipwayError] = []
        with workers() as pool:
            futures = {
                pool.submit(self._image, function, inputs.get(name)): name
                for name, function in functions.items()
                if runs_as_image(function, self._settings)
            }
            for future in concurrent.futures.as_completed(futures):
                try:
                    image = found[futures[future]] = future.result()
                except SlipwayError as error:
                    failures.append(error)
                else:
                    if done is not None:
                        done(image)
        if failures:
            raise combined(failures)
        return dict(sorted(found.items()))

    def _image(self, function: LoadedFunction, inputs: PackageInputs | None) -> Image:
        manifest = function.manifest
        if manifest.image is not None:
            return Image(function=function.name, reference=manifest.image)
        if inputs is not None:
            return self._of_inputs(inputs)
        started = time.monotonic()
        collector = Collector(self._project, self._cache)
        folder = collector.container(function.directory, architecture=manifest.architecture, includes=manifest.includes)
        collector.save()
        base = self._base(CONTAINER_RUNTIME, manifest.architecture) if needs_base(folder) else None
        return self._image_of(function.name, self._containers.build(folder, base), started)

    def _of_inputs(self, inputs: PackageInputs) -> Image:
        started = time.monotonic()
        base = self._base(inputs.runtime, inputs.architecture)
        return self._image_of(inputs.function, self._builder.build(inputs, base), started)

    def _base(self, runtime: str, architecture: str) -> Base:
        given = {str(name): image for name, image in self._settings.images.base.items()}.get(runtime)
        return self._bases.find(given, runtime=runtime, architecture=architecture)

    @functools.cached_property
    def log_agent(self) -> Image:
        """The image of the log agent: the one that the settings name, or on the embedded cluster what that brings.

        Raises:
            BadInputError: There is none.
        """
        knative = self._settings.knative
        assert knative is not None
        if knative.collector is not None:
            return Image(function=LOG_AGENT, reference=knative.collector)
        layout = self._bases.folder / LOG_AGENT
        if not knative.embedded:
            where = f"stacks/Pulumi.{self._settings.environment}.yaml"
            raise BadInputError(
                f"{where}: functions on Knative have log sinks, and there is no image of the log agent; "
                "set slipway:images: {collector: repository@sha256:...}, docs/sinks.md says how to make one"
            )
        if not (layout / "index.json").is_file():
            raise BadInputError("the image of the log agent is not on this machine; run `slipway cluster up`")
        return Image(
            function=LOG_AGENT,
            reference=reference(knative.registry, LOG_AGENT, read_layout(layout).digest),
            layout=layout,
        )

    def _image_of(self, name: str, image: BuiltImage, started: float) -> Image:
        knative = self._settings.knative
        registry = knative.registry if knative else self._settings.registry
        if not registry:
            text = f"function {name!r}: its image is built here, and the environment names no registry to push it to"
            raise BadInputError(f"{text}; set slipway:registry")
        return Image(
            function=name,
            reference=reference(registry, name, image.digest),
            layout=image.layout,
            built=image.built,
            seconds=time.monotonic() - started,
        )

    @functools.cached_property
    def dead_letters(self) -> Image:
        """The image of the service that keeps dead letters; raises as `build_all` does."""
        return self._of_inputs(dead_letters(self._project, cache=self._cache))


def needs_log_agent(functions: Iterable[LoadedFunction], settings: Settings) -> bool:
    """Whether logs of some function on Knative go to a sink."""
    return any(function.target_in(settings) == KNATIVE and bool(sinks_of(function, settings)) for function in functions)


def runs_as_image(function: LoadedFunction, settings: Settings) -> bool:
    """Whether a function is deployed as an image: containers everywhere, everything on Knative."""
    return function.manifest.runtime == "container" or function.target_in(settings) == KNATIVE


def needs_dead_letters(functions: Iterable[LoadedFunction], settings: Settings) -> bool:
    """Whether events of some function can become dead letters on Knative."""
    return any(
        function.target_in(settings) == KNATIVE and len(function.manifest.http) < len(function.manifest.events)
        for function in functions
    )
