"""`slipway deployer` on a project of its own, with the program replaced."""

import json

import pytest

from slipway.cli import deployer
from slipway.cli import main as module
from slipway.deployers.declared import Declared

STACK = """\
config:
  slipway:target: {target}
  {where}
  slipway:sinks: {{central: {{{sink}}}}}
"""
LAMBDA = {
    "target": "lambda",
    "where": 'slipway:aws: {account: "123456789012", region: eu-central-1}',
    "sink": "s3: {create: true}",
}
KNATIVE = {"target": "knative", "where": "slipway:cluster: {}", "sink": "loki: {}"}
QUEUE = Declared(type="aws:sqs/queue:Queue", name="orders", inputs={"name": "slipway-dev-orders"})


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "Pulumi.yaml").write_text("name: slipway\n")
    (tmp_path / "stacks").mkdir()
    for name, values in (("dev", LAMBDA), ("cluster", KNATIVE)):
        (tmp_path / f"stacks/Pulumi.{name}.yaml").write_text(STACK.format(**values))
    (tmp_path / "functions").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deployer, "declared", lambda project, *where: [QUEUE])
    return tmp_path


def run(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["slipway", "deployer", *words])
    with pytest.raises(SystemExit) as ended:
        module.main()
    return ended.value.code


def test_policies_and_trust_as_json(project, monkeypatch, capsys):
    words = ("-s", "dev", "--trust", "shop/functions", "--ref", "main", "--json")
    assert run(monkeypatch, *words) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["environment"], found["account"]) == ("dev", "123456789012")
    [policy] = found["policies"]
    assert {r for s in policy["Statement"] for r in s["Resource"]} == {
        "arn:aws:sqs:eu-central-1:123456789012:slipway-dev-*"
    }
    [statement] = found["trust"]["Statement"]
    assert statement["Condition"]["StringEquals"]["gitlab.com:aud"] == "slipway-dev"


def test_for_people(project, monkeypatch, capsys):
    assert run(monkeypatch, "-s", "dev", "--read-only", "--trust", "shop/functions") == 0
    text = capsys.readouterr().out
    assert text.startswith("# policy 1 of 1: ")
    assert "sqs:GetQueueAttributes" in text
    assert "sqs:CreateQueue" not in text
    assert "project_path:shop/functions:ref_type:branch:ref:*" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-s", "nowhere"), "nowhere"),
        (("-s", "cluster"), "cluster has no slipway:aws, so deploying it needs nothing of AWS"),
        (("-s", "dev", "--trust", "shop/functions"), "add --ref, and protect that ref in GitLab"),
        (("-s", "dev", "--ref", "main"), "say whose jobs may take the role; add --trust"),
        (("-s", "dev", "--trust", "shop/*", "--ref", "main"), "no wildcard, found 'shop/*'"),
    ],
)
def test_what_cannot_be_told_is_refused(project, monkeypatch, capsys, words, said):
    assert run(monkeypatch, *words) == 2
    assert said in capsys.readouterr().err


def test_environments_whose_names_begin_alike_are_refused(project, monkeypatch, capsys):
    (project / "stacks/Pulumi.dev-two.yaml").write_text(STACK.format(**LAMBDA))
    assert run(monkeypatch, "-s", "dev") == 2
    assert "names of dev-two begin like those of dev in the same account" in capsys.readouterr().err
    assert run(monkeypatch, "-s", "dev-two") == 0
