"""Asking a store by HTTP: tokens, proxies, what is tried again, what is told."""

import base64

import pytest

from slipway.core.errors import EngineError
from slipway.sinks.web import RefusedError, Web, token_variable, without_credentials


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("urllib3.util.retry.Retry.get_backoff_time", lambda self: 0)


@pytest.mark.parametrize(
    ("token", "header"),
    [
        ("abc", "Bearer abc"),
        ("Bearer abc", "Bearer abc"),
        ("Basic YTpi", "Basic YTpi"),
        ("ApiKey abc", "ApiKey abc"),
        ("two words", "Bearer two words"),
    ],
)
def test_a_token_becomes_the_header(clean, token, header):
    clean.on("GET /x", {})
    Web("central", clean.url, token=token).get("/x", {})
    assert clean.seen[0].headers["authorization"] == header


def test_without_a_token_nothing_is_sent_also_where_a_netrc_knows_the_host(clean, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    clean.on("GET /x", {})
    Web("central", clean.url).get("/x", {})
    assert "authorization" not in clean.seen[0].headers


def test_a_store_on_loopback_is_asked_without_a_proxy(clean, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    clean.on("GET /x", {"a": 1})
    assert Web("central", clean.url).get("/x", {}) == {"a": 1}


def test_what_passes_is_tried_again(clean):
    clean.on("GET /x", (429, "slow down"), (503, "starting"), {"a": 1})
    assert Web("central", clean.url).get("/x", {}) == {"a": 1}
    clean.on("POST /x", (500, "oops"), {"b": 2})
    assert Web("central", clean.url).post("/x", {"q": 1}) == {"b": 2}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, "no"), r"answered 401: no; what to do: set SLIPWAY_SINK_LOG_STORE_TOKEN to a token that may read there"),
        ((403, ""), r"answered 403: nothing; what to do: set SLIPWAY_SINK_LOG_STORE_TOKEN"),
        ((404, "page not found"), r"answered 404: page not found; what to do: compare the sink"),
        ((500, "x" * 900), rf"answered 500: {'x' * 300}; what"),
    ],
)
def test_a_refusal_names_the_sink_and_the_next_step(clean, answer, said):
    clean.on("GET /x", answer)
    with pytest.raises(RefusedError, match=rf"^sink log-store \({clean.url}\): {said}"):
        Web("log-store", clean.url, token="hush").get("/x", {})


def test_credentials_are_never_shown():
    address = "http://jane:hush@127.0.0.1:9/base?key=hush"
    assert without_credentials(address) == "http://127.0.0.1:9/base"
    with pytest.raises(EngineError, match="does not answer as a store of logs") as caught:
        Web("central", address, token="hush").get("/x", {})
    assert "hush" not in str(caught.value)
    assert "Connection refused" in str(caught.value)


def test_an_answer_that_is_no_json_is_told(clean):
    clean.on("GET /x", "<html>")
    with pytest.raises(EngineError, match=r"sink central .*does not answer as a store of logs"):
        Web("central", clean.url).get("/x", {})


def test_the_variable_is_called_after_the_sink():
    assert token_variable("log-store") == "SLIPWAY_SINK_LOG_STORE_TOKEN"
    encoded = base64.b64encode(b"a:b").decode()
    assert Web("x", "http://h", token=f"Basic {encoded}")._session.auth is not None
