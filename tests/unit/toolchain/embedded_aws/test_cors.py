import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from toolchain.embedded_aws.cors import Rules


def request(method="GET", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(EnvironBuilder(method=method, headers=named).get_environ())


@pytest.mark.parametrize("config", [None, {}])
def test_no_configuration_no_rules(config):
    assert Rules.read(config) is None


def test_both_spellings_are_read():
    assert Rules.read({"AllowOrigins": ["*"]}) == Rules.read({"allowOrigins": ["*"]})


def test_everybody_is_a_star_only_without_credentials():
    response = Response()
    Rules(origins=("*",)).apply(request(Origin="https://a.example"), response)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    Rules(origins=("*",), credentials=True).apply(request(Origin="https://a.example"), response)
    assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"


def test_what_the_function_set_is_replaced():
    response = Response(headers={"Access-Control-Allow-Origin": "https://evil.example"})
    Rules(origins=("https://a.example",)).apply(request(Origin="https://evil.example"), response)
    assert "Access-Control-Allow-Origin" not in response.headers


def test_preflight_of_a_method_that_is_not_allowed_allows_nothing():
    rules = Rules(origins=("*",), methods=("GET",))
    answer = rules.preflight(request("OPTIONS", Origin="https://a.example", Access_Control_Request_Method="PUT"))
    assert answer.status_code == 204
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


def test_a_plain_options_request_is_no_preflight():
    assert Rules(origins=("*",)).preflight(request("OPTIONS")) is None
