import base64
import datetime as dt
import http.client
import json
import threading
import time

import jwt
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

SOURCE = """
    import json, os
    def handle(event, context):
        path = event["rawPath"]
        if path.endswith("/bad"): return {"statusCode": 200, "body": {"not": "text"}}
        if path.endswith("/raise"): raise ValueError("never mind")
        if path.endswith("/plain"): return {"stock": 3}
        if path.endswith("/slow"): __import__("time").sleep(30)
        if path.endswith("/binary"):
            return {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": "iVBORw==", "isBase64Encoded": True}
        return {"statusCode": 201, "headers": {"x-one": "1", "content-type": "application/json"},
                "cookies": ["a=b; Path=/", "c=d"], "body": json.dumps(event)}
"""


class Site:
    """One HTTP API in front of one function."""

    def __init__(self, aws):
        self.aws = aws
        self.gateway = aws.client("apigatewayv2")
        self.function = aws.deploy(SOURCE, alias="live", Timeout=20)
        cors = {
            "AllowOrigins": ["https://shop.example"],
            "AllowMethods": ["GET"],
            "AllowHeaders": ["x-token"],
            "MaxAge": 60,
        }
        self.api = self.gateway.create_api(Name="site", ProtocolType="HTTP", CorsConfiguration=cors)["ApiId"]
        self.base = f"{aws.config.entry_url}/{self.api}"
        self.integration = self.integrate(PayloadFormatVersion="2.0")
        logs = aws.client("logs")
        logs.create_log_group(logGroupName=f"/access/{self.api}")
        self.gateway.create_stage(
            ApiId=self.api,
            StageName="$default",
            AutoDeploy=True,
            AccessLogSettings={
                "DestinationArn": f"arn:aws:logs:eu-central-1:123456789012:log-group:/access/{self.api}",
                "Format": '{"status":"$context.status","route":"$context.routeKey"}',
            },
            RouteSettings={"GET /rare": {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.001}},
        )
        for key in ("ANY /x/{proxy+}", "GET /orders/{id}", "GET /rare"):
            self.route(key)
        self.route("POST /signed", AuthorizationType="AWS_IAM")

    def integrate(self, **options):
        made = self.gateway.create_integration(
            ApiId=self.api, IntegrationType="AWS_PROXY", IntegrationUri=self.aws.arn(f"{self.function}:live"), **options
        )
        return made["IntegrationId"]

    def route(self, key, integration=None, **options):
        target = f"integrations/{integration or self.integration}"
        self.gateway.create_route(ApiId=self.api, RouteKey=key, Target=target, **options)


def signed(method, url, service, body=b"", **changes):
    """Send a request with the signature of these credentials."""
    who = {"key": "local", "secret": "local", "region": "eu-central-1", **changes}
    request = AWSRequest(method, url, data=body)
    SigV4Auth(Credentials(who["key"], who["secret"]), service, who["region"]).add_auth(request)
    return requests.request(method, url, data=body, headers=dict(request.headers), timeout=30)


@pytest.fixture(scope="module")
def site(aws):
    return Site(aws)


def test_event_is_payload_format_2(site):
    url = f"{site.base}/orders/a%20b?x=1&x=2&y=%C3%A4"
    answer = requests.get(url, headers={"Cookie": "q=1; w=2", "X-Token": "t"}, timeout=30)
    assert answer.status_code == 201
    event = answer.json()
    assert event["version"] == "2.0"
    assert event["routeKey"] == "GET /orders/{id}"
    assert event["rawPath"] == "/orders/a b"
    assert event["rawQueryString"] == "x=1&x=2&y=%C3%A4"
    assert event["queryStringParameters"] == {"x": "1,2", "y": "ä"}
    assert event["pathParameters"] == {"id": "a b"}
    assert event["cookies"] == ["q=1", "w=2"]
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-token"] == "t"
    assert event["requestContext"]["http"]["method"] == "GET"
    assert event["requestContext"]["apiId"] == site.api
    assert event["requestContext"]["stage"] == "$default"
    assert "authorizer" not in event["requestContext"]
    assert "body" not in event


def test_repeated_headers_are_joined_with_commas(site):
    connection = http.client.HTTPConnection(site.aws.config.host, site.aws.config.entry_port, timeout=30)
    connection.putrequest("GET", f"/{site.api}/orders/1")
    connection.putheader("X-A", "1")
    connection.putheader("X-A", "2")
    connection.endheaders()
    assert json.loads(connection.getresponse().read())["headers"]["x-a"] == "1,2"


