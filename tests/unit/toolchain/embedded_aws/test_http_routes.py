import pytest

from toolchain.embedded_aws.http_routes import best

KEYS = [
    "GET /pets/dog/1",
    "GET /pets/dog/{id}",
    "GET /pets/{proxy+}",
    "ANY /{proxy+}",
    "ANY /pets/dog",
    "POST /pets/dog",
    "$default",
]


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        ("POST", "/pets/dog", "POST /pets/dog", {}),
        ("GET", "/pets/dog", "ANY /pets/dog", {}),
        ("PUT", "/pets/dog", "ANY /pets/dog", {}),
        ("GET", "/", "$default", {}),
    ],
)
def test_the_most_specific_route_wins(method, path, key, parameters):
    found = best(KEYS, method, path)
    assert (found.key, found.parameters) == (key, parameters)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/orders/"), ("GET", "/orders/1/2"), ("GET", "/"), ("PUT", "/orders/1")]
)
def test_no_route_without_a_match(method, path):
    assert best(["GET /orders/{id}"], method, path) is None


def test_order_of_routes_does_not_matter():
    for keys in (KEYS, KEYS[::-1]):
        assert best(keys, "GET", "/pets/dog/1").key == "GET /pets/dog/1"
