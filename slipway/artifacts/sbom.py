"""What is in a package or an image, as a bill of materials: CycloneDX 1.6 in JSON, the same bytes for the same inputs.

Facts: https://cyclonedx.org/docs/1.6/json/. Nothing in it depends on the machine, the time or the index: what the lock
file pins, what the installed distributions say of themselves, and the files of the project. Whoever imports this module
pays a fifth of a second for its library, so only what builds does.
"""

from __future__ import annotations

import email
import json
import re
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from slipway.artifacts.bundle import Platform
from slipway.artifacts.inputs import PACKAGER_VERSION
from slipway.artifacts.lockfile import parse_lock
from slipway.core.errors import SlipwayError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from email.message import Message

    from cyclonedx.model.license import License

    from slipway.artifacts.inputs import PackageInputs
    from slipway.artifacts.store import Stored

_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_HASH = re.compile(r"--hash[=\s]sha(256|384|512):([0-9a-f]+)")
_SHORT = 64  # characters: whatever is longer in the field License is a text, not the name of one
_OWN = ("function", "program")


def sbom(
    inputs: PackageInputs,
    files: Mapping[str, str],
    installed: Iterable[tuple[PackageInputs, Stored]],
    *,
    base: str | None = None,
) -> bytes:
    """The bill of materials of a package or an image.

    Args:
        inputs: What goes in.
        files: Name in the package to hex SHA-256 of every file that travels, but those of dependencies.
        installed: Bundles of dependencies, each with those whose lock file it comes from.
        base: Digest of the base image that it stands on, `sha256:...`; None for a package.

    Raises:
        SlipwayError: A lock file changed since the inputs were collected.
    """
    facts = {"runtime": inputs.runtime, "architecture": inputs.architecture, "packager": str(PACKAGER_VERSION)}
    root = Component(
        type=ComponentType.APPLICATION,
        name=inputs.function,
        version=inputs.digest[:12],
        bom_ref=inputs.function,
        hashes=[_sha256(inputs.digest)],
        properties=[Property(name=f"slipway:{name}", value=value) for name, value in facts.items()],
    )
    tool = Component(type=ComponentType.APPLICATION, name="slipway")
    bom = Bom(metadata=BomMetaData(component=root))
    bom.metadata.tools.components.add(tool)
    own = [_section(kind, inputs, files) for kind in inputs.sections if _files_of(kind, inputs, files)]
    direct = list(own)
    if base is not None:
        _, _, digest = base.partition(":")
        direct.append(
            Component(type=ComponentType.CONTAINER, name="base image", bom_ref="base image", hashes=[_sha256(digest)])
        )
    for component in direct:
        bom.components.add(component)
    for whose, bundle in installed:
        direct += _dependencies(bom, whose, bundle)
    bom.register_dependency(root, direct)
    return _bytes(json.loads(JsonV1Dot6(bom).output_as_string()))


def _bytes(document: dict[str, Any]) -> bytes:
    """A document without what is new each time, and with a number that follows from it."""
    del document["metadata"]["timestamp"], document["serialNumber"]
    number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(document, sort_keys=True))
    return json.dumps({**document, "serialNumber": f"urn:uuid:{number}"}, sort_keys=True, indent=1).encode() + b"\n"


def _files_of(kind: str, inputs: PackageInputs, files: Mapping[str, str]) -> dict[str, str]:
    return {name: files[name] for name in inputs.sections[kind].files if name in files}


def _section(kind: str, inputs: PackageInputs, files: Mapping[str, str]) -> Component:
    """Files of one origin, each with its digest."""
    name = f"{kind} {inputs.function}" if kind in _OWN else kind
    return Component(
        type=ComponentType.APPLICATION if kind in _OWN else ComponentType.LIBRARY,
        group="slipway",
        name=name,
        version=inputs.sections[kind].digest[:12],
        bom_ref=name,
        components=[
            Component(type=ComponentType.FILE, name=file, bom_ref=f"file:{file}", hashes=[_sha256(sha256)])
            for file, sha256 in _files_of(kind, inputs, files).items()
        ],
    )


def _dependencies(bom: Bom, inputs: PackageInputs, bundle: Stored) -> Iterator[Component]:
    """Adds what was installed; yields what is there for its own sake."""
    hashes, about = _locked(inputs), _metadata(bundle)
    found = {}
    for name, facts in bundle.facts["packages"].items():
        version = facts["version"]
        purl = PackageURL("pypi", None, name, version)
        found[name] = Component(
            name=name,
            version=version,
            purl=purl,
            bom_ref=f"{inputs.function}:{purl}",
            hashes=hashes.get(name),
            licenses=list(_licenses(about.get(name))),
        )
        bom.components.add(found[name])
    environment = Platform.of(inputs.runtime, inputs.architecture).markers() | {"extra": ""}
    reached = set()
    for name, component in found.items():
        needed = {found[other] for other in _required(about.get(name), environment) if other in found}
        bom.register_dependency(component, needed)
        reached |= needed
    roots = {canonicalize_name(Requirement(root).name) for root in inputs.roots or ()}
    return (component for name, component in found.items() if name in roots or component not in reached)


def _locked(inputs: PackageInputs) -> dict[str, list[HashType]]:
    """Digests of the archives that the lock file lets be installed, by name: one of them was."""
    assert inputs.lock is not None
    lock = parse_lock(inputs.lock.read_text(encoding="utf-8"))
    if lock.digest != inputs.lock_digest:
        raise SlipwayError(
            f"function {inputs.function!r}: its lock file changed while it was packaged; run the same command again"
        )
    return {
        name: [HashType(alg=HashAlgorithm(f"SHA-{bits}"), content=content) for bits, content in _HASH.findall(lines)]
        for name, lines in lock.lines.items()
    }


def _metadata(bundle: Stored) -> dict[str, Message]:
    """What distributions say of themselves, by name."""
    with zipfile.ZipFile(bundle.path) as archive:
        read = (email.message_from_bytes(archive.read(n)) for n in archive.namelist() if _METADATA.fullmatch(n))
        return {canonicalize_name(about["Name"]): about for about in read if about["Name"]}


def _required(about: Message | None, environment: Mapping[str, str]) -> Iterator[str]:
    for text in _all(about, "Requires-Dist"):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # the installer has judged it
        if requirement.marker is None or requirement.marker.evaluate(dict(environment)):
            yield canonicalize_name(requirement.name)


def _licenses(about: Message | None) -> Iterable[License]:
    """Its licence, as it says it: an expression, else a name, else what its classifiers name."""
    said = [text for key in ("License-Expression", "License") for text in _all(about, key)]
    said = [text for text in said if text and len(text) <= _SHORT and "\n" not in text and text.upper() != "UNKNOWN"]
    classified = [text.rpartition(" :: ")[2] for text in _all(about, "Classifier") if text.startswith("License :: ")]
    names = said[:1] or sorted(set(classified))
    return [LicenseFactory().make_from_string(name) for name in names]


def _all(about: Message | None, key: str) -> list[str]:
    return [str(text).strip() for text in (about.get_all(key) or ())] if about is not None else []


def _sha256(content: str) -> HashType:

    return HashType(alg=HashAlgorithm.SHA_256, content=content)
