import http.server
import threading

import pytest
from slipway_deadletters.sender import Sender, UnreachableError
from slipway_deadletters.store import Letter

LETTER = Letter({"ce-id": "1", "content-type": "text/plain"}, b"body", {"id": "1"}, {})


@pytest.fixture
def function():
    got, answers = [], [204]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, self.headers["ce-id"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers[0])
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            got.append("GET")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{{function}}/", got, answers
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [204, 400, 503, 302])
def test_the_status_is_the_functions_own(function, status, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    address, got, answers = function
    answers[0] = status
    assert Sender(address).send("orders", LETTER) == status
    assert got == [("/orders/", "1", b"body")]


def test_nobody_answers():
    with pytest.raises(UnreachableError, match="refused"):
        Sender("http://127.0.0.1:1/{function}").send("orders", LETTER)