def test_answer_keeps_headers_cookies_and_status(site):
    answer = requests.get(f"{site.base}/orders/1", timeout=30)
    assert answer.headers["x-one"] == "1"
    assert answer.raw.headers.getlist("set-cookie") == ["a=b; Path=/", "c=d"]


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b'{"a": 1}', "application/json", ('{"a": 1}', False)),
        ("ä".encode(), "text/plain", ("ä", False)),
        (b"a=1", "application/x-www-form-urlencoded", (base64.b64encode(b"a=1").decode(), True)),
        (b"\x00\xff", "image/png", ("AP8=", True)),
    ],
)
def test_bodies_travel_as_text_or_base64(site, body, kind, expected):
    event = requests.post(f"{site.base}/x/y/z", data=body, headers={"Content-Type": kind}, timeout=30).json()
    assert (event["body"], event["isBase64Encoded"]) == expected
    assert event["pathParameters"] == {"proxy": "y/z"}


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/nowhere", 404, '{"message":"Not Found"}'),
        ("POST", "/orders/1", 404, '{"message":"Not Found"}'),
        ("GET", "/x/bad", 500, '{"message":"Internal Server Error"}'),
        ("GET", "/x/raise", 500, '{"message":"Internal Server Error"}'),
        ("GET", "/x/plain", 200, '{"stock":3}'),
    ],
)
def test_answers_that_api_gateway_gives(site, method, path, status, text):
    answer = requests.request(method, f"{site.base}{path}", timeout=30)
    assert (answer.status_code, answer.text) == (status, text)


def test_binary_answer(site):
    answer = requests.get(f"{site.base}/x/binary", timeout=30)
    assert answer.content == b"\x89PNG"
    assert answer.headers["content-type"] == "image/png"


def test_integration_timeout_answers_503(site):
    site.route("GET /short/{proxy+}", site.integrate(PayloadFormatVersion="2.0", TimeoutInMillis=100))
    answer = requests.get(f"{site.base}/short/slow", timeout=30)
    assert (answer.status_code, answer.text) == (503, '{"message":"Service Unavailable"}')


def test_throttled_route_answers_429(site):
    statuses = [requests.get(f"{site.base}/rare", timeout=30).status_code for _ in range(2)]
    assert statuses == [201, 429]


def test_preflight_and_answers_carry_the_cross_origin_rules(site):
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    preflight = requests.options(f"{site.base}/orders/1", headers=headers, timeout=30)
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET"
    assert preflight.headers["Access-Control-Allow-Headers"] == "x-token"
    assert preflight.headers["Access-Control-Max-Age"] == "60"
    answer = requests.get(f"{site.base}/orders/1", headers={"Origin": "https://shop.example"}, timeout=30)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    stranger = requests.get(f"{site.base}/orders/1", headers={"Origin": "https://evil.example"}, timeout=30)
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_access_log_line_for_each_request(site):
    requests.get(f"{site.base}/orders/1", timeout=30)
    assert json.loads(site.aws.log(f"/access/{site.api}")[-1]) == {"status": "201", "route": "GET /orders/{id}"}


