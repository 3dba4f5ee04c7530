"""Update, preview, switch and heal on a real cluster with the real engine and provider, as `make up` does."""

import gzip
import json
import os
import signal

import pytest

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def deployed(knative):
    knative.run("up", timeout=900)
    return knative


def test_a_preview_after_an_update_is_empty(deployed):
    done = deployed.run("preview", "--expect-no-changes")
    assert done.stdout.startswith("nothing to change")


def test_functions_answer_at_the_public_entry_also_from_zero(deployed):
    answer = deployed.cluster.call("hello", deployed.namespace, "/hello?name=Ada")
    assert (answer.status_code, answer.text) == (200, "Hello, Ada!\n")


def test_what_exists_is_what_is_recorded(deployed):
    assert deployed.in_cluster() == deployed.recorded()


def test_a_change_of_documentation_is_none(deployed):
    (deployed.root / "functions/hello/README.md").write_text("# Hello\n\nAnother word.\n")
    deployed.run("preview", "--expect-no-changes")


def test_a_change_of_code_makes_one_new_revision_of_one_function(deployed):
    before = deployed.revisions()
    deployed.edit("functions/hello/function.yaml", "GREETING: Hello", "GREETING: Servus")
    main = deployed.root / "functions/hello/main.py"
    main.write_text(main.read_text() + "\nCHANGED = True\n")
    plan = json.loads(deployed.run("preview", "--json").stdout)
    assert {(step["op"], step["name"]) for step in plan["steps"] if step["custom"]} == {("update", "hello")}
    assert deployed.revisions() == before, "a preview changed something"
    deployed.run("up", timeout=900)
    after = deployed.revisions()
    assert len(after["hello"]) == len(before["hello"]) + 1
    assert after["audit"] == before["audit"]
    assert deployed.cluster.call("hello", deployed.namespace, "/hello").text.startswith("Servus")
    deployed.run("preview", "--expect-no-changes")


def test_the_image_that_a_preview_names_is_the_one_that_an_update_runs(deployed):
    (service,) = [
        item
        for item in deployed.cluster.get("services.serving.knative.dev", "-n", deployed.namespace)["items"]
        if item["metadata"]["name"] == "hello"
    ]
    image = service["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.startswith(f"{deployed.cluster.config.registry}/hello@sha256:")


def test_a_killed_update_heals(deployed):
    deployed.edit("functions/hello/function.yaml", "memory: 128", "memory: 192")
    process = deployed.popen("up")
    for line in process.stderr:
        if line.startswith(("update", "up: starting")):
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    deployed.run("up", "--wait", "120", timeout=900)
    assert deployed.in_cluster() == deployed.recorded()
    deployed.run("preview", "--expect-no-changes")


def test_a_creation_that_nobody_recorded_is_taken_over(deployed):
    """As after a kill between the API's answer and its record: the object exists, the state does not know it."""
    file = deployed.root / f".slipway/state/.pulumi/stacks/slipway/{deployed.ENVIRONMENT}.json.gz"
    state = json.loads(gzip.decompress(file.read_bytes()))
    latest = state["checkpoint"]["latest"]
    lost = [r for r in latest["resources"] if r["type"] == "kubernetes:eventing.knative.dev/v1:Trigger"]
    assert lost
    latest["resources"] = [r for r in latest["resources"] if r not in lost]
    latest["pending_operations"] = [
        {"type": "creating", "resource": {k: v for k, v in r.items() if k not in {"id", "outputs"}}} for r in lost
    ]
    file.write_bytes(gzip.compress(json.dumps(state).encode()))
    done = deployed.run("up", timeout=900)
    assert done.stderr.count("existed and was taken over") == len(lost)
    deployed.run("preview", "--expect-no-changes")


def test_another_target_in_one_line_moves_a_function(deployed):
    services = deployed.cluster.get("services.serving.knative.dev", "-n", deployed.namespace)["items"]
    (code,) = [s["metadata"]["annotations"]["slipway.io/code"] for s in services if s["metadata"]["name"] == "hello"]
    manifest = deployed.root / "functions/hello/function.yaml"
    text = manifest.read_text()
    manifest.write_text(text + "target: lambda\n")
    deployed.run("start", timeout=600)
    deployed.run("up", timeout=900)
    assert {name.rpartition("/")[2] for name in deployed.in_cluster() if name.startswith("Service/")} == {"audit"}
    functions = deployed.client("lambda").list_functions()["Functions"]
    (function,) = [one for one in functions if one["FunctionName"].endswith("-hello")]
    assert len(functions) == 2, "the function, and what ships its logs"
    tags = deployed.client("lambda").list_tags(Resource=function["FunctionArn"])["Tags"]
    assert tags["code"] == code
    deployed.run("preview", "--expect-no-changes")
    manifest.write_text(text)
    deployed.run("up", timeout=900)
    assert deployed.client("lambda").list_functions()["Functions"] == []
    assert deployed.in_cluster() == deployed.recorded()
    deployed.run("preview", "--expect-no-changes")


def test_destroy_leaves_nothing(deployed):
    deployed.run("destroy", "--yes", timeout=900)
    assert deployed.cluster.kubectl("get", "namespace", deployed.namespace, "--ignore-not-found") == ""
