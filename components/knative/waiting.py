"""How the engine waits for objects of Knative.

The Kubernetes provider knows when a Deployment is done but nothing of custom resources; it waits for what an annotation
names. A condition by its name (`condition=Ready`) is met by the answer to the previous generation; a JSON path is not:
the provider compares `status.observedGeneration` first.
"""

from __future__ import annotations

import json

WAIT_FOR = "pulumi.com/waitFor"
PATCH_FORCE = "pulumi.com/patchForce"
READY = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True'


def wait_for(*paths: str) -> dict[str, str]:
    """The annotation that makes the provider wait until the object is ready and all of these paths are true.

    Args:
        paths: Further JSON paths with their values, `jsonpath={.status.x}=y`.
    """
    return {WAIT_FOR: json.dumps([*paths, READY]) if paths else READY}


def forced() -> dict[str, str]:
    """The annotation that makes the provider take over fields that somebody else has set since."""
    return {PATCH_FORCE: "true"}
