"""legacy-report, in Perl: built from source without a daemon, and run from its sources."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import requests
import tenacity

from slipway.artifacts.images import oci
from slipway.artifacts.images.bases import Bases
from slipway.artifacts.images.containerfile import ContainerBuilder
from slipway.artifacts.inputs import Collector
from tests.unit.slipway.artifacts.images.conftest import make_layout

FOLDER = Path(__file__).parents[5] / "functions/legacy-report"
BUILDAH = shutil.which("buildah") or next(
    (str(path) for path in (Path(sys.executable).parent / "buildah",) if path.exists()), None
)


@pytest.mark.skipif(BUILDAH is None or os.geteuid() != 0, reason="buildah (and root) builds images")
def test_built_from_source_twice_to_the_same_image(project, tmp_path):
    digests = set()
    for number in range(2):
        cache = tmp_path / f"cache{number}"
        make_layout(cache / "images/base-python3.11", files=[("usr/bin/perl", b"\x7fELF")])
        base = Bases(cache).find(None, runtime="python3.11", architecture="x86_64")
        inputs = Collector(project, cache).container(project.functions / "legacy-report", architecture="x86_64")
        built = ContainerBuilder(cache).build(inputs, base)
        digests.add(built.digest)
    assert len(digests) == 1
    image = oci.read_layout(built.layout)
    assert image.layers[0].digest == base.image.layers[0].digest
    assert image.config["config"]["User"] == "65532"
    with tarfile.open(image.layers[-1].source) as tar:
        assert {"srv/server.pl", "srv/lib/Report.pm", "srv/receipts.csv"} <= set(tar.getnames())


@pytest.fixture
def server(tmp_path):
    """The address of the program under the smallest Perl of Debian: its base modules alone."""
    perl = shutil.which("perl")
    if perl is None:
        pytest.skip("there is no Perl here")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    small = "BEGIN { my @small = grep { m{/perl-base} } @INC; @INC = @small if @small } $0 = shift; do $0 or die $@"
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [perl, "-e", small, str(FOLDER / "server.pl")],
            env={"PORT": str(port), "REPORT_TITLE": "Receipts"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    @tenacity.retry(stop=tenacity.stop_after_delay(60), wait=tenacity.wait_fixed(0.1), reraise=True)
    def wait():
        assert process.poll() is None, log.read_text()
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=10).status_code == 200

    wait()
    yield f"http://127.0.0.1:{port}", process, log
    process.kill()
    process.wait(30)


def test_its_example(server):
    address, *_ = server
    example = json.loads((FOLDER / "example.json").read_text())
    answer = requests.request(example["method"], address + example["path"], timeout=10)
    assert answer.status_code == example["status"]
    assert answer.text.splitlines() == [
        "Receipts",
        "",
        "month    receipts              total",
        "2026-10      1311 EUR      35,544.90",
        "2026-10        57 USD       1,200.30",
        "all          1311 EUR      35,544.90",
        "all            57 USD       1,200.30",
    ]


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/legacy-report?month=2020-01", 404),
        ("GET", "/legacy-report?month=x", 400),
        ("POST", "/legacy-report", 405),
        ("GET", "/", 404),
        ("HEAD", "/legacy-report", 200),
    ],
)
def test_other_requests(server, method, target, status):
    answer = requests.request(method, server[0] + target, timeout=10)
    assert (answer.status_code, bool(answer.content)) == (status, method != "HEAD")


def test_what_is_no_http_is_refused(server):
    with socket.create_connection(("127.0.0.1", int(server[0].rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_what_has_begun_is_finished_after_sigterm(server):
    address, process, _ = server
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=30) as connection:
        connection.sendall(b"GET /legacy-report")
        # Another request goes through after ours was taken: so ours has begun.
        assert requests.get(f"{address}/healthz", timeout=10).status_code == 200
        process.send_signal(signal.SIGTERM)
        connection.sendall(b" HTTP/1.1\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    assert process.wait(60) == 0
