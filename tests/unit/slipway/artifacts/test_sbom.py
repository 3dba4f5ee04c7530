"""The bill of materials: what is in it, that it is valid, and that it follows from the inputs alone."""

import hashlib
import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from slipway.artifacts.inputs import Collector
from slipway.artifacts.sbom import sbom
from slipway.artifacts.store import Store
from slipway.artifacts.zips import ZipWriter
from slipway.core.errors import BadInputError, SlipwayError

FRAMEWORK, SERVER = "a" * 64, "b" * 64
LOCK = f"framework==1.0 --hash=sha256:{FRAMEWORK} --hash=sha512:{'c' * 128}\nserver==2.0 --hash=sha256:{SERVER}\n"
FILES = {"main.py": "1" * 64, "slipway_runtime/__init__.py": "2" * 64}


def about(name, *lines):
    return "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1", *lines, "", "Words."]).encode()


@pytest.fixture
def locked(add):
    add("functions/orders/requirements.in", "framework\n")
    add("functions/orders/requirements.txt", LOCK)


@pytest.fixture
def bundle(tmp_path):
    """`bundle(framework, server)` are two dependencies with lines of their metadata."""

    def make(framework=(), server=()):
        store = Store(tmp_path / f"bundles-{hashlib.sha256(repr((framework, server)).encode()).hexdigest()}")

        def write(path):
            with ZipWriter(path) as archive:
                archive.add("Framework-1.0.dist-info/METADATA", about("Framework", *framework))
                archive.add("server-2.0.dist-info/METADATA", about("server", *server))
            return {"packages": {"framework": {"version": "1.0"}, "server": {"version": "2.0"}}, "warnings": []}

        return store.get_or_build("d" * 64, write)[0]

    return make


@pytest.fixture
def made(collect, locked, bundle):
    """`made(...)` is the document for a function with two dependencies; it is valid."""

    def make(*metadata, **options):
        inputs = collect()
        content = sbom(inputs, FILES, [(inputs, bundle(*metadata))], **options).decode()
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(content) is None
        return json.loads(content)

    return make


def parts(document):
    return {component["bom-ref"]: component for component in document["components"]}


def test_the_function_its_files_and_its_dependencies(made, collect):
    document = made()
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    root = document["metadata"]["component"]
    assert (root["name"], root["hashes"]) == ("orders", [{"alg": "SHA-256", "content": collect().digest}])
    found = parts(document)
    assert set(found) == {
        "function orders",
        "runtime",
        "orders:pkg:pypi/framework@1.0",
        "orders:pkg:pypi/server@2.0",
    }
    assert [(file["name"], file["hashes"][0]["content"]) for file in found["function orders"]["components"]] == [
        ("main.py", "1" * 64)
    ]
    framework = found["orders:pkg:pypi/framework@1.0"]
    assert (framework["version"], framework["purl"]) == ("1.0", "pkg:pypi/framework@1.0")
    assert {(one["alg"], one["content"]) for one in framework["hashes"]} == {
        ("SHA-256", FRAMEWORK),
        ("SHA-512", "c" * 128),
    }


def test_what_leads_to_what(made):
    requires = ("Requires-Dist: Server>=1; python_version > '3'", "Requires-Dist: gone; sys_platform == 'win32'")
    linked = {one["ref"]: one.get("dependsOn", []) for one in made(requires)["dependencies"]}
    assert linked["orders"] == ["function orders", "orders:pkg:pypi/framework@1.0", "runtime"]
    assert linked["orders:pkg:pypi/framework@1.0"] == ["orders:pkg:pypi/server@2.0"]
    # What nothing leads to is there for its own sake.
    alone = {one["ref"]: one.get("dependsOn", []) for one in made()["dependencies"]}
    assert "orders:pkg:pypi/server@2.0" in alone["orders"]


@pytest.mark.parametrize(
    ("lines", "licenses"),
    [
        (["License-Expression: MIT OR Apache-2.0"], [{"expression": "MIT OR Apache-2.0"}]),
        (["License: MIT"], [{"license": {"id": "MIT"}}]),
        (["License: Our own words"], [{"license": {"name": "Our own words"}}]),
        (
            ["License: UNKNOWN", "Classifier: License :: OSI Approved :: BSD License"],
            [{"license": {"name": "BSD License"}}],
        ),
        ([f"License: {'long ' * 20}"], None),
        ([], None),
    ],
)
def test_licences_as_distributions_say_them(made, lines, licenses):
    assert parts(made(lines))["orders:pkg:pypi/framework@1.0"].get("licenses") == licenses


def test_an_image_names_its_base_by_digest(made):
    base = parts(made(base=f"sha256:{'e' * 64}"))["base image"]
    assert (base["type"], base["hashes"]) == ("container", [{"alg": "SHA-256", "content": "e" * 64}])


def test_the_same_inputs_are_the_same_bytes_and_others_have_another_number(make, tmp_path, made):
    def of(folder, files):
        project = make(tmp_path / folder)
        inputs = Collector(project).collect(
            project.functions / "orders", runtime="python3.11", architecture="x86_64", plain=True
        )
        return sbom(inputs, files, [])

    assert of("one", FILES) == of("two", FILES)
    numbers = {json.loads(of("one", files))["serialNumber"] for files in (FILES, {"main.py": "3" * 64})}
    assert len(numbers) == 2
    assert "timestamp" not in made()["metadata"]


def test_a_lock_file_that_changes_meanwhile_is_noticed(collect, locked, bundle, add):
    inputs = collect()
    add("functions/orders/requirements.txt", LOCK.replace("1.0", "1.1"))
    with pytest.raises(SlipwayError, match="its lock file changed while it was packaged"):
        sbom(inputs, FILES, [(inputs, bundle())])


def test_no_file_of_a_function_may_take_its_place(collect, add):
    add("functions/orders/sbom.cdx.json", "{}")
    with pytest.raises(BadInputError) as caught:
        collect(plain=True)
    assert [finding.render() for finding in caught.value.findings] == [
        "functions/orders/sbom.cdx.json: takes the place of the bill of materials in the package; rename it"
    ]
