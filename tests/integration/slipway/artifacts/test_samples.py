"""The repository's own functions, with their real dependencies."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile

from click.testing import CliRunner
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from slipway.artifacts.builder import Builder
from slipway.artifacts.inputs import Collector
from slipway.cli.build import command as build_command
from slipway.cli.sbom import command as sbom_command

SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
import functions_framework
from functions_framework import create_app
app = create_app(sys.argv[2], sys.argv[1] + "/main.py", "http")
answer = app.test_client().get("/")
print(answer.status_code, functions_framework.__file__.startswith(sys.argv[1]))
"""
UNUSED = ("gunicorn", "uvicorn", "uvicorn_worker", "starlette", "watchdog", "anyio", "h11", "idna")


def collected(project, name, **target):
    return Collector(project).collect(
        project.functions / name, **({"runtime": "python3.11", "architecture": "x86_64", "plain": False} | target)
    )


def test_the_framework_serves_from_a_package_without_what_lambda_does_not_need(project, tmp_path):
    package = Builder(project).build(collected(project, "hello")).package
    folder = tmp_path / "package"
    with zipfile.ZipFile(package.path) as archive:
        names = archive.namelist()
        archive.extractall(folder)
    assert not [name for name in names if name.split("/")[0].split("-")[0] in UNUSED]
    assert {"functions_framework/__init__.py", "flask/__init__.py", "slipway_runtime/lambda_handler.py"} <= set(names)
    # Without site-packages: nothing but the package can be imported.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", SERVE, str(folder), "hello"], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["200", "True"], done.stderr


def test_a_bundle_is_the_same_bytes_when_made_again_and_on_arm_it_is_another(project, tmp_path):
    first, second = (Builder(project, tmp_path / name) for name in ("one", "two"))
    orders = collected(project, "orders")
    assert first.build(orders).package.sha256 == second.build(orders).package.sha256
    arm = first.build(collected(project, "orders", architecture="arm64")).package
    native = [name for name in zipfile.ZipFile(arm.path).namelist() if name.endswith(".so")]
    assert native
    assert all("aarch64" in name for name in native)


def run_build(project, monkeypatch, *words):
    monkeypatch.chdir(project.root)
    result = CliRunner().invoke(build_command, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_build_all_then_nothing_is_left_to_build(project, monkeypatch):
    first = json.loads(run_build(project, monkeypatch, "--json").stdout)
    second = json.loads(run_build(project, monkeypatch, "--json").stdout)
    containers = {"legacy-report"}  # not in this environment
    names = sorted({path.parent.name for path in project.functions.glob("*/function.yaml")} - containers)
    assert [package["function"] for package in first] == names
    assert all(package["built"] for package in first)
    assert not any(package["built"] for package in second)
    assert [package["sha256"] for package in first] == [package["sha256"] for package in second]
    table = run_build(project, monkeypatch, "-f", "hello", "-f", "orders")
    assert [line.split()[0] for line in table.stdout.splitlines()] == ["function", "hello", "orders"]
    assert "cached" in table.stdout
    pruned = run_build(project, monkeypatch, "--prune", "0")
    assert f"removed {len(names)} packages" in pruned.stderr
    assert not list((project.root.parent / "cache/packages").glob("*.zip"))


def test_a_plain_line_for_each_package_that_is_built(project, monkeypatch):
    result = run_build(project, monkeypatch, "-f", "hello")
    assert result.stderr.startswith("built hello: ")


def test_a_readme_changes_nothing_and_shared_code_exactly_its_importers(project, monkeypatch):
    def digests():
        packages = json.loads(run_build(project, monkeypatch, "--json").stdout)
        return {package["function"]: package["digest"] for package in packages}

    before = digests()
    (project.functions / "hello/README.md").write_text("other words")
    (project.functions / "shared/README.md").write_text("other words")
    assert digests() == before
    with (project.functions / "shared/queues.py").open("a") as file:
        file.write("\nCHANGED = True\n")
    after = digests()
    importers = {name for name in before if " queues" in (project.functions / name / "main.py").read_text()}
    assert {name for name in before if before[name] != after[name]} == importers != set()


def test_module_entry_point_exits_with_two_on_bad_input(project):
    (project.functions / "hello/pipe").unlink(missing_ok=True)
    os.mkfifo(project.functions / "hello/pipe")
    done = subprocess.run(
        [sys.executable, "-c", "from slipway.cli.main import main; main()", "build"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "functions/hello/pipe: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_bill_of_materials_names_what_lies_in_the_package(project, monkeypatch):
    monkeypatch.chdir(project.root)
    said = CliRunner().invoke(sbom_command, ["orders"], catch_exceptions=False).output
    document = json.loads(said)
    with zipfile.ZipFile(Builder(project).build(collected(project, "orders")).package.path) as archive:
        assert archive.read("sbom.cdx.json").decode() == said
        names = archive.namelist()
        files = [file for part in document["components"] for file in part.get("components", ())]
        for file in files:
            assert hashlib.sha256(archive.read(file["name"])).hexdigest() == file["hashes"][0]["content"]
    folders = {name.split("/")[0] for name in names if ".dist-info/" in name}
    installed = {part["name"]: part for part in document["components"] if part.get("purl")}
    assert {
        canonicalize_name(folder.rsplit("-", 1)[0]) for folder in {f.removesuffix(".dist-info") for f in folders}
    } == set(installed)
    assert not set(installed) & set(UNUSED)
    assert all(part["licenses"] and part["hashes"] for part in installed.values())
    own = {name for name in names if not any(name.startswith(f"{top}/") for top in folders)}
    assert {file["name"] for file in files} <= own
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(said) is None
