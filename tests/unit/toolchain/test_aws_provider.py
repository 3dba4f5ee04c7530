"""The cut of the upstream provider, on a small tree of the same shape."""

import os
import subprocess
from pathlib import Path

import pytest

from toolchain import aws_provider
from toolchain.aws_provider import (
    UpstreamChangedError,
    copy_cut,
    cut_clients,
    cut_packages,
    prepare,
    replace_upstream,
)

MODULE = aws_provider.UPSTREAM

PACKAGES = f"""package sdkv2

import (
\t"context"

\t"{MODULE}/internal/conns"
\t"{MODULE}/internal/service/iam"
\t"{MODULE}/internal/service/lambda"
\t"{MODULE}/internal/service/sqs"
)

func servicePackages(ctx context.Context) []conns.ServicePackage {{
\tv := []conns.ServicePackage{{
\t\tiam.ServicePackage(ctx),
\t\tlambda.ServicePackage(ctx),
\t\tsqs.ServicePackage(ctx),
\t}}
\treturn v
}}
"""

CLIENTS = f"""package conns

import (
\t"context"

\t"github.com/aws/aws-sdk-go-v2/service/ec2"
\t"github.com/aws/aws-sdk-go-v2/service/lambda"
\t"github.com/aws/aws-sdk-go-v2/service/sqs"
\t"{MODULE}/names"
)

func (c *AWSClient) EC2Client(ctx context.Context) *ec2.Client {{
\treturn errs.Must(client[*ec2.Client](ctx, c, names.EC2, make(map[string]any)))
}}

func (c *AWSClient) LambdaClient(ctx context.Context) *lambda.Client {{
\treturn errs.Must(client[*lambda.Client](ctx, c, names.Lambda, make(map[string]any)))
}}

func (c *AWSClient) SQSClient(ctx context.Context) *sqs.Client {{
\treturn errs.Must(client[*sqs.Client](ctx, c, names.SQS, make(map[string]any)))
}}
"""


@pytest.fixture
def upstream(tmp_path):
    """A module with what our stand-ins import, two services and a file that is embedded."""
    files = {
        "go.mod": f"module {MODULE}\n",
        "internal/embed.go": "package internal\n\n//go:embed service/*/smarterr.hcl\nvar FS embed.FS\n",
        "internal/service/sqs/smarterr.hcl": "text of errors\n",
        "internal/service/sqs/queue.go": "package sqs\n\nfunc read(m AWSClient) { m.SQSClient(ctx) }\n",
        "internal/service/sqs/queue_test.go": f'package sqs\n\nimport "{MODULE}/internal/acctest"\n',
        "internal/service/sqs/testdata/big.json": "{}",
        "internal/service/lambda/function.go": f'package lambda\n\nimport (\n\ttfec2 "{MODULE}/internal/service/ec2"\n)\n\n'
        "func read(m AWSClient) { m.LambdaClient(ctx); m.EC2Client(ctx) }\n",
        "internal/service/ec2/instance.go": "package ec2\n\nfunc huge() {}\n",
        "internal/service/iam/role.go": "package iam\n",
        "internal/provider/sdkv2/service_packages_gen.go": PACKAGES,
        "internal/conns/awsclient_gen.go": CLIENTS,
        "internal/conns/awsclient.go": "package conns\n",
        "names/names.go": "package names\n",
    }
    for name, text in files.items():
        path = tmp_path / "module" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "module"


@pytest.fixture
def cut(upstream, tmp_path):
    copy_cut(upstream, tmp_path / "copy", ["lambda", "sqs"])
    return tmp_path / "copy"


def test_only_the_wanted_services_are_listed():
    text = cut_packages(PACKAGES, ["sqs"])
    assert "sqs.ServicePackage(ctx)" in text
    assert "service/sqs" in text
    assert "iam" not in text
    assert "lambda" not in text
    assert f'"{MODULE}/internal/conns"' in text


def test_a_service_that_upstream_no_longer_has_is_named():
    with pytest.raises(UpstreamChangedError, match="no service package named kms, sns"):
        cut_packages(PACKAGES, ["sqs", "sns", "kms"])


@pytest.mark.parametrize(
    "text",
    [
        PACKAGES.replace("\t\tsqs.ServicePackage(ctx),\n", ""),
        PACKAGES.replace(f'\t"{MODULE}/internal/service/sqs"\n', ""),
        "package sdkv2\n",
    ],
)
def test_a_list_of_services_of_another_shape_is_refused(text):
    with pytest.raises(UpstreamChangedError, match=r"service_packages_gen\.go"):
        cut_packages(text, ["lambda"])


