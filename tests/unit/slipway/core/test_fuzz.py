"""Whatever stands in a file: a model or findings, never a traceback, and no secret in any message."""

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from slipway.core.environments import load_environment
from slipway.core.findings import Severity
from slipway.core.project import Project
from slipway.core.validate import load
from slipway.core.yaml_source import parse_yaml

ROOT = Path(__file__).parents[4]
MANIFESTS = [path.read_text() for path in sorted((ROOT / "functions").glob("*/function.yaml"))]
STACK = (ROOT / "stacks" / "Pulumi.local.yaml").read_bytes()
STACKS = [path.read_text() for path in sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))]
CANARY = "hunter2canary"
BOUNDED = settings(
    max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

KEYS = st.sampled_from([
    "owner", "runtime", "handler", "memory", "events", "http", "path", "auth", "schedule", "queue", "uses", "can", "scale",
    "environment", "secrets", "config", "slipway:target", "slipway:aws", "slipway:resources", "slipway:functions", "account",
    "slipway:kubeContext", "slipway:namespace", "slipway:eventing", "broker", "class", "config", "channel", "spec", "service", "address",
    "egress", "cidr", "ports", "kubernetes", "target", "rollout", "canary", "hosts", "arn", "create", "secure", "<<", "a", "", "A B", "é", "\n",
])  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates(), st.binary(max_size=5),
    st.sampled_from(["main:main", "/a/{b}", "rate(5 minutes)", "iam", "lambda", "knative", "10.0.0.0/8", "arn:aws:sqs:::", "yes", "0x1", "1:30"]),
)  # fmt: skip
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5))
PIECES = st.sampled_from([
    "\t", "&a ", "*a", "!!python/object:os.system ", "<<: ", "{", "}", "[", "]", ": ", "- ", "\n", "\n  ", "'", '"', "|\n", ">\n", "#",
    "---\n", "...\n", "%YAML 1.1\n", "? ", "\x00", "\ufeff", "\u2028", "yes", "1_0", "null", "\U0001f600", "=", "@", "`",
])  # fmt: skip


@st.composite
def mutated(draw, originals):
    """A right file with some pieces cut out, doubled or put in."""
    text = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 30)))
        piece = draw(PIECES | st.just(text[start:end] * 2) | st.just(""))
        text = text[:start] + piece + text[end:]
    return text


def project(folder, *, manifest=None, stack=None):
    root = folder / os.urandom(8).hex()
    (root / "functions" / "f").mkdir(parents=True)
    (root / "stacks").mkdir()
    (root / "functions" / "f" / "main.py").write_text("def main(request): ...\n")
    (root / "functions" / "f" / "function.yaml").write_bytes(
        manifest if manifest is not None else MANIFESTS[0].encode()
    )
    (root / "stacks" / "Pulumi.dev.yaml").write_bytes(stack if stack is not None else STACK)
    return Project(root)


def holds(loaded):
    """A function or environment is handed out exactly when no error speaks about it, and each finding is one line."""
    wrong = {
        (finding.function, finding.environment) for finding in loaded.findings if finding.severity is Severity.ERROR
    }
    assert ("f" in loaded.functions) == all(function != "f" for function, _ in wrong)
    assert ("dev" in loaded.settings) == all((function, name) != (None, "dev") for function, name in wrong)
    for finding in loaded.findings:
        assert "\n" not in finding.render()
        assert len(finding.render()) < 3000
        assert finding.render().encode()


@BOUNDED
@given(content=st.binary(max_size=200))
def test_any_bytes_as_function_yaml(tmp_path, content):
    holds(load(project(tmp_path, manifest=content)))


@BOUNDED
@given(content=st.binary(max_size=200))
def test_any_bytes_as_a_stack(tmp_path, content):
    holds(load(project(tmp_path, stack=content)))


@BOUNDED
@given(content=mutated(MANIFESTS))
def test_a_spoilt_function_yaml(tmp_path, content):
    holds(load(project(tmp_path, manifest=content.encode("utf-8", "surrogatepass"))))


@BOUNDED
@given(content=mutated(STACKS))
def test_a_spoilt_stack(tmp_path, content):
    holds(load(project(tmp_path, stack=content.encode("utf-8", "surrogatepass"))))


