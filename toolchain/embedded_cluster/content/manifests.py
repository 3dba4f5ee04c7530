"""Turns the YAML of Knative's modules into what this cluster runs: images, settings and sizes of a small machine.

Everything here is a function of its arguments; what a real cluster would have and this one has not is said where it is
left out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

import yaml

from toolchain.embedded_cluster.errors import EmbeddedClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

Document = dict[str, Any]
"""A Kubernetes object as plain values."""

_OWN = "manifests"
SOURCES = (
    ("config/serving", "core"),
    ("config/networking", ""),
    ("config/caching", ""),
    ("config/net-kourier", ""),
    ("config/eventing", "core"),
    ("config/eventing", "channels/in-memory-channel"),
    ("config/eventing", "brokers/mt-channel-broker"),
)
"""Folders of Knative's YAML: name of the module's folder among the binaries, and the folder inside."""
_LEFT_OUT_KINDS = frozenset({"HorizontalPodAutoscaler", "PodDisruptionBudget"})
"""One node, one replica of everything."""
_LEFT_OUT_WORKLOADS = frozenset({"job-sink", "request-reply"})
"""Experimental sinks of Knative Eventing that Slipway does not use."""
_KO = "ko://"
_IMAGES_BY_SETTING = frozenset({"eventing-transformations-images", "eventing-integrations-images"})
"""ConfigMaps of images that are no part of the module, for kinds of sources that the embedded cluster lacks."""
_CRD = "CustomResourceDefinition"
_WORKLOADS = frozenset({"Deployment", "DaemonSet"})
_CONFIGURATION = "slipway.io/configuration"
_MEMORY = "32Mi"
_GRACE_S = 10
_PROBE_S = 2


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What the documents are fitted to.

    Attributes:
        images: Image of what stands behind `ko://`.
        envoy: Envoy's image.
        absent: Start of the name of images that are not there.
        data: Keys and values that ConfigMaps get: namespace and name to values.
        addresses: Fixed cluster addresses of Services: namespace and name to address.
    """

    images: Mapping[str, str]
    envoy: str
    absent: str
    data: Mapping[tuple[str, str], Mapping[str, str]]
    addresses: Mapping[tuple[str, str], str]


def files(binaries: Mapping[str, Path], own: Path) -> list[Path]:
    """The YAML files of the content, in the order in which they are read.

    Args:
        binaries: Programs and folders by name.
        own: Folder of this package, which holds the files for what is not Knative's.

    Raises:
        EmbeddedClusterError: A folder has no YAML, so that a part of Knative would be missing silently.
    """
    found = sorted((own / _OWN).glob("*.yaml"))
    for name, inside in SOURCES:
        folder = binaries[name] / inside if inside else binaries[name]
        here = [path for path in sorted(folder.rglob("*.yaml")) if path.is_file()]
        if not here:
            raise EmbeddedClusterError(f"{folder} has no YAML of Knative; `slipway toolchain install` puts it there")
        found += here
    return found


