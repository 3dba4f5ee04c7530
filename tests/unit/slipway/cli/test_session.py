"""Which platforms an environment is on, by its functions or what was deployed before, and what is said of them."""

import types

import pytest

from slipway.artifacts.images import containerfile as builders
from slipway.cli import cluster, local, preparing, session, toolchain
from slipway.cli.session import Session
from slipway.core.errors import EngineError
from slipway.core.project import Project
from slipway.core.settings import Settings
from slipway.engine import memory
from slipway.engine.memory import Instances, Memory
from toolchain.embedded_aws import lifecycle as aws_lifecycle
from toolchain.embedded_cluster import lifecycle as cluster_lifecycle

AWS = {
    "account": "123456789012",
    "region": "eu-central-1",
    "endpoint": "http://127.0.0.1:4610",
    "accessKey": "a",
    "secretKey": "b",
}
OK, ILL = (
    types.SimpleNamespace(name=n, state=s, detail=d) for n, s, d in (("etcd", "ok", ""), ("kubelet", "failed", "hangs"))
)


def made(tmp_path, *targets, **settings):
    project = Project(tmp_path)
    config = {"target": "knative", "aws": AWS, **settings}
    functions = {
        f"f{number}": types.SimpleNamespace(target_in=lambda _, target=target: target, containerfile=None)
        for number, target in enumerate(targets)
    }
    return Session(project, "dev", Settings.model_validate(config).named("dev"), functions)


@pytest.fixture
def running(monkeypatch):
    """What runs on this machine; tests change it."""
    state = types.SimpleNamespace(
        aws=types.SimpleNamespace(running=True, instance="aws-1", api_url="http://127.0.0.1:4610"),
        cluster=types.SimpleNamespace(running=True, healthy=True, instance="cluster-1", parts=[OK], started=True),
    )
    monkeypatch.setattr(aws_lifecycle, "status", lambda config: state.aws)
    monkeypatch.setattr(cluster_lifecycle, "status", lambda config: state.cluster)
    monkeypatch.setattr(session, "config_of", lambda project: types.SimpleNamespace(api_url="http://127.0.0.1:4610"))
    return state


def test_only_platforms_that_functions_use_count(tmp_path, running):
    assert made(tmp_path, "knative").instances == Instances(cluster="cluster-1")
    assert made(tmp_path, "lambda").instances == Instances(aws="aws-1")
    assert made(tmp_path, "lambda", "knative").instances == Instances(aws="aws-1", cluster="cluster-1")


def test_without_functions_the_environments_own_target_counts(tmp_path, running):
    assert made(tmp_path).instances == Instances(cluster="cluster-1")
    assert made(tmp_path, target="lambda").instances == Instances(aws="aws-1")


def test_a_platform_that_was_in_use_is_still_needed_to_remove_what_lies_there(tmp_path, running):
    found = made(tmp_path, "knative")
    memory.remember(found.project, "dev", Memory(instances=Instances(aws="aws-1")))
    assert found.instances == Instances(aws="aws-1", cluster="cluster-1")
    assert found.instances_in_use == Instances(cluster="cluster-1")
    assert found.clouds.aws is not None


def test_a_cluster_of_its_own_and_the_real_aws_have_no_instance(tmp_path, running):
    aws = {"account": "123456789012", "region": "eu-central-1"}
    found = made(tmp_path, "lambda", "knative", aws=aws, kubeContext="team-dev", registry="r.example.com/x")
    running.cluster.running = running.aws.running = False
    assert found.instances == Instances()
    found.require_whole_cluster()


def test_a_cluster_that_does_not_run_is_said_with_the_command(tmp_path, running):
    running.cluster.running = False
    with pytest.raises(
        EngineError, match="dev: the embedded cluster is not running; what to do: run `slipway cluster up -s dev`"
    ):
        _ = made(tmp_path, "knative").instances


def test_a_part_that_does_not_work_is_named_before_an_update(tmp_path, running):
    running.cluster.healthy, running.cluster.parts = False, [OK, ILL]
    found = made(tmp_path, "knative")
    assert found.instances.cluster == "cluster-1", "a preview needs the API server alone"
    with pytest.raises(
        EngineError, match=r"not all of it works \(kubelet: hangs\); what to do: run `slipway cluster up"
    ):
        found.require_whole_cluster()
    made(tmp_path, "lambda").require_whole_cluster()


def test_the_cluster_is_reached_by_its_kubeconfig_or_by_a_context(tmp_path):
    embedded = made(tmp_path, "knative").kube
    assert (embedded.kubeconfig, embedded.context) == (tmp_path / ".slipway/cluster/kubeconfig", "slipway")
    other = made(tmp_path, "knative", kubeContext="team-dev", registry="r.example.com/x").kube
    assert (other.kubeconfig, other.context) == (None, "team-dev")
    assert made(tmp_path, "lambda", target="lambda").kube is None


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (("knative",), {"embedded cluster": "started"}),
        (("lambda",), {"embedded AWS": "runs"}),
        (("lambda", "knative"), {"embedded cluster": "started", "embedded AWS": "runs"}),
    ],
)
def test_start_starts_what_is_needed(tmp_path, running, monkeypatch, targets, expected):
    monkeypatch.setattr(cluster, "bring_up", lambda project, settings: running.cluster)
    monkeypatch.setattr(aws_lifecycle, "start", lambda config: types.SimpleNamespace(started=False))
    monkeypatch.setattr(local, "config_of", lambda project: None)
    assert preparing.start_platforms(made(tmp_path, *targets)) == expected


def test_start_starts_nothing_that_is_not_this_checkouts(tmp_path, running, monkeypatch):
    monkeypatch.setattr(cluster, "bring_up", lambda *_: pytest.fail("a cluster is started"))
    monkeypatch.setattr(aws_lifecycle, "start", lambda *_: pytest.fail("an AWS is started"))
    aws = {**AWS, "endpoint": "http://127.0.0.1:9999"}
    found = made(tmp_path, "lambda", "knative", aws=aws, kubeContext="team-dev", registry="r.example.com/x")
    assert preparing.start_platforms(found) == {}


def test_a_cluster_that_does_not_get_well_is_said(tmp_path, running, monkeypatch):
    running.cluster.healthy, running.cluster.parts = False, [OK, ILL]
    monkeypatch.setattr(cluster, "bring_up", lambda project, settings: running.cluster)
    with pytest.raises(EngineError, match=r"not all of it works \(kubelet\)"):
        preparing.start_platforms(made(tmp_path, "knative"))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (("lambda", None, False), []),
        (("knative", None, False), ["knative"]),
        (("lambda", "Containerfile", False), ["containerfile"]),
        (("knative", "Containerfile", True), ["knative"]),
    ],
)
def test_programs_are_fetched_only_for_images(tmp_path, running, monkeypatch, case, expected):
    target, containerfile, has_builder = case
    asked = []
    monkeypatch.setattr(toolchain, "install_for", lambda purpose: asked.append(str(purpose)))
    monkeypatch.setattr(builders, "has_builder", lambda: has_builder)
    found = made(tmp_path, target)
    found.functions["f0"].containerfile = containerfile
    preparing.prepare(found)
    assert asked == expected