def test_only_the_called_clients_are_kept():
    text = cut_clients(CLIENTS, {"SQSClient", "SomethingElseClient"})
    assert "func (c *AWSClient) SQSClient" in text
    assert text.count("func ") == 1
    assert "service/sqs" in text
    assert "service/ec2" not in text
    assert f'"{MODULE}/names"' in text


@pytest.mark.parametrize(
    "text",
    [
        CLIENTS.replace("*sqs.Client {", "(*sqs.Client, error) {"),
        CLIENTS.replace('\t"github.com/aws/aws-sdk-go-v2/service/sqs"\n', ""),
        CLIENTS + "\nfunc other() {\n\treturn\n}\n",
        "package conns\n",
    ],
)
def test_clients_of_another_shape_are_refused(text):
    with pytest.raises(UpstreamChangedError, match=r"awsclient_gen\.go"):
        cut_clients(text, {"SQSClient"})


def test_the_copy_has_what_is_imported_and_nothing_else(cut):
    copied = {path.relative_to(cut).as_posix() for path in cut.rglob("*") if path.is_file()}
    ours = {path.relative_to(aws_provider.STAND_INS).as_posix() for path in aws_provider.STAND_INS.rglob("*.go")}
    assert copied - ours == {
        "go.mod",
        "internal/embed.go",
        "internal/service/sqs/smarterr.hcl",
        "internal/service/sqs/queue.go",
        "internal/service/lambda/function.go",
        "internal/provider/sdkv2/service_packages_gen.go",
        "internal/conns/awsclient_gen.go",
        "internal/conns/awsclient.go",
        "names/names.go",
    }
    assert ours <= copied


def test_a_client_that_a_stand_in_defines_is_not_generated_too(cut):
    generated = (cut / "internal/conns/awsclient_gen.go").read_text()
    assert "LambdaClient" in generated
    assert "SQSClient" in generated
    assert "EC2Client" not in generated


def test_of_a_replaced_package_only_our_files_are_there(cut):
    folder = Path(aws_provider.REPLACED[0])
    assert not (cut / folder / "instance.go").exists()
    assert (cut / folder / "ec2.go").read_text() == (aws_provider.STAND_INS / folder / "ec2.go").read_text()


@pytest.mark.parametrize("name", ["internal/conns/awsclient_gen.go", "internal/provider/sdkv2/service_packages_gen.go"])
def test_a_missing_generated_file_is_named(upstream, tmp_path, name):
    (upstream / name).unlink()
    with pytest.raises(UpstreamChangedError, match=Path(name).name):
        copy_cut(upstream, tmp_path / "copy", ["sqs"])


def test_a_package_that_is_imported_but_gone_is_named(upstream, tmp_path):
    (upstream / "internal/service/sqs/queue.go").unlink()
    with pytest.raises(UpstreamChangedError, match="internal/service/sqs: no Go source"):
        copy_cut(upstream, tmp_path / "copy", ["sqs"])


def test_the_module_set_points_at_the_copy():
    text = (aws_provider.SOURCE / "go.mod").read_text()
    changed = replace_upstream(text, "./upstream")
    assert f"replace {MODULE} => ./upstream\n" in changed
    assert len(changed.splitlines()) == len(text.splitlines())


def test_a_module_set_without_the_replace_is_refused():
    with pytest.raises(UpstreamChangedError, match="found 0"):
        replace_upstream("module x\n", "./upstream")


@pytest.fixture
def fake_go(tmp_path, upstream):
    """A `go` that knows where the module is."""
    script = tmp_path / "go"
    script.write_text(f'#!/bin/sh\nif [ "$1" = list ]; then echo "{upstream}"; fi\n')
    script.chmod(0o755)
    return script


def test_the_build_folder_can_be_filled_again(upstream, tmp_path, fake_go, monkeypatch):
    monkeypatch.setattr(aws_provider, "SERVICES", ("lambda", "sqs"))
    build = tmp_path / "build"
    for _ in range(2):
        prepare(build, fake_go, os.environ)
        (build / "upstream" / "left-over.go").write_text("package half")
    prepare(build, fake_go, os.environ)
    assert not (build / "upstream" / "left-over.go").exists()
    assert (build / "main.go").is_file()
    assert "=> ./upstream" in (build / "go.mod").read_text()
    assert (build / "go.sum").read_bytes() == (aws_provider.SOURCE / "go.sum").read_bytes()
    assert not (build / aws_provider.STAND_INS.name).exists()


def test_what_go_says_is_in_the_error(tmp_path):
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho 'module lookup disabled' >&2\nexit 1\n")
    go.chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError) as raised:
        prepare(tmp_path / "build", go, os.environ)
    assert "module lookup disabled" in raised.value.stderr
