"""Secrets planted where people plant them, then looked for in everything that Slipway prints, keeps and sends."""

import base64
import gzip
import io
import json
import shutil
import subprocess
import zipfile

import pytest
import yaml

pytestmark = pytest.mark.timeout(900)
VAULT = "canary-vault-Zq81xWm7"
ROTATED = "canary-rotated-Pk52nVt9"
TYPED = "canary-typed-Hd93bLs4"
CONFIGURED = "canary-configured-Ru67cJy2"
ALL = (VAULT, ROTATED, TYPED, CONFIGURED)
FORMS = {
    form: canary
    for canary in ALL
    for form in (canary, base64.b64encode(canary.encode()).decode().rstrip("="), canary.encode().hex())
}
CODE = """
import json
import logging
import os
import sys


def main(request):
    value = os.environ["PASSWORD"]
    print("printed", value)
    print("told", value, file=sys.stderr)
    logging.getLogger("leaky").error("logged %s", {"password": value})
    if request.args.get("fail"):
        raise ValueError(f"cannot log in with {value}")
    return "ok"
"""
MANIFEST = """\
owner: team-a
runtime: python3.11
handler: main:main
secrets: {PASSWORD: vault/password}
events:
  - http: {path: /leaky, visibility: public, auth: none}
"""


class Said:
    """Commands of a checkout, and all that they printed."""

    def __init__(self, checkout):
        self.checkout = checkout
        self.texts = {}

    def run(self, *arguments, **options):
        done = self.checkout.run(*arguments, **options)
        self.texts[f"slipway {' '.join(arguments)} ({len(self.texts)})"] = done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def said(checkout):
    """A checkout with one function that tells its secret wherever it can."""
    checkout.arn = checkout.client("secretsmanager").create_secret(
        Name="vault", SecretString=json.dumps({"password": VAULT})
    )["ARN"]
    for folder in (checkout.root / "functions").iterdir():
        if (folder / "function.yaml").exists():
            shutil.rmtree(folder)
    leaky = checkout.root / "functions/leaky"
    leaky.mkdir()
    (leaky / "function.yaml").write_text(MANIFEST)
    (leaky / "main.py").write_text(CODE)
    stack = checkout.root / "stacks/Pulumi.local.yaml"
    content = yaml.safe_load(stack.read_text())
    content["config"].pop("slipway:functions")
    content["config"]["slipway:resources"] = {"secret": {"vault": {"arn": checkout.arn}}}
    stack.write_text(yaml.safe_dump(content))
    return Said(checkout)


def test_what_a_function_tells_is_masked_and_what_commands_print_has_none(said):
    said.run("up")
    configure(said.checkout)
    said.run("up")
    said.run("invoke", "leaky")
    said.run("invoke", "leaky", "--query", "fail=1", status=3)
    said.run("verify", "sinks", "--count", "5")
    for arguments in (("logs", "leaky"), ("logs", "leaky", "--json"), ("logs", "leaky", "--sink", "central")):
        assert "logged" in said.run(*arguments).stdout
    said.run("preview", "--debug")
    for form in ("table", "json", "sarif", "codequality"):
        said.run("security", "-s", "local", "--format", form)
    said.run("list", "--json")
    said.run("sbom", "leaky")


def test_a_value_that_is_typed_into_a_variable_is_refused_and_not_repeated(said):
    manifest = said.checkout.root / "functions/leaky/function.yaml"
    manifest.write_text(MANIFEST + f"environment: {{API_TOKEN: {TYPED}}}\n")
    try:
        assert "F6" in said.run("preview", status=1).stdout
        assert "API_TOKEN" in said.run("up", status=1).stdout
        said.run("preview", "--json", status=1)
    finally:
        manifest.write_text(MANIFEST)


def test_a_value_that_was_replaced_is_masked_too(said):
    said.checkout.client("secretsmanager").put_secret_value(
        SecretId=said.checkout.arn, SecretString=json.dumps({"password": ROTATED})
    )
    main = said.checkout.root / "functions/leaky/main.py"
    main.write_text(CODE + "\nROTATED = True\n")
    said.run("preview", "--json")
    said.run("up", "--json")
    said.run("invoke", "leaky")
    said.run("verify", "sinks", "--count", "5")
    assert "logged" in said.run("logs", "leaky", "--sink", "central").stdout


def test_no_canary_is_found_anywhere(said):
    texts = {**said.texts, **dict(files(said.checkout)), **dict(stores(said.checkout))}
    assert any("/state/.pulumi/stacks/" in name for name in texts)
    assert any(name.startswith("object ") and "logged" in text for name, text in texts.items())
    assert any(name.startswith("events ") and "logged" in text for name, text in texts.items())
    found = {(name, canary) for name, text in texts.items() for form, canary in FORMS.items() if form in text}
    assert found == set()


def configure(checkout):
    """Put a secret into the configuration of the program, as Pulumi keeps it."""
    engine = checkout.root / ".venv/bin/pulumi"
    arguments = ("config", "set", "--secret", "app:token", CONFIGURED, "-s", "local")
    subprocess.run([engine, *arguments], cwd=checkout.root, check=True, capture_output=True)


def files(checkout):
    """Everything in the checkout but the program itself, and the embedded AWS, which is the vault."""
    vault = checkout.root / ".slipway/local"
    for path in checkout.root.rglob("*"):
        if path.is_file() and not path.is_relative_to(vault) and ".venv" not in path.relative_to(checkout.root).parts:
            yield from unpacked(str(path), path.read_bytes())


def stores(checkout):
    """Everything that the environment's buckets and log groups hold."""
    s3, logs = checkout.client("s3"), checkout.client("logs")
    for bucket in s3.list_buckets()["Buckets"]:
        for item in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            body = s3.get_object(Bucket=bucket["Name"], Key=item["Key"])["Body"].read()
            yield from unpacked(f"object {bucket['Name']}/{item['Key']}", body)
    for group in logs.describe_log_groups()["logGroups"]:
        events = logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
        yield f"events {group['logGroupName']}", "\n".join(event["message"] for event in events)


def unpacked(name, content):
    """A file's text, and those of what is packed in it."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    yield name, content.decode("latin-1")
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for member in packed.namelist():
                yield f"{name}!{member}", packed.read(member).decode("latin-1")
