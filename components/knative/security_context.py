"""What no container may do, whatever its image says: Kubernetes' restricted profile, and a read-only file system."""

from __future__ import annotations

from typing import Any

USER = 65532
"""The user without any rights in images of functions."""


def container_security() -> dict[str, Any]:
    """Security context of a container."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def namespace_labels() -> dict[str, str]:
    """Labels by which Kubernetes itself refuses pods that ask for more, and says so to whoever tries."""
    found: dict[str, str] = {}
    for mode in ("enforce", "warn", "audit"):
        label = f"pod-security.kubernetes.io/{mode}"
        found |= {label: "restricted", f"{label}-version": "latest"}
    return found
