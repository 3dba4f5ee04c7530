"""A new stack is encrypted by what its file names, here a key of KMS, and its file stays what its operators wrote."""

import shutil
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from slipway.core.project import Project
from slipway.core.validate import load
from slipway.engine.workspace import open_stack

ROOT = Path(__file__).parents[4]


@pytest.fixture
def kms(monkeypatch):
    """A KMS with the key of production; the engine finds it as it would find AWS."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in (
        ("AWS_ENDPOINT_URL", f"http://{host}:{port}"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        monkeypatch.setenv(name, value)
    client = boto3.client("kms", region_name="eu-central-1")
    client.create_alias(AliasName="alias/slipway-prod", TargetKeyId=client.create_key()["KeyMetadata"]["KeyId"])
    yield client
    server.stop()


def test_a_new_stack_is_encrypted_by_the_key_that_its_file_names(kms, tmp_path):
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "functions", tmp_path / "functions")
    (tmp_path / "stacks").mkdir()
    file = tmp_path / "stacks" / "Pulumi.prod.yaml"
    before = (ROOT / "stacks" / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    file.write_text(before, encoding="utf-8")
    project = Project(tmp_path)
    expected = load(project, ["prod"]).settings["prod"]

    assert open_stack(project, "prod", create=True).name == "prod"

    after = file.read_text(encoding="utf-8")
    assert "encryptedkey: " in after
    assert "encryptionsalt" not in after
    assert before.splitlines()[:4] == after.splitlines()[:4]
    loaded = load(project, ["prod"])
    assert [finding.render() for finding in loaded.findings] == []
    # The engine wrote some of it back in another form; it means the same.
    assert loaded.settings["prod"].model_dump() == expected.model_dump()
