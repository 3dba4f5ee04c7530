"""Where images lie in a registry, and how they get there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.artifacts.images.crane import ImageMissingError, RepositoryMissingError, run_crane

if TYPE_CHECKING:
    from pathlib import Path

_TAG_LENGTH = 32


def reference(registry: str, function: str, digest: str) -> str:
    """What an image is deployed by, known before it is pushed.

    Args:
        registry: Registry with an optional path, `registry.example.com/team/functions`.
        function: Name of the function, which is the last part of the repository.
        digest: Digest of the image, `sha256:...`.
    """
    return f"{registry.rstrip('/')}/{function}@{digest}"


def push(layout: Path, reference: str) -> bool:
    """Bring an image to its registry, unless it is there.

    It also gets a tag made of its digest, because some registries clean up what has none.

    Args:
        layout: The image, in the OCI image layout.
        reference: `reference` of it.

    Returns:
        Whether it was pushed now.

    Raises:
        ImageRegistryError: The registry cannot be reached, or refused.
        EngineError: There is no crane.
    """
    if is_there(reference):
        return False
    repository, _, digest = reference.partition("@")
    run_crane(["push", str(layout), f"{repository}:{digest.partition(':')[2][:_TAG_LENGTH]}"], about=reference)
    return True


def is_there(reference: str) -> bool:
    """Whether a registry has an image, by its digest.

    Raises:
        ImageRegistryError: The registry cannot be reached, or refused.
        EngineError: There is no crane.
    """
    try:
        run_crane(["digest", reference], about=reference)
    except (ImageMissingError, RepositoryMissingError):
        # Many registries make a repository when it is first pushed to; those that do not say so then.
        return False
    return True
