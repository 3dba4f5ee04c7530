"""What a real API server says about objects that are not kept: `said = ask(document)`."""

import base64
import dataclasses
import json
import tempfile

import requests
import yaml

from policies.judge.values import UNKNOWN, leaves


@dataclasses.dataclass(frozen=True)
class Said:
    """An answer.

    Attributes:
        admitted: Whether the object would have been made.
        message: Why it was refused, or what came with it as a warning.
    """

    admitted: bool
    message: str


class Gate:
    """The API server of a cluster, asked by `dryRun`: nothing is ever made."""

    def __init__(self, kubeconfig):
        access = yaml.safe_load(kubeconfig.read_text())
        cluster, user = access["clusters"][0]["cluster"], access["users"][0]["user"]
        self._server = cluster["server"]
        self._session = requests.Session()
        self._session.trust_env = False  # it would bring certificates of its own
        self._session.verify = _file(cluster["certificate-authority-data"])
        self._session.cert = (_file(user["client-certificate-data"]), _file(user["client-key-data"]))

    def ask(self, document):
        """Whether an object would be made as it is: what the API server would drop of it counts as refused."""
        base = document["apiVersion"] if "/" in document["apiVersion"] else f"core/{document['apiVersion']}"
        group = f"/apis/{base}" if not base.startswith("core/") else f"/api/{base.removeprefix('core/')}"
        kind = document["kind"].lower()
        plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
        place = f"/namespaces/{document['metadata']['namespace']}" if "namespace" in document["metadata"] else ""
        response = self._session.post(
            f"{self._server}{group}{place}/{plural}",
            params={"dryRun": "All", "fieldValidation": "Strict"},
            json=document,
            timeout=60,
        )
        warnings = response.headers.get("warning", "")
        admitted = response.status_code in {200, 201}
        return Said(admitted, warnings if admitted else str(response.json().get("message")))


def manifest(resource, namespace):
    """A resource of a policy's case as the API server takes it; None where not all of it is known.

    Args:
        resource: The resource.
        namespace: Where it goes instead of the namespace `shop`.
    """
    if UNKNOWN in list(leaves(resource.props)):
        return None
    _, version, kind = resource.type.split(":")
    found = json.loads(json.dumps(resource.props).replace("shop-logs", f"{namespace}-logs"))
    if found["metadata"].get("namespace") == "shop":
        found["metadata"]["namespace"] = namespace
    return {"apiVersion": version.removeprefix("core/"), "kind": kind, **_without_nothing(found)}


def _without_nothing(value):
    if isinstance(value, dict):
        return {key: _without_nothing(item) for key, item in value.items() if item is not None}
    return [_without_nothing(item) for item in value] if isinstance(value, list) else value


def _file(data):
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(base64.b64decode(data))
    return file.name
