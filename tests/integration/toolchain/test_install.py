"""The real parts, from the user's own cache: `make setup` has put them there in whatever way this machine allows."""

import json
import os
import subprocess
import sys

import pytest

from slipway.core.paths import cache_dir
from toolchain.installer import Installer
from toolchain.parts import all_parts
from toolchain.plan import Source
from toolchain.progress import Reporter
from toolchain.sources import path

PROGRAM = """\
import pulumi_aws as aws

provider = aws.Provider("p", region="eu-central-1", access_key="x", secret_key="x", skip_credentials_validation=True,
                        skip_requesting_account_id=True, skip_metadata_api_check=True)
aws.cloudwatch.LogGroup("logs", retention_in_days=7, opts=__import__("pulumi").ResourceOptions(provider=provider))
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("environment")
    return Installer(
        cache_root=cache_dir(), environment=folder, project=folder, env=os.environ, reporter=Reporter()
    ).install()


@pytest.fixture
def pulumi(installation, tmp_path):
    """Runs the launcher in an empty home, with a decoy of every plugin on PATH."""
    decoys = tmp_path / "decoys"
    decoys.mkdir()
    for name in ("pulumi-language-python", "pulumi-resource-aws"):
        (decoys / name).write_text("#!/bin/sh\necho decoy >&2; exit 1\n")
        (decoys / name).chmod(0o755)

    def run(*arguments, folder=tmp_path):
        env = {"PATH": f"{decoys}:{os.environ['PATH']}", "HOME": str(tmp_path / "home")}
        return subprocess.run(
            [installation.launcher, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
        )

    return run


def test_engine_has_the_pinned_version(installation, pulumi):
    answer = pulumi("version")
    assert path.accepts(all_parts()[0], answer.stdout.strip().removeprefix("v")), answer


def test_language_host_and_shim_lie_beside_the_engine(installation):
    for name in ("pulumi", "pulumi-language-python", "pulumi-language-python-exec"):
        assert os.access(installation.bin / name, os.X_OK), name


def test_plugin_is_installed_under_our_home(installation, pulumi):
    listed = json.loads(pulumi("plugin", "ls", "--json").stdout)
    assert {"name": "aws", "kind": "resource", "version": "7.21.0"}.items() <= next(
        plugin for plugin in listed if plugin["name"] == "aws"
    ).items()
    assert installation.pulumi_home == cache_dir() / "pulumi-home"


def test_provider_tells_its_version(installation):
    provider = all_parts()[2]
    link = installation.pulumi_home / "plugins" / provider.plugin / provider.binary
    assert path.ask_version(provider, link) == provider.version


def test_a_program_previews_without_a_word_about_path_and_without_touching_the_home(pulumi, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text(
        f"name: t\nruntime:\n  name: python\n  options:\n    virtualenv: {sys.prefix}\nbackend:\n  url: file://{tmp_path}\n"
    )
    (project / "__main__.py").write_text(PROGRAM)
    assert pulumi("stack", "init", "local", folder=project).returncode == 0
    answer = pulumi("preview", "--stack", "local", "--non-interactive", "--color", "never", folder=project)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "+ 3 to create" in answer.stdout
    assert "$PATH" not in answer.stdout + answer.stderr
    assert "decoy" not in answer.stdout + answer.stderr
    assert not (tmp_path / "home" / ".pulumi").exists()


def test_installing_again_changes_nothing(installation):
    again = Installer(
        cache_root=cache_dir(),
        environment=installation.launcher.parents[1],
        project=installation.launcher.parents[1],
        env=os.environ,
        reporter=Reporter(),
    ).install()
    assert not again.changed
    assert again.bin == installation.bin


def test_what_was_built_is_what_was_published(installation):
    for choice in installation.choices:
        if choice.source is not Source.PATH:
            assert choice.cached.damaged() == []
