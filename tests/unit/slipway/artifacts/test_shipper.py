"""The package of the shipper: its own files alone, the same bytes everywhere."""

import shutil
import zipfile
from pathlib import Path

from slipway.artifacts.builder import Builder
from slipway.artifacts.shipper import shipper
from slipway.core.project import Project

ROOT = Path(__file__).parents[4]


def project_at(folder):
    for name in ("functions", "runtime"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    return Project.find(folder)


def test_the_package_holds_the_shipper_and_nothing_else(tmp_path):
    inputs = shipper(project_at(tmp_path / "project"), tmp_path / "cache")
    built = Builder(Project.find(tmp_path / "project"), tmp_path / "cache").build(inputs, verify=True)
    with zipfile.ZipFile(built.package.path) as archive:
        names = archive.namelist()
    assert "slipway_shipper/handler.py" in names
    assert {name.partition("/")[0] for name in names} == {"slipway_shipper", "sbom.cdx.json"}
    assert inputs.lock is None


def test_its_digest_follows_its_code_and_not_its_place(tmp_path):
    one, other = (project_at(tmp_path / name) for name in ("one", "other"))
    assert shipper(one, tmp_path / "cache").digest == shipper(other, tmp_path / "cache").digest
    code = other.runtime / "slipway_shipper/envelope.py"
    code.write_text(code.read_text() + "\nCHANGED = True\n")
    assert shipper(one, tmp_path / "cache").digest != shipper(other, tmp_path / "cache").digest
    adapter = one.runtime / "slipway_runtime/adapter.py"
    before = shipper(one, tmp_path / "cache").digest
    adapter.write_text(adapter.read_text() + "\nCHANGED = True\n")
    assert shipper(one, tmp_path / "cache").digest == before
