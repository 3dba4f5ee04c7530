"""Update, preview, switch and heal on a real cluster with the real engine and provider, as `make up` does."""

import gzip
import json
import os
import shutil
import signal
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(1800)
ESCAPE = Path(__file__).parents[3] / "escape"
ROLES = ("developer", "deployer", "previewer")


@pytest.fixture(scope="module")
def deployed(knative):
    accounts = {role: knative.somebody(role) for role in ROLES}
    for name in accounts.values():
        metadata = {"name": name, "namespace": "default"}
        knative.cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    given = {f"{role}s": {"serviceAccounts": [f"default/{name}"]} for role, name in accounts.items()}
    knative.settings(lambda config: config.update({"slipway:guardrails": given}))
    shutil.copytree(ESCAPE, knative.root / "functions" / "escape")
    knative.run("up", timeout=900)
    yield knative
    knative.cluster.kubectl("delete", "serviceaccount", "-n", "default", *accounts.values())


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
    with deployed.rights_of("previewer"):
        plan = json.loads(deployed.run("preview", "--json").stdout)
    assert {(step["op"], step["name"]) for step in plan["steps"] if step["custom"]} == {("update", "hello")}
    assert deployed.revisions() == before, "a preview changed something"
    with deployed.rights_of("deployer"):
        deployed.run("up", timeout=900)
    after = deployed.revisions()
    assert len(after["hello"]) == len(before["hello"]) + 1
    assert after["audit"] == before["audit"]
    assert deployed.cluster.call("hello", deployed.namespace, "/hello").text.startswith("Servus")
    deployed.run("preview", "--expect-no-changes")


@pytest.mark.parametrize(
    ("role", "verb", "what", "allowed"),
    [
        ("developer", "get", "pods/log", True),
        ("developer", "list", "services.serving.knative.dev", True),
        ("developer", "get", "secrets", False),
        ("developer", "create", "pods/exec", False),
        ("developer", "create", "pods/portforward", False),
        ("developer", "delete", "services.serving.knative.dev", False),
        ("deployer", "patch", "services.serving.knative.dev", True),
        ("deployer", "create", "networkpolicies.networking.k8s.io", True),
        ("deployer", "get", "secrets", False),
        ("deployer", "create", "pods", False),
        ("deployer", "patch", "namespaces", False),
        ("deployer", "patch", "resourcequotas", False),
        ("deployer", "patch", "roles.rbac.authorization.k8s.io", False),
        ("deployer", "escalate", "roles.rbac.authorization.k8s.io", False),
        ("previewer", "list", "deployments.apps", True),
        ("previewer", "patch", "services.serving.knative.dev", False),
    ],
)
def test_a_role_is_what_it_says(deployed, role, verb, what, allowed):
    somebody = f"--as=system:serviceaccount:default:{deployed.somebody(role)}"
    said = deployed.cluster.kubectl("auth", "can-i", verb, what, somebody, "-n", deployed.namespace, check=False)
    assert said.strip() == ("yes" if allowed else "no")
    elsewhere = deployed.cluster.kubectl("auth", "can-i", verb, what, somebody, "-n", "default", check=False)
    assert elsewhere.strip() == "no"


@pytest.fixture(scope="module")
def outside(deployed):
    """Address of a server in a namespace without any guard, which others there reach."""
    name = f"server-{deployed.namespace}"
    server = "import http.server as s; s.HTTPServer(('', 8080), s.SimpleHTTPRequestHandler).serve_forever()"
    deployed.cluster.run_pod(name, "default", deployed.cluster.base(), server)
    pod = deployed.cluster.get("pod", name, "-n", "default")
    yield f"{pod['status']['podIP']}:8080"
    deployed.cluster.kubectl("delete", "pod", name, "-n", "default", "--wait=false")


@pytest.fixture(scope="module")
def escaped(deployed, outside):
    """What came of each attempt of a function to get out, and the rights that it has."""
    pods = deployed.cluster.get("pods", "-n", "kourier-system")["items"]
    gateway = next(pod["status"]["podIP"] for pod in pods if "gateway" in pod["metadata"]["name"])
    others = {"a pod elsewhere": outside, "the gateway": f"{gateway}:8081", "the node": "10.250.0.1:3100"}
    query = "&".join(f"to={address}" for address in others.values())
    answer = deployed.cluster.call("escape", deployed.namespace, f"/escape?{query}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    for name, address in others.items():
        found["attempts"][name] = found["attempts"].pop(f"to {address}")
    return found


def test_what_a_function_cannot_reach_is_there(deployed, outside):
    host, _, port = outside.rpartition(":")
    reach = f"import socket; socket.create_connection(({host!r}, {port}), timeout=10); print('reached')"
    assert deployed.cluster.python(f"server-{deployed.namespace}", "default", reach).strip() == "reached"


def test_a_function_may_use_its_folder_and_find_names(escaped):
    assert [escaped["attempts"].pop(name) for name in ("temporary file", "name")] == ["done", "done"]


@pytest.mark.parametrize(
    "attempt",
    [
        *("token", "secrets", "api", "api by name", "metadata", "a pod elsewhere", "the gateway", "the node"),
        *(f"write {place}" for place in ("/", "/app", "/etc", "/usr/lib", "/var", "/proc/sys/kernel", "/sys/kernel")),
        *("write /dev", "kernel settings", "root", "group root", "mount", "chroot", "device", "raw socket", "trace"),
        *(f"new namespace: {kind}" for kind in ("user", "mount", "network", "processes")),
    ],
)
def test_a_function_does_not_get_out(escaped, attempt):
    assert escaped["attempts"][attempt] != "done", escaped


def test_a_function_has_no_right_that_a_process_could_lack(escaped):
    rights = escaped["rights"]
    assert {int(rights[key], 16) for key in ("CapEff", "CapPrm", "CapBnd")} == {0}
    assert (rights["NoNewPrivs"], rights["Seccomp"]) == ("1", "2")
    assert set(rights["Uid"].split()) == {"65532"}


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
    assert {name.rpartition("/")[2] for name in deployed.in_cluster() if name.startswith("Service/")} == {
        "audit",
        "escape",
    }
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
