"""What goes wrong on a real cluster is told with the function and the next step, and mended by one more update."""

import pytest

from tests.integration.slipway.engine.conftest import free_port

pytestmark = pytest.mark.timeout(1800)
# An update waits three minutes for a function; everything else is quick.
PATIENT = 900


@pytest.fixture(scope="module")
def deployed(knative):
    knative.run("up", timeout=PATIENT)
    return knative


@pytest.fixture
def mended(deployed):
    """The checkout; after the test its files are as before, and one more update makes all of it work."""
    files = {path: path.read_bytes() for path in (deployed.root / "functions").rglob("*") if path.is_file()}
    stack = deployed.root / "stacks" / f"Pulumi.{deployed.ENVIRONMENT}.yaml"
    files[stack] = stack.read_bytes()
    yield deployed
    for path, content in files.items():
        path.write_bytes(content)
    deployed.run("up", timeout=PATIENT)
    deployed.run("preview", "--expect-no-changes")
    assert deployed.in_cluster() == deployed.recorded()


def touch(checkout, function="hello"):
    """Change the code of a function, so that an update makes a new revision."""
    main = checkout.root / "functions" / function / "main.py"
    main.write_text(main.read_text() + "\nCHANGED = True\n")


def failure(checkout, *words):
    said = checkout.run("up", status=3, timeout=PATIENT).stderr
    assert "Traceback (most recent call last)" not in said
    for word in words:
        assert word in said, f"{word!r} is missing in:\n{said}"
    return said


def test_a_registry_that_does_not_answer(mended):
    mended.settings(lambda config: config.update({"slipway:registry": f"127.0.0.1:{free_port()}"}))
    touch(mended)
    # Every image goes to another registry; the first that cannot be pushed ends the update.
    failure(mended, "': its image cannot be pushed: image 127.0.0.1:", "the registry cannot be reached")


def test_an_image_that_is_missing(mended):
    image = f"{mended.cluster.config.registry}/missing@sha256:{'0' * 64}"
    manifest = mended.root / "functions/hello/function.yaml"
    kept = [line for line in manifest.read_text().splitlines() if not line.startswith(("runtime", "handler"))]
    try:
        manifest.write_text("\n".join([*kept, "runtime: container", f"image: {image}", ""]))
        hidden = [path for path in manifest.parent.iterdir() if path.suffix in {".py", ".in", ".txt"}]
        for path in hidden:
            path.rename(mended.root / path.name)
        failure(
            mended, "hello: the Kubernetes API server reported that", "the image is not in the registry; what to do:"
        )
    finally:
        for path in hidden:
            (mended.root / path.name).rename(path)


def test_a_quota_that_is_used_up(mended):
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "nothing-more", "namespace": mended.namespace},
        "spec": {"hard": {"pods": "0"}},
    }
    mended.cluster.apply(quota)
    try:
        touch(mended)
        failure(mended, "hello: ", "exceeded quota: nothing-more", "the quota of the namespace is used up; what to do:")
    finally:
        mended.cluster.kubectl("delete", "resourcequota", "nothing-more", "-n", mended.namespace)


def test_a_function_that_ends_at_its_start(mended):
    main = mended.root / "functions/hello/main.py"
    main.write_text(main.read_text() + "\nraise RuntimeError('the moon is full')\n")
    failure(mended, "hello: pod hello-", "the moon is full", "the function ends right after its start; what to do:")


def test_a_webhook_that_is_broken(mended):
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": f"broken-{mended.namespace}"},
        "webhooks": [
            {
                "name": "broken.example.com",
                "clientConfig": {"service": {"name": "nobody", "namespace": mended.namespace, "path": "/"}},
                "rules": [
                    {
                        "apiGroups": ["serving.knative.dev"],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["services"],
                    }
                ],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": mended.namespace}},
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "timeoutSeconds": 2,
            }
        ],
    }
    mended.cluster.apply(hook)
    try:
        touch(mended)
        failure(mended, "hello: ", "broken.example.com", "a webhook of the cluster")
    finally:
        mended.cluster.kubectl("delete", "validatingwebhookconfiguration", hook["metadata"]["name"])


def test_a_cluster_that_does_not_run_is_said(knative):
    nowhere = str(knative.root / "nowhere")
    for command in (["up"], ["preview"], ["verify"]):
        done = knative.run(*command, status=3, SLIPWAY_CLUSTER_DIR=nowhere)
        assert "the embedded cluster is not running; what to do: run `slipway cluster up" in done.stderr
