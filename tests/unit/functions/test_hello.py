import json

import pytest

from tests.unit.runtime.aws_events import http_event


@pytest.fixture
def ask(sample, monkeypatch):
    monkeypatch.setenv("GREETING", "Moin")
    adapter, _, _ = sample("hello", "hello")
    return lambda target, headers=(): adapter.handle(http_event("GET", target, headers), None)


def test_greets_in_text(ask):
    assert ask("/hello?name=J%C3%BCrgen")["body"] == "Moin, Jürgen!\n"
    assert ask("/hello")["body"] == "Moin, world!\n"


def test_greets_in_json_when_asked(ask):
    assert json.loads(ask("/hello?name=Ada", [("Accept", "application/json")])["body"]) == {"greeting": "Moin, Ada!"}


@pytest.mark.parametrize("name", ["%20", "x" * 101])
def test_refuses_names_that_are_none(ask, name):
    answer = ask(f"/hello?name={name}")
    assert answer["statusCode"] == 400
    assert "name must have 1 to 100 characters" in answer["body"]
