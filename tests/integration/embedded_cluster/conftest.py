"""What tests on the embedded cluster share: the cluster itself, and an image of a function that tells what it got."""

import json
import subprocess
import tarfile
import uuid

import pytest

from tests.cluster import SECURE, cluster, namespace  # noqa: F401 - fixtures
from toolchain.embedded_cluster.content import base_image, oci

ECHO = """
import http.server, json, os, signal

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
GOT = []


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size).decode()
        if self.path == "/got":
            out = json.dumps(GOT).encode()
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            GOT.append({"path": self.path, "headers": headers, "body": body})
            event = "ce-id" in headers
            out = b"" if event else json.dumps({"version": os.environ.get("VERSION"), "path": self.path}).encode()
        self.send_response(int(os.environ.get("STATUS", "200")) if self.path != "/got" else 200)
        self.send_header("content-length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
"""
"""A function that answers with its version and path, keeps what it got for /got, and answers events without a body."""


@pytest.fixture(scope="session")
def echo(cluster, tmp_path_factory):  # noqa: F811 - the fixture
    """Reference of an image that runs `ECHO`, on the base image, in the cluster's registry."""
    folder = tmp_path_factory.mktemp("echo")
    (folder / "echo.py").write_text(ECHO)
    with tarfile.open(folder / "code.tar", "w") as tar:
        tar.add(folder / "echo.py", "app/echo.py", filter=_plain)
    base = base_image.load(cluster.config.cache)
    code = oci.FileLayer(folder / "code.tar")
    layers = (*base.layers, (code, oci.measure(code)))
    image = oci.Image(layers, oci.process(("/usr/bin/python3", "/app/echo.py")), base.architecture)
    oci.write_layout(image, "echo:1", folder / "layout")
    name = f"{cluster.config.registry}/test/echo"
    crane = cluster.config.binaries["crane"]
    subprocess.run([crane, "push", folder / "layout", f"{name}:{uuid.uuid4().hex}"], check=True, capture_output=True)
    return f"{name}@{image.digest}"


@pytest.fixture
def function(cluster, namespace, echo):  # noqa: F811 - the fixtures
    """Deploys the echo function: `function("orders", VERSION="1", annotations={...}, traffic=[...])`."""

    def deploy(name, *, annotations=None, labels=None, traffic=None, revision=None, image=echo, wait=True, **variables):
        container = {
            "image": image,
            "env": [{"name": key, "value": value} for key, value in variables.items()],
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
            "securityContext": SECURE,
        }
        pod = {"automountServiceAccountToken": False, "timeoutSeconds": 30, "containers": [container]}
        metadata = {"annotations": annotations or {}, **({"name": revision} if revision else {})}
        spec = {"template": {"metadata": metadata, "spec": pod}, **({"traffic": traffic} if traffic else {})}
        place = {"name": name, "namespace": namespace, "labels": labels or {}}
        cluster.apply({"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": place, "spec": spec})
        if wait:
            cluster.wait(f"ksvc/{name}", namespace)
        return name

    return deploy


@pytest.fixture
def got(cluster, namespace):  # noqa: F811 - the fixtures
    """What a function or the pod `letters` got so far, asked from inside until there are so many: `got("orders", 1)`."""

    def ask(name, count, pod="probe"):
        script = f"""
import json, time, urllib.request
end = time.monotonic() + 60
while True:
    try:
        found = json.load(urllib.request.urlopen("http://{name}.{namespace}.svc.cluster.local/got", timeout=10))
    except OSError as error:
        found = []
    if len(found) >= {count} or time.monotonic() > end:
        break
    time.sleep(0.2)
print(json.dumps(found))
"""
        return json.loads(cluster.python(pod, namespace, script))

    return ask


def _plain(info):
    info.mtime, info.mode, info.uid, info.gid, info.uname, info.gname = 0, 0o644, 0, 0, "", ""
    return info
