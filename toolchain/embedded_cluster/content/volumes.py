"""The persistent volumes: folders of the machine, so that data outlives pods and restarts of the cluster."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from toolchain.embedded_cluster.content.manifests import Document
    from toolchain.embedded_cluster.context import Context

CLASS = "standard"
COUNT = 32
_SIZE = "10Gi"
"""What a volume says that it holds; nothing enforces it."""
_NAMES = tuple(f"slipway-{number:02}" for number in range(COUNT))


def documents(folder: Path) -> list[Document]:
    """The volumes that claims of the class `standard` are bound to."""
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": _SIZE},
                "hostPath": {"path": str(folder / name), "type": "Directory"},
                "persistentVolumeReclaimPolicy": "Retain",
                "storageClassName": CLASS,
            },
        }
        for name in _NAMES
    ]


def make_folders(folder: Path) -> None:
    """Make the volumes' folders; any user of a pod may write there, as on a volume with a group of its own."""
    for name in _NAMES:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name).chmod(0o777)


def give_back(context: Context) -> None:
    """Empty the volumes whose claims are gone and make them free again; put back folders that are gone.

    Raises:
        EmbeddedClusterError: The API server does not answer.
    """
    make_folders(context.volumes)
    listed = context.api.get("/api/v1/persistentvolumes")
    for volume in listed["items"] if listed else ():
        name = volume["metadata"]["name"]
        if name not in _NAMES or volume.get("status", {}).get("phase") != "Released":
            continue
        shutil.rmtree(context.volumes / name, ignore_errors=True)
        make_folders(context.volumes)
        context.kubectl("patch", "persistentvolume", name, "--type=merge", '--patch={"spec":{"claimRef":null}}')
