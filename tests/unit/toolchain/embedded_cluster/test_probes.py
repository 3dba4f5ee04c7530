import http.server
import socket
import threading

import pytest

from toolchain.embedded_cluster import probes
from toolchain.embedded_cluster.components import Component


@pytest.fixture
def server():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/fine" else 500)
            self.end_headers()
            self.wfile.write(b"etcd is gone" if self.path == "/ill" else b"")

        def log_message(self, *_):
            pass

    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()


def ask(config, url):
    config.pki.ensure()
    return probes.ask(Component(name="part", command=(), probe=url), config.pki)


def test_a_good_answer_is_well(config, server):
    assert ask(config, f"{server}/fine") == probes.Answer(well=True)


def test_a_bad_answer_is_told(config, server):
    assert ask(config, f"{server}/ill") == probes.Answer(well=False, detail="500 etcd is gone")


def test_nobody_there_is_told_in_few_words(config):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = ask(config, f"http://127.0.0.1:{port}/")
    assert not found.well
    assert found.detail == "no answer: [Errno 111] Connection refused"


def test_one_that_hangs_is_told(config, monkeypatch):
    monkeypatch.setattr(probes, "_TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = ask(config, f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert not found.well
    assert found.detail.startswith("no answer within")


def test_the_prober_hands_answers_over_and_wakes_whoever_waits(config, server):
    config.pki.ensure()
    woken = threading.Event()
    parts = [Component(name="a", command=(), probe=f"{server}/fine"), Component(name="b", command=())]
    prober = probes.Prober(parts, config.pki, woken.set)
    prober.start()
    assert woken.wait(30)
    prober.close()
    assert prober.answers.get() == ("a", probes.Answer(well=True))
