"""A small project on disk, to be spoilt by tests."""

import textwrap

import pytest

from slipway.core.project import Project
from slipway.core.validate import load

MANIFEST = """\
owner: team-a
runtime: python3.11
handler: main:main
events:
  - http: {path: /orders, methods: [POST], visibility: public}
"""
STACK = """\
config:
  slipway:target: lambda
  slipway:aws: {account: "123456789012", region: eu-central-1}
  slipway:resources:
    queue: {receipts: {create: true}}
"""
SINKS = "  slipway:sinks: {central: {s3: {bucket: logs, region: eu-central-1}}}\n"
HALVES = {
    "lambda": '  slipway:aws: {account: "123456789012", region: eu-central-1}\n',
    "knative": "  slipway:cluster: {}\n",
}
SECRETS = """\
  slipway:resources:
    secret:
      both: {kubernetes: both, arn: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:both-AbCdEf"}
      inside: {kubernetes: inside}
      outside: {arn: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:outside-AbCdEf"}
"""
SOURCE = "def main(request):\n    return 'ok'\n"


class Sandbox:
    """A project with one right function `orders` and one right environment `dev`."""

    def __init__(self, root):
        self.root = root
        self.project = Project(root)
        (root / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
        self.function("orders")
        self.stack("dev")

    def function(self, name, manifest=MANIFEST, source=SOURCE, **files):
        folder = self.root / "functions" / name
        folder.mkdir(parents=True, exist_ok=True)
        text = textwrap.dedent(manifest) if isinstance(manifest, str) else manifest
        if isinstance(text, bytes):
            (folder / "function.yaml").write_bytes(text)
        elif text is not None:
            (folder / "function.yaml").write_text(text)
        if source is not None:
            (folder / "main.py").write_text(textwrap.dedent(source))
        for file, content in files.items():
            (folder / file.replace("__", ".")).write_text(content)
        return folder

    def stack(self, name, text=STACK, sinks=SINKS):
        """An environment; one that says nothing about sinks gets one that serves both targets, in its last line."""
        (self.root / "stacks").mkdir(exist_ok=True)
        path = self.root / "stacks" / f"Pulumi.{name}.yaml"
        if isinstance(text, bytes):
            path.write_bytes(text)
            return path
        text = textwrap.dedent(text)
        if "\n  slipway:" in text and "slipway:sinks:" not in text:
            text = text.rstrip("\n") + "\n" + sinks
        path.write_text(text)
        return path

    def load(self, environments=None):
        return load(self.project, environments)

    def lines(self, environments=None):
        return [finding.render() for finding in self.load(environments).findings]

    def only(self, rule=None):
        """The one finding that there is; of the rule that is expected."""
        findings = self.load().findings
        assert len(findings) == 1, [finding.render() for finding in findings]
        assert rule is None or findings[0].rule == rule, findings[0]
        return findings[0].render()


@pytest.fixture
def box(tmp_path):
    return Sandbox(tmp_path)


@pytest.fixture
def manifest():
    """Right manifest text with lines put in its place or at its end."""

    def build(extra="", **replaced):
        lines = {line.partition(":")[0]: line for line in MANIFEST.splitlines()[:3]}
        lines.update({key: f"{key}: {value}" for key, value in replaced.items() if value is not None})
        for key in (key for key, value in replaced.items() if value is None):
            lines.pop(key, None)
        body = "\n".join(lines.values())
        events = "" if "events:" in extra else "\n" + "\n".join(MANIFEST.splitlines()[3:])
        return f"{body}{events}\n{textwrap.dedent(extra)}".rstrip("\n") + "\n"

    return build


@pytest.fixture
def stack_of():
    """Settings with sinks, in line 4 (`both` targets: in line 5), and secrets for them."""

    def text(target, sinks):
        halves = "".join(HALVES.values()) if target == "both" else HALVES[target]
        first = "lambda" if target == "both" else target
        return f"config:\n  slipway:target: {first}\n{halves}  slipway:sinks: {sinks}\n{SECRETS}"

    return text


@pytest.fixture
def said(box, manifest, stack_of):
    """What is said about sinks of an environment with one function that both targets serve."""
    box.function("orders", manifest("events: [event: {type: a}]"))

    def lines(target, sinks):
        box.stack("dev", stack_of(target, sinks))
        return box.lines()

    return lines
