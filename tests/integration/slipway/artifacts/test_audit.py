"""The real pip-audit, which asks a database on loopback that speaks OSV's protocol."""

import http.server
import json
import threading

import pytest
from click.testing import CliRunner

from slipway.cli.audit import command
from slipway.core.errors import FindingsError

KNOWN = {
    "schema_version": "1.6.0",
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "summary": "x",
    "affected": [
        {
            "package": {"name": "flask", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.0"}]}],
        }
    ],
}


@pytest.fixture
def database(monkeypatch):
    """Names of which something is known; changed by a test."""
    known = set()

    class Osv(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            content = json.dumps({"vulns": [KNOWN]} if asked["package"]["name"] in known else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "osv")
    monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"http://127.0.0.1:{server.server_port}/v1/query")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


def audit(project, monkeypatch, *words):
    monkeypatch.chdir(project.root)
    done = CliRunner().invoke(command, words)
    return done.exception, done.output


def test_known_vulnerabilities_end_it_and_nothing_known_does_not(project, monkeypatch, database):
    failed, said = audit(project, monkeypatch, "orders", "--strict")
    assert (failed, said.splitlines()[1].split()[:2]) == (None, ["orders", "functions/orders/requirements.txt"])
    assert said.splitlines()[1].endswith("nothing known")
    database.add("flask")
    failed, said = audit(project, monkeypatch, "orders", "--json")
    assert isinstance(failed, FindingsError)
    [found] = json.loads(said)
    [vulnerability] = found["vulnerabilities"]
    assert (vulnerability["name"], vulnerability["id"], vulnerability["fixed"]) == ("flask", "PYSEC-2026-1", ["9.0"])
    assert found["unchecked"] == {}


def test_a_database_that_is_not_there_is_told_and_ends_it_where_that_is_asked_for(project, monkeypatch):
    monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "osv")
    monkeypatch.setenv("PIP_AUDIT_OSV_URL", "http://127.0.0.1:9/v1/query")
    failed, said = audit(project, monkeypatch, "orders")
    assert failed is None
    assert "orders: not checked: all of it: the database cannot be asked: " in said
    failed, _ = audit(project, monkeypatch, "orders", "--strict")
    assert str(failed) == "not checked, or not all: orders"
