"""How events reach a function: again and again with growing pauses, and into the dead letters at last."""

from __future__ import annotations

from typing import Any

from components.knative.site import DEAD_LETTERS, Site


def subscriber(function: str) -> dict[str, Any]:
    """The function as the receiver of events."""
    return {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": function}}


def delivery(site: Site, function: str) -> dict[str, Any]:
    """Retries and dead letters of everything that is delivered to a function.

    Args:
        site: Where it lies.
        function: Name of the function; its dead letters are kept under it.
    """
    return {
        "retry": site.knative.retry_attempts,
        "backoffPolicy": "exponential",
        "backoffDelay": site.knative.retry_backoff,
        "deadLetterSink": {"uri": f"{site.internal(DEAD_LETTERS)}/{function}"},
    }
