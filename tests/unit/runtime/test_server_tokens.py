"""Tokens against an issuer on loopback: the same verdicts as the embedded API Gateway's."""

import http.server
import json
import threading
import time
import types

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from slipway_runtime import server_tokens
from slipway_runtime.server_tokens import Tokens

from tests.unit.runtime.conftest import ROOT
from toolchain.embedded_aws.authorizers import Authorizers, RefusedError

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def issuer():
    """An OIDC issuer; `asked` counts its answers by path, `keys` are the ids that it publishes, `status` is its health."""
    state = types.SimpleNamespace(asked=[], keys=["k1"], status=200, address="")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            state.asked.append(self.path)
            found = {
                "/.well-known/openid-configuration": {"jwks_uri": f"{state.address}/keys"},
                "/keys": {
                    "keys": [json.loads(RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": kid} for kid in state.keys]
                },
            }[self.path]
            self.send_response(state.status)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def token(issuer, key=KEY, kid="k1", algorithm="RS256", **claims):
    now = int(time.time())
    body = {"iss": issuer.address, "aud": "orders", "exp": now + 300} | claims
    body = {name: value for name, value in body.items() if value is not None}
    return jwt.encode(body, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


CASES = {
    "right": ({}, True),
    "one of several audiences": ({"aud": ["x", "orders"]}, True),
    "client id in place of an audience": ({"aud": None, "client_id": "orders"}, True),
    "another audience": ({"aud": "other"}, False),
    "no audience": ({"aud": None}, False),
    "expired": ({"exp": 1}, False),
    "without an end": ({"exp": None}, False),
    "not yet": ({"nbf": 4102444800}, False),
    "another issuer": ({"iss": "https://evil.example.net"}, False),
    "another key": ({"key": OTHER}, False),
    "an unknown key": ({"kid": "k9"}, False),
    "no key id": ({"kid": None}, False),
    "a shared secret": ({"key": "s" * 32, "algorithm": "HS256"}, False),
}


@pytest.mark.parametrize("name", CASES)
def test_verdicts_are_those_of_the_embedded_api_gateway(issuer, name):
    claims, accepted = CASES[name]
    header = f"Bearer {token(issuer, **claims)}"
    refusal = Tokens(issuer.address, ["orders"]).refusal(header)
    assert (refusal is None) is accepted
    authorizer = types.SimpleNamespace(
        identity_source=None, jwt_config={"issuer": issuer.address, "audience": ["orders"]}
    )
    request = types.SimpleNamespace(headers={"Authorization": header}, args={})
    try:
        Authorizers(None).token(request, authorizer, [])
        reference = None
    except RefusedError as error:
        reference = error.response
    assert (reference is None) is accepted
    if refusal is not None:
        assert (refusal.status_code, refusal.data, refusal.headers["WWW-Authenticate"]) == (
            reference.status_code,
            reference.data,
            reference.headers["WWW-Authenticate"],
        )


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer ü"])
def test_what_is_no_token_is_refused(issuer, header):
    answer = Tokens(issuer.address, ["orders"]).refusal(header)
    assert (answer.status_code, answer.data) == (401, b'{"message":"Unauthorized"}')


def test_keys_are_fetched_once(issuer):
    tokens = Tokens(issuer.address, ["orders"])
    assert [tokens.refusal(token(issuer)) for _ in range(5)] == [None] * 5
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


def test_invented_key_ids_do_not_make_us_ask_the_issuer_again_and_again(issuer, monkeypatch):
    tokens = Tokens(issuer.address, ["orders"])
    for number in range(20):
        assert tokens.refusal(token(issuer, kid=f"invented-{number}")) is not None
    assert issuer.asked.count("/keys") <= 2


def test_a_new_key_of_the_issuer_is_found(issuer, monkeypatch):
    tokens = Tokens(issuer.address, ["orders"])
    assert tokens.refusal(token(issuer)) is None
    issuer.keys.append("k2")
    monkeypatch.setattr(server_tokens, "_AGAIN_S", 0)
    assert tokens.refusal(token(issuer, kid="k2")) is None


def test_an_issuer_that_fails_is_asked_again_later(issuer, monkeypatch):
    tokens = Tokens(issuer.address, ["orders"])
    issuer.status = 500
    assert [tokens.refusal(token(issuer)).status_code for _ in range(3)] == [401] * 3
    assert len(issuer.asked) == 1
    issuer.status = 200
    monkeypatch.setattr(server_tokens, "_AGAIN_S", 0)
    assert tokens.refusal(token(issuer)) is None


def test_a_route_asks_for_the_token(serve, issuer):
    open_route = ROOT | {"path": "/open"}
    tokens = {"issuer": issuer.address, "audience": ["orders"]}
    client = serve("def f(request):\n    return 'ok'\n", routes=[ROOT | {"auth": "token"}, open_route], tokens=tokens)
    assert client.get("/", base_url="https://f.example.com").status_code == 401
    sent = {"Authorization": f"Bearer {token(issuer)}"}
    assert client.get("/", headers=sent, base_url="https://f.example.com").data == b"ok"
    assert client.get("/open", base_url="https://f.example.com").data == b"ok"
    # A caller in the cluster is no exception.
    assert client.get("/", base_url="http://f.ns.svc.cluster.local").status_code == 401
