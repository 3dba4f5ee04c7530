"""Base images, pinned by digest: the embedded cluster's in the cache, others pulled once and kept by digest."""

from __future__ import annotations

import dataclasses
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from slipway.artifacts.images.crane import ImageMissingError, run_crane
from slipway.artifacts.images.oci import ARCHITECTURES, read_layout
from slipway.artifacts.store import SCRATCH, writing_to
from slipway.core.errors import BadInputError
from slipway.core.paths import cache_dir

if TYPE_CHECKING:
    from slipway.artifacts.images.oci import Image

_PINNED = re.compile(r"[a-z0-9][A-Za-z0-9._:/-]*@sha256:(?P<hex>[0-9a-f]{64})")
_EMBEDDED = "base-{runtime}"


@dataclasses.dataclass(frozen=True, slots=True)
class Base:
    """A base image that lies on this machine.

    Attributes:
        name: Its reference, or what the embedded cluster calls it.
        layout: The folder that holds it, in the OCI image layout.
        image: What is in it.
    """

    name: str
    layout: Path
    image: Image

    @property
    def digest(self) -> str:
        """Digest of its manifest, `sha256:...`."""
        return self.image.digest


class Bases:
    """Finds base images, from the cache where they are.

    Args:
        cache: The user's cache folder; None takes `slipway.core.paths.cache_dir()`.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self.folder = (cache or cache_dir()) / "images"

    def find(self, reference: str | None, *, runtime: str, architecture: str) -> Base:
        """The base image of a runtime.

        Args:
            reference: `registry/name@sha256:...` from the environment's settings; None takes the embedded cluster's.
            runtime: `python3.11`, ...
            architecture: `x86_64` or `arm64`.

        Raises:
            BadInputError: It is not pinned, does not exist, or is for another architecture.
            ImageRegistryError: Its registry cannot be reached, or refuses.
            EngineError: It must be pulled and there is no crane.
            CacheError: The cache folder cannot be written.
        """
        if reference is None:
            layout = self.folder / _EMBEDDED.format(runtime=runtime)
            name = layout.name
            if not (layout / "index.json").is_file():
                raise BadInputError(_missing(runtime))
        else:
            name, layout = reference, self._pulled(reference, architecture)
        image = read_layout(layout)
        if image.architecture != ARCHITECTURES[architecture]:
            found = f"base image {name} of {runtime} is for {image.architecture or 'an unknown architecture'}"
            raise BadInputError(f"{found}, found functions for {architecture}; name one for it in slipway:images")
        return Base(name, layout, image)

    def _pulled(self, reference: str, architecture: str) -> Path:
        found = _PINNED.fullmatch(reference)
        if found is None:
            text = f"base image {reference} is not pinned; write it as repository@sha256:<64 hex digits>"
            raise BadInputError(f"{text} (`crane digest` tells)")
        layout = self.folder / "bases" / f"{found['hex']}-{architecture}"
        if (layout / "index.json").is_file():
            return layout
        with writing_to(layout.parent):
            locks = layout.parent / "locks"
            locks.mkdir(parents=True, exist_ok=True)
            with FileLock(locks / f"{found['hex'][:2]}.lock", thread_local=False):
                if not (layout / "index.json").is_file():
                    self._pull(reference, ARCHITECTURES[architecture], layout)
        return layout

    def _pull(self, reference: str, architecture: str, layout: Path) -> None:
        with tempfile.TemporaryDirectory(dir=layout.parent, prefix=SCRATCH, ignore_cleanup_errors=True) as scratch:
            fresh = Path(scratch) / "layout"
            words = ["pull", "--format=oci", f"--platform=linux/{architecture}", reference, str(fresh)]
            try:
                run_crane(words, about=reference)
            except ImageMissingError as error:
                raise ImageMissingError(f"{error}; base images are named in slipway:images of stacks/") from error
            shutil.rmtree(layout, ignore_errors=True)  # one without an index is half of one
            fresh.replace(layout)


def _missing(runtime: str) -> str:
    if runtime == "python3.11":
        return (
            f"base image of {runtime} is not on this machine; run `slipway cluster up`, which makes it, or name one by "
            f"digest in slipway:images: {{base: {{{runtime}: ...}}}}"
        )
    return (
        f"there is no base image for {runtime}; name one by digest in slipway:images: {{base: {{{runtime}: ...}}}} of "
        "the environment, or write runtime: python3.11, for which the embedded cluster brings one"
    )