def read(paths: Iterable[Path]) -> list[Document]:
    """The documents of some YAML files, in order."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [
        document
        for path in paths
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=loader)
        if document
    ]


def fit(documents: Iterable[Document], settings: Settings) -> list[Document]:
    """The documents as this cluster runs them; the ones given are changed."""
    fitted = [_fitted(document, settings) for document in documents if not _left_out(document)]
    data = {key(document): document.get("data") for document in fitted if document["kind"] == "ConfigMap"}
    for document in fitted:
        if document["kind"] in _WORKLOADS:
            _mark_configuration(document, data)
    return fitted


def _mark_configuration(document: Document, data: Mapping[tuple[str, str], Any]) -> None:
    """Note the mounted settings on the pods, so that other settings start other pods."""
    template = document["spec"]["template"]
    names = [volume["configMap"]["name"] for volume in template["spec"].get("volumes", ()) if "configMap" in volume]
    if names:
        namespace = document["metadata"]["namespace"]
        content = json.dumps([data.get((namespace, name)) for name in names], sort_keys=True)
        annotations = template["metadata"].setdefault("annotations", {})
        annotations[_CONFIGURATION] = hashlib.sha256(content.encode()).hexdigest()[:12]


@dataclasses.dataclass(frozen=True, slots=True)
class Steps:
    """Documents in the order in which they are applied.

    Attributes:
        definitions: Namespaces and new kinds.
        others: What needs them.
        workloads: What starts pods, once settings and images are there.
        custom: Objects of the new kinds, which webhooks look at.
    """

    definitions: list[Document]
    others: list[Document]
    workloads: list[Document]
    custom: list[Document]


def in_order(documents: Sequence[Document]) -> Steps:
    """Sort documents into the steps in which they are applied."""
    definitions = [document["spec"] for document in documents if document["kind"] == _CRD]
    ours = {(spec["group"], spec["names"]["kind"]) for spec in definitions}
    steps = Steps([], [], [], [])
    for document in documents:
        if document["kind"] in {"Namespace", _CRD}:
            steps.definitions.append(document)
        elif document["kind"] in _WORKLOADS:
            steps.workloads.append(document)
        elif (document["apiVersion"].partition("/")[0], document["kind"]) in ours:
            steps.custom.append(document)
        else:
            steps.others.append(document)
    return steps


def key(document: Document) -> tuple[str, str]:
    """Namespace and name."""
    return document["metadata"].get("namespace", ""), document["metadata"]["name"]


def _left_out(document: Document) -> bool:
    if document["kind"] in _LEFT_OUT_KINDS:
        return True
    return document["kind"] in {"Deployment", "StatefulSet", "Service"} and key(document)[1] in _LEFT_OUT_WORKLOADS


def _fitted(document: Document, settings: Settings) -> Document:
    _replace_images(document, settings)
    kind, name = document["kind"], key(document)
    if kind == "ConfigMap" and name in settings.data:
        document["data"] = {**(document.get("data") or {}), **settings.data[name]}
    if kind == "ClusterRole" and "aggregationRule" in document:
        document.pop("rules", None)  # the controller manager fills it; ours would empty it at each apply
    if kind == "Service":
        _fit_service(document, settings)
    if kind in _WORKLOADS:
        _fit_pods(document, settings)
    return document


def _replace_images(value: Any, settings: Settings) -> Any:
    """Replace each `ko://path`, wherever it stands, by an image of ours."""
    if isinstance(value, dict):
        for name, inner in value.items():
            value[name] = _replace_images(inner, settings)
    elif isinstance(value, list):
        value[:] = [_replace_images(inner, settings) for inner in value]
    elif isinstance(value, str) and value.startswith(_KO):
        path = value.removeprefix(_KO)
        if path not in settings.images:
            raise EmbeddedClusterError(
                f"Knative's YAML names the image {path}, which the embedded cluster does not have"
            )
        return settings.images[path]
    return value


def _fit_service(document: Document, settings: Settings) -> None:
    spec = document["spec"]
    if spec.get("type") == "LoadBalancer":
        spec["type"] = "ClusterIP"  # nobody would give it an address
    if address := settings.addresses.get(key(document)):
        spec["clusterIP"] = address


def _fit_pods(document: Document, settings: Settings) -> None:
    spec = document["spec"]
    if document["kind"] == "Deployment":
        spec.setdefault("replicas", 1)
        spec.pop("strategy", None)
    pod = spec["template"]["spec"]
    pod.pop("affinity", None)
    pod["terminationGracePeriodSeconds"] = min(pod.get("terminationGracePeriodSeconds", _GRACE_S), _GRACE_S)
    for container in pod["containers"]:
        _fit_container(container, settings)


def _fit_container(container: Document, settings: Settings) -> None:
    """A small request of memory, none of CPU (two cores must hold all of it), and no limit that slows the start."""
    limits = {"memory": limit} if (limit := container.get("resources", {}).get("limits", {}).get("memory")) else {}
    container["resources"] = {"requests": {"memory": _MEMORY}, **({"limits": limits} if limits else {})}
    if "envoyproxy/envoy" in container["image"]:
        container["image"] = settings.envoy
        container.pop("lifecycle", None)  # draining before an update that nobody waits for here
    if probe := container.get("readinessProbe"):
        probe.pop("initialDelaySeconds", None)
        probe["periodSeconds"] = min(probe.get("periodSeconds", 10), _PROBE_S)
        probe["failureThreshold"] = max(probe.get("failureThreshold", 3), 5)
    if probe := container.get("livenessProbe"):
        probe["initialDelaySeconds"] = max(probe.get("initialDelaySeconds", 0), 60)
        probe["failureThreshold"] = max(probe.get("failureThreshold", 3), 6)
        probe["timeoutSeconds"] = max(probe.get("timeoutSeconds", 1), 5)
    for variable in _settings_of_images(container):
        variable["value"] = f"{settings.absent}/{variable.pop('valueFrom')['configMapKeyRef']['key']}"


def _settings_of_images(container: Document) -> Iterator[Document]:
    for variable in container.get("env", []):
        reference = variable.get("valueFrom", {}).get("configMapKeyRef", {})
        if reference.get("name") in _IMAGES_BY_SETTING:
            yield variable