@BOUNDED
@given(data=st.dictionaries(KEYS, VALUES, max_size=8))
@example(data={"events": [{"http": {"path": "/"}}, {}]})
def test_any_yaml_as_function_yaml(tmp_path, data):
    holds(load(project(tmp_path, manifest=yaml.safe_dump(data, allow_unicode=True).encode("utf-8", "surrogatepass"))))


@BOUNDED
@given(data=st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_yaml_as_a_stack(tmp_path, data):
    text = yaml.safe_dump({"config": data}, allow_unicode=True)
    holds(load(project(tmp_path, stack=text.encode("utf-8", "surrogatepass"))))


@BOUNDED
@given(text=st.text(max_size=100))
def test_any_text_parses_or_is_refused(text):
    document = parse_yaml(text, shown="f")
    assert (document.data is not None) or document.findings


@BOUNDED
@given(source=st.text(max_size=100) | mutated(["def main(request, *, a=1):\n    return f'{a}'\n"]))
def test_any_source(tmp_path, source):
    here = project(
        tmp_path, manifest=b"owner: a\nruntime: python3.11\nhandler: main:main\nevents: [http: {path: /a}]\n"
    )
    (here.functions / "f" / "main.py").write_bytes(source.encode("utf-8", "surrogatepass"))
    holds(load(here))


@BOUNDED
@given(
    where=st.sampled_from(["environment", "envs", "secrets", "pasword", "description"]),
    value=st.sampled_from(
        [CANARY, f"{CANARY}!", f"&{CANARY} x", f"*{CANARY}", f"!{CANARY} x", f"'{CANARY}", f"[{CANARY}]"]
    )
    | mutated([f"{{a: {CANARY}, b: [{CANARY}]}}"]),
)
@example(where="description", value=f"{{ {CANARY}, b: [{CANARY}]}}")
def test_no_message_shows_what_may_be_secret(tmp_path, where, value):
    key = f"{where}: {value}" if where in {"pasword", "description"} else f"{where}:\n  TOKEN: {value}"
    text = f"owner: a\nruntime: python3.11\nhandler: main:main\n{key}\n"
    loaded = load(project(tmp_path, manifest=text.encode()))
    holds(loaded)
    # A mutation can put the value where a key of the manifest stands, and those are shown.
    shown = [f for f in loaded.findings if not (f.rule in {"unknown-key", "bad-key"} and f.column == 1)]
    assert not any(CANARY in str(finding) for finding in shown), shown


@pytest.mark.parametrize(
    "keys",
    [
        "accessKey: {0}",
        "accessKey: [{0}]",
        "accessKey: {{{0}}}",
        "accessKey: {{{0}: 1, {0}: 2}}",
        "acessKey: {{{0}}}",
        "acessKey: {0}",
        "secretKey: {0}, accessKey: {0}",
    ],
)
def test_credentials_are_never_shown(tmp_path, keys):
    aws = f'{{account: "123456789012", region: eu-central-1, {keys.format(CANARY)}}}'
    here = project(tmp_path, stack=f"config:\n  slipway:target: lambda\n  slipway:aws: {aws}\n".encode())
    loaded = load_environment(here, "dev")
    assert loaded.findings
    assert not any(CANARY in str(finding) for finding in loaded.findings)


@pytest.mark.parametrize(
    "entry",
    [
        "secret: {db: {kubernetes: '{0} x'}}",
        "secret: {db: {kubernetes: [{0}]}}",
        "secret: {db: {arn: '{0}'}}",
        "service: {billing: {address: 'https://u:{0}@billing.example.com'}}",
        "service: {billing: {address: '{0}'}}",
        "service: {billing: {address: 'https://billing.example.com', secret: '{0} x'}}",
        "service: {billing: {address: 'https://billing.example.com', secret: {0}/x}}",
        "service: {billing: {address: 'https://billing.example.com', secret: [{0}]}}",
        "bucket: {files: {address: 'https://files.example.com?key={0}'}}",
    ],
)
def test_what_may_be_a_secret_in_a_catalogue_is_never_shown(tmp_path, entry):
    text = "config:\n  slipway:target: knative\n  slipway:resources:\n    " + entry.replace("{0}", CANARY) + "\n"
    loaded = load_environment(project(tmp_path, stack=text.encode()), "dev")
    assert loaded.findings
    assert not any(CANARY in str(finding) for finding in loaded.findings), loaded.findings
