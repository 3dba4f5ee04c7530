"""The plan of a stack: every function with its key, and mistakes that end the program in words."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest

from components.environment_args import EnvironmentArgs
from components.function.args import Code, FunctionArgs
from slipway import program
from slipway.artifacts.images import environment as images
from slipway.artifacts.images.environment import Image
from slipway.core.errors import BadInputError, EngineError
from slipway.rollout import pointers
from slipway.rollout.pointers import Pointer

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The samples of this repository, at another place and without git."""
    for name in ("functions", "runtime", "stacks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    monkeypatch.setenv("SLIPWAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_key_of_a_package_holds_its_digest(project):
    function = program.plan("local").functions["hello"]
    assert function.key == f"packages/hello/{function.inputs.digest}.zip"


def test_the_dictionaries_are_what_the_components_take(project):
    plan = program.plan("local")
    environment = EnvironmentArgs.from_spec(plan.environment)
    functions = {
        name: FunctionArgs.from_spec(found.spec, Code(**plan.code(found))) for name, found in plan.functions.items()
    }
    assert sorted(functions) == ["audit", "hello", "nightly-report", "orders", "receipts"]
    assert environment.aws.endpoint == "http://127.0.0.1:4610"
    assert functions["hello"].commit == "unknown"
    assert environment.serving(functions).public_http


def test_a_function_with_an_image_has_no_package(project):
    image = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/report@sha256:{'0' * 64}"
    manifest = project / "functions/hello/function.yaml"
    kept = [line for line in manifest.read_text().splitlines() if not line.startswith(("runtime", "handler"))]
    manifest.write_text("\n".join([*kept, "runtime: container", f"image: {image}"]))
    for name in ("main.py", "requirements.in", "requirements.txt"):
        (project / "functions/hello" / name).unlink(missing_ok=True)
    plan = program.plan("local")
    found = plan.functions["hello"]
    assert (found.inputs, found.key) == (None, None)
    assert plan.code(found, pulumi.Output.from_input("bucket")) == {"image": image}


def test_a_preview_names_the_key_and_publishes_nothing(project, monkeypatch):
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(program, "Publisher", lambda *_: pytest.fail("a preview publishes"))
    plan = program.plan("local")
    bucket = pulumi.Output.from_input("bucket")
    found = plan.functions["hello"]
    assert plan.code(found, bucket) == {"bucket": bucket, "key": found.key}


class Recorder:
    """Stands for the bucket; remembers what it was asked to hold."""

    def __init__(self, error=None):
        self.error = error
        self.asked = []

    def ensure(self, digest, key, build, *, function, commit="unknown"):
        self.asked.append((digest, key, function, commit))
        if self.error:
            raise self.error


def published(plan, monkeypatch, recorder):
    monkeypatch.setattr(program, "Publisher", lambda bucket, factory: recorder)
    return asyncio.run(published_key(plan, plan.functions["hello"]))


async def published_key(plan, function):
    return await plan._published(function, "bucket")


def test_an_update_resolves_the_key_once_the_package_lies_in_the_bucket(project, monkeypatch):
    recorder = Recorder()
    plan = program.plan("local")
    key = published(plan, monkeypatch, recorder)
    found = plan.functions["hello"]
    assert key == found.key
    assert recorder.asked == [(found.inputs.digest, key, "hello", "unknown")]


def test_a_package_that_cannot_be_published_ends_the_program_in_words(project, monkeypatch):
    plan = program.plan("local")
    with pytest.raises(pulumi.RunError, match="the bucket is full"):
        published(plan, monkeypatch, Recorder(BadInputError("the bucket is full")))


def test_all_mistakes_are_in_the_message_that_ends_the_program(project):
    for name in ("hello", "audit"):
        manifest = project / f"functions/{name}/function.yaml"
        manifest.write_text(manifest.read_text().replace("memory: 128", "memory: 64"))
    with pytest.raises(pulumi.RunError) as stopped:
        program.plan_or_stop("local")
    said = str(stopped.value)
    assert "functions/audit/function.yaml:" in said
    assert "functions/hello/function.yaml:" in said
    assert "memory must be 128-10240 MB, found 64" in said


def test_an_environment_that_does_not_exist_is_named(project):
    with pytest.raises(BadInputError) as refused:
        program.plan("lokal")
    assert "lokal" in "\n".join(finding.render() for finding in refused.value.findings)


class Images:
    """Stands for the builder of an environment's images."""

    def __init__(self, project, settings):
        self.dead_letters = image("slipway-dead-letters")
        self.log_agent = image("log-agent")

    def build_all(self, functions, inputs):
        return {name: image(name) for name in functions}


def image(name, error=None):
    def publish(self):
        published.append(name)
        if error:
            raise error
        return self.reference

    published = []
    kind = type("Published", (Image,), {"publish": publish, "published": published})
    return kind(function=name, reference=f"127.0.0.1:4614/{name}@sha256:{'1' * 64}", layout=Path("/layout"))


@pytest.fixture
def knative(project, monkeypatch):
    monkeypatch.setattr(images, "EnvironmentImages", Images)
    return program.plan("local-knative")


def test_on_knative_every_function_is_an_image_with_the_digest_of_its_code(knative):
    found = knative.functions["hello"]
    assert (found.inputs, found.key) == (None, None)
    assert found.code == {"image": f"127.0.0.1:4614/hello@sha256:{'1' * 64}"}
    assert found.spec["code_digest"] == program.plan("local").functions["hello"].inputs.digest


def test_the_log_agent_runs_as_an_image_of_the_registry(knative):
    assert knative.log_agent.reference == f"127.0.0.1:4614/log-agent@sha256:{'1' * 64}"
    assert program.plan("local").log_agent is None


def test_the_access_to_the_embedded_cluster_is_named_without_the_checkouts_path(knative, project, monkeypatch):
    assert knative.spec["knative"]["kubeconfig"] == ".slipway/cluster/kubeconfig"
    monkeypatch.setenv("SLIPWAY_CLUSTER_DIR", str(project.parent / "elsewhere"))
    assert program.plan("local-knative").spec["knative"]["kubeconfig"] == f"{project.parent}/elsewhere/kubeconfig"


def test_a_cluster_of_its_own_is_reached_as_the_user_reaches_it(project, monkeypatch):
    monkeypatch.setattr(images, "EnvironmentImages", Images)
    assert "kubeconfig" not in program.plan("dev").spec["knative"]


def test_dead_letters_have_an_image_only_where_events_can_fail(knative, monkeypatch):
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    kept = knative.environment["knative"]["dead_letters"]
    assert kept["image"].startswith("127.0.0.1:4614/slipway-dead-letters@sha256:")
    assert knative.spec["knative"]["dead_letters"].get("image") is None
    assert "dead_letters" not in (program.plan("local").environment["knative"] or {})
    assert EnvironmentArgs.from_spec(knative.environment).knative.dead_letters.image == kept["image"]


def test_a_preview_names_an_image_and_pushes_nothing(knative, monkeypatch):
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    found = knative.functions["hello"]
    assert knative.code(found) == found.code
    assert found.image.published == []


def test_an_update_resolves_the_image_once_it_is_in_the_registry(knative):
    found = knative.functions["hello"]
    assert asyncio.run(program._said(found.image.publish)) == found.image.reference
    assert found.image.published == ["hello"]


def test_an_image_that_cannot_be_pushed_ends_the_program_in_words():
    down = EngineError("function 'hello': its image cannot be pushed: the registry cannot be reached")
    with pytest.raises(pulumi.RunError, match="function 'hello': its image cannot be pushed"):
        asyncio.run(program._said(image("hello", down).publish))


def test_where_calls_go_now_is_asked_only_for_what_rolls_out(project, monkeypatch):
    asked = []

    def read(project, settings, functions):
        asked.append(functions)
        return {name: Pointer(stable="1", current="1", latest="2", rejected=None) for name in functions}

    monkeypatch.setattr(pointers, "read", read)
    assert program.plan("local").functions["hello"].spec["rollout"] is None
    manifest = project / "functions/hello/function.yaml"
    manifest.write_text(manifest.read_text() + "rollout: {canary: 10}\n")
    spec = program.plan("local").functions["hello"].spec
    assert asked[-1] == {"hello": "lambda"}
    assert spec["rollout"] == {
        "canary": 10,
        "pointer": {"stable": "1", "current": "1", "latest": "2", "rejected": None},
    }
    assert FunctionArgs.from_spec(spec, Code(image="x")).rollout.pointer.latest == "2"


def test_lambda_alone_loads_nothing_of_kubernetes(project):
    code = (
        "import sys; from slipway import program; program.plan('local'); "
        "print([name for name in sys.modules if name.split('.')[0] in {'kubernetes', 'pulumi_kubernetes'}"
        " or name.startswith(('slipway.kube', 'slipway.rollout', 'slipway.artifacts.images'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.strip() == "[]"


def test_the_shipper_is_named_where_a_function_on_lambda_has_a_sink(project, monkeypatch):
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    monkeypatch.setattr(program, "Publisher", lambda *_: pytest.fail("a preview publishes"))
    plan = program.plan("local")
    shipper = EnvironmentArgs.from_spec(plan.environment).shipper
    assert shipper.key == f"packages/slipway-shipper/{plan.shipper.digest}.zip"
    assert shipper.runtime == "python3.11"
    assert shipper.publish(None) == shipper.key


def test_the_shipper_is_published_before_its_key_resolves(project, monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(program, "Publisher", lambda bucket, factory: recorder)
    plan = program.plan("local")

    async def shipped():
        return await plan._shipped_to("bucket")

    key = asyncio.run(shipped())
    assert recorder.asked == [(plan.shipper.digest, key, "slipway-shipper", "unknown")]
    assert key == f"packages/slipway-shipper/{plan.shipper.digest}.zip"


def test_on_knative_alone_nothing_is_shipped(knative, monkeypatch):
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    assert knative.shipper is None
    assert "shipper" not in knative.environment
