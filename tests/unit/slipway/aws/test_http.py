"""Real requests to a real server on loopback."""

import http.server
import threading

import pytest

from slipway.aws.clients import Aws
from slipway.aws.http import call
from slipway.core.errors import EngineError
from slipway.running.calls import Request


class Echo(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.send_response(302 if self.path.startswith("/moved") else 201)
        self.send_header("location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"\xff" if body == b"bytes" else b"answer")

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as made:
        made.seen = []
        made.url = f"http://127.0.0.1:{made.server_port}"
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def aws(server):
    return Aws(
        environment="local",
        account="1",
        region="eu-central-1",
        endpoint=server.url,
        http_entry=server.url,
        access_key="key",
        secret_key="hush",
    )


def test_the_request_arrives_as_it_is(server):
    request = Request(method="POST", path="/orders", query=(("a", "b c"),), headers={"x-a": "1"}, body=b"text")
    answer = call(aws(server), "orders", server.url + "/", request, signed=False)
    assert (answer.status, answer.body, answer.ok) == (201, "answer", True)
    ((path, headers, body),) = server.seen
    assert (path, body) == ("/orders?a=b+c", b"text")
    assert headers["x-a"] == "1"
    assert "Authorization" not in headers


def test_a_signed_request_is_signed_for_its_service(server):
    call(aws(server), "orders", server.url, Request(method="POST", path="/orders", body=b"x"), signed=True)
    authorization = server.seen[0][1]["Authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=key/")
    assert "/eu-central-1/execute-api/aws4_request" in authorization
    assert "hush" not in str(server.seen)


def test_bytes_and_redirects_are_told_as_they_are(server):
    assert call(aws(server), "f", server.url, Request(method="POST", body=b"bytes"), signed=False).body == b"\xff"
    assert (
        call(aws(server), "f", server.url, Request(method="POST", path="/moved", body=b"x"), signed=False).status == 302
    )
    assert len(server.seen) == 2


def test_an_address_that_does_not_answer_is_told_with_advice(server):
    account = aws(server)
    with pytest.raises(EngineError, match=r"^f \(http://127\.0\.0\.1:9/\): .*what to do: run `slipway local start`"):
        call(account, "f", "http://127.0.0.1:9", Request(), signed=False)
