"""The environments of this project: right, of a team's kind, and free of anything secret."""

import re
from pathlib import Path

import pytest

from slipway.core.environments import environment_names
from slipway.core.project import Project
from slipway.core.validate import load

PROJECT = Project(Path(__file__).parents[4])
TARGETS = {
    "dev": "knative",
    "local": "lambda",
    "local-knative": "knative",
    "prod": "lambda",
    "staging": "lambda",
}
SHARED = ("dev", "prod", "staging")


@pytest.fixture(scope="module")
def loaded():
    return load(PROJECT)


def test_all_environments_and_functions_are_right(loaded):
    assert [finding.render() for finding in loaded.findings] == []
    assert {name: settings.target for name, settings in loaded.settings.items()} == TARGETS
    assert environment_names(PROJECT) == sorted(TARGETS)


@pytest.mark.parametrize("environment", TARGETS)
def test_every_sample_runs_where_the_environment_says(loaded, environment):
    settings = loaded.settings[environment]
    functions = loaded.deployed(environment)
    assert {"audit", "hello", "nightly-report", "orders", "receipts"} <= functions.keys()
    assert {function.target_in(settings) for function in functions.values()} == {TARGETS[environment]}


@pytest.mark.parametrize("environment", SHARED)
def test_shared_environments_encrypt_by_a_key_of_the_team(environment):
    text = PROJECT.stack_file(environment).read_text(encoding="utf-8")
    assert re.search(r"^secretsprovider: awskms://alias/slipway-\w+\?region=[a-z0-9-]+$", text, re.MULTILINE)
    assert "encryptionsalt" not in text


@pytest.mark.parametrize("environment", ["local", "local-knative"])
def test_environments_of_one_machine_have_a_salt_and_start_everything_here(loaded, environment):
    text = PROJECT.stack_file(environment).read_text(encoding="utf-8")
    assert re.search(r"^encryptionsalt: v1:\S+$", text, re.MULTILINE)
    settings = loaded.settings[environment]
    assert settings.aws.endpoint.startswith("http://127.0.0.1:")
    assert settings.kube_context is None


def test_accounts_and_addresses_are_those_of_documentation():
    for environment in SHARED:
        text = PROJECT.stack_file(environment).read_text(encoding="utf-8")
        # Account numbers that AWS uses in its own documentation.
        assert set(re.findall(r"(?<!\d)\d{12}(?!\d)", re.sub(r"sha256:\w+|key/[\w-]+", "", text))) <= {
            "111122223333",
            "444455556666",
        }
        hosts = re.findall(r"https?://([^/\s\"}]+)", text)
        assert hosts
        assert all(host.endswith(".example.com") for host in hosts)