def test_signed_routes_take_signed_requests_only(site):
    url = f"{site.base}/signed?b=2&a=x%20y"
    answer = signed("POST", url, "execute-api", b'{"n": 1}')
    assert answer.status_code == 201
    assert answer.json()["requestContext"]["authorizer"]["iam"]["accountId"] == "123456789012"
    refused = [
        requests.post(url, timeout=30),
        signed("POST", url, "execute-api", secret="wrong"),
        signed("POST", url, "execute-api", key="stranger"),
        signed("POST", url, "lambda"),
        signed("POST", url, "execute-api", region="us-east-1"),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5


def test_a_signature_covers_body_and_age(site):
    url = f"{site.base}/signed"
    request = AWSRequest("POST", url, data=b"one")
    SigV4Auth(Credentials("local", "local"), "execute-api", "eu-central-1").add_auth(request)
    headers = dict(request.headers)
    assert requests.post(url, data=b"one", headers=headers, timeout=30).status_code == 201
    assert requests.post(url, data=b"two", headers=headers, timeout=30).status_code == 403
    old = AWSRequest("POST", url, data=b"one")
    signer = SigV4Auth(Credentials("local", "local"), "execute-api", "eu-central-1")
    stamp = (dt.datetime.now(tz=dt.UTC) - dt.timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ")
    old.context["timestamp"] = stamp
    old.headers["X-Amz-Date"] = stamp
    text = signer.string_to_sign(old, signer.canonical_request(old))
    signer._inject_signature_to_request(old, signer.signature(text, old))
    assert requests.post(url, data=b"one", headers=dict(old.headers), timeout=30).status_code == 403


def test_function_url_serves_signed_requests_of_any_path(aws):
    name = aws.deploy(SOURCE, alias="live")
    client = aws.client("lambda")
    url = client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="AWS_IAM")["FunctionUrl"]
    assert url == f"{aws.config.entry_url}/_url/{name}/"
    assert requests.get(f"{url}a", timeout=30).status_code == 403
    event = signed("GET", f"{url}a%20b?q=a%2Fb", "lambda").json()
    assert event["rawPath"] == "/a%20b"
    assert event["rawQueryString"] == "q=a%2Fb"
    assert event["requestContext"]["domainName"] == f"{name}.lambda-url.eu-central-1.on.aws"
    assert signed("GET", f"{url}raise", "lambda").status_code == 502
    client.update_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")
    assert requests.get(url, timeout=30).json()["rawPath"] == "/"
    client.delete_function_url_config(FunctionName=name, Qualifier="live")
    assert requests.get(url, timeout=30).status_code == 404


@pytest.fixture(scope="module")
def issuer():
    """(address, function that makes tokens) of an issuer on loopback."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    server = make_server("127.0.0.1", 0, lambda environ, start: answer(environ)(environ, start), threaded=True)
    address = f"http://127.0.0.1:{server.port}"

    def answer(environ):
        if environ["PATH_INFO"].endswith("openid-configuration"):
            return Response(json.dumps({"issuer": address, "jwks_uri": f"{address}/keys"}))
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        return Response(json.dumps({"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}))

    def token(signer=key, kid="one", **claims):
        values = {"iss": address, "aud": "shop", "sub": "u1", "exp": int(time.time()) + 60, "admin": True, **claims}
        return jwt.encode(
            {name: value for name, value in values.items() if value is not None}, signer, "RS256", headers={"kid": kid}
        )

    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address, token
    server.shutdown()


def test_tokens_are_checked_against_their_issuer(site, issuer):
    address, token = issuer
    authorizer = site.gateway.create_authorizer(
        ApiId=site.api,
        AuthorizerType="JWT",
        Name="tokens",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": address, "Audience": ["shop"]},
    )["AuthorizerId"]
    site.route("GET /token", AuthorizationType="JWT", AuthorizerId=authorizer)
    site.route("GET /scoped", AuthorizationType="JWT", AuthorizerId=authorizer, AuthorizationScopes=["read"])

    def status(path, value):
        headers = {"Authorization": f"Bearer {value}"} if value else {}
        return requests.get(f"{site.base}{path}", headers=headers, timeout=30).status_code

    answer = requests.get(f"{site.base}/token", headers={"Authorization": f"Bearer {token()}"}, timeout=30)
    assert answer.status_code == 201
    claims = answer.json()["requestContext"]["authorizer"]["jwt"]["claims"]
    assert (claims["sub"], claims["admin"]) == ("u1", "true")
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refused = {
        "none": None,
        "garbage": "x.y.z",
        "expired": token(exp=int(time.time()) - 60),
        "no expiry": token(exp=None),
        "other audience": token(aud="else"),
        "no audience": token(aud=None),
        "other issuer": token(iss="https://else.example"),
        "other key": token(signer=stranger),
        "unknown key": token(kid="two"),
        "no signature": jwt.encode(
            {"iss": address, "aud": "shop", "exp": time.time() + 60}, "", "none", headers={"kid": "one"}
        ),
    }
    assert {name: status("/token", value) for name, value in refused.items()} == dict.fromkeys(refused, 401)
    assert status("/scoped", token()) == 403
    assert status("/scoped", token(scope="write read")) == 201


def test_an_unreachable_issuer_lets_nobody_through(site, issuer, free_port):
    _, token = issuer
    gone = f"http://127.0.0.1:{free_port}"
    authorizer = site.gateway.create_authorizer(
        ApiId=site.api,
        AuthorizerType="JWT",
        Name="gone",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": gone, "Audience": ["shop"]},
    )["AuthorizerId"]
    site.route("GET /gone", AuthorizationType="JWT", AuthorizerId=authorizer)
    headers = {"Authorization": f"Bearer {token(iss=gone)}"}
    assert requests.get(f"{site.base}/gone", headers=headers, timeout=30).status_code == 401
    log = (site.aws.config.state / "log.txt").read_text()
    assert f"issuer {gone}: its keys cannot be had" in log


def test_paths_of_one_api_need_no_prefix(site):
    assert requests.get(f"{site.aws.config.entry_url}/orders/1", timeout=30).status_code == 201
