import json

import boto3
import pytest
from moto import mock_aws
from slipway_runtime import secrets
from slipway_runtime.errors import StartupError

VALUE = json.dumps({"password": "hunter2", "port": 5432})


@pytest.fixture
def store(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("secretsmanager")
        yield lambda **kwargs: client.create_secret(Name="orders-db", **kwargs)["ARN"]


def load(wanted):
    environ = {"SLIPWAY_SECRETS": json.dumps(wanted), "OTHER": "kept"}
    secrets.load(environ)
    return environ


def test_whole_value_and_fields(store):
    arn = store(SecretString=VALUE)
    found = load(
        {
            "ALL": {"arn": arn, "field": None},
            "PASSWORD": {"arn": arn, "field": "password"},
            "PORT": {"arn": arn, "field": "port"},
        }
    )
    assert (found["ALL"], found["PASSWORD"], found["PORT"], found["OTHER"]) == (VALUE, "hunter2", "5432", "kept")


@pytest.mark.parametrize("absent", [{}, {"SLIPWAY_SECRETS": ""}, {"SLIPWAY_SECRETS": "{}"}])
def test_without_secrets_nothing_is_called(absent, monkeypatch):
    monkeypatch.setattr(secrets, "_fetcher", lambda: pytest.fail("called AWS"))
    environ = dict(absent)
    secrets.load(environ)
    assert environ == absent


def test_a_secret_is_fetched_once(store, monkeypatch):
    arn = store(SecretString=VALUE)
    calls = []
    fetch = secrets._fetcher()
    monkeypatch.setattr(secrets, "_fetcher", lambda: lambda *args: calls.append(args) or fetch(*args))
    load({"A": {"arn": arn, "field": "password"}, "B": {"arn": arn, "field": "port"}})
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("kwargs", "field", "message"),
    [
        ({"SecretString": VALUE}, "pass", "has no field 'pass'; it has: password, port"),
        ({"SecretString": "hunter2"}, "password", "is not a JSON object, so it has no field 'password'"),
        ({"SecretString": '["hunter2"]'}, "password", "is not a JSON object"),
        ({"SecretString": "{}"}, "password", "it has: none"),
        ({"SecretBinary": b"hunter2"}, None, "is binary"),
        ({"SecretString": "hunter2\0"}, None, "NUL"),
    ],
)
def test_mistakes_name_variable_and_secret_but_no_value(store, kwargs, field, message):
    arn = store(**kwargs)
    with pytest.raises(StartupError) as raised:
        load({"DB_PASSWORD": {"arn": arn, "field": field}})
    assert message in str(raised.value)
    assert f"variable DB_PASSWORD: secret {arn}" in str(raised.value)
    chain = raised.value
    while chain is not None:
        assert "hunter2" not in repr(chain) + repr(vars(chain))
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


def test_missing_secret(store):
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:nowhere-abcdef"
    with pytest.raises(
        StartupError, match=r"variable X: secret .*nowhere.*ResourceNotFoundException: it does not exist"
    ):
        load({"X": {"arn": arn, "field": None}})


@pytest.mark.parametrize(
    ("code", "remedy"), [("AccessDeniedException", "role may not read"), ("InternalServiceError", "documentation")]
)
def test_refusals_name_the_code(code, remedy):
    assert remedy in secrets._remedy(code)


def test_no_way_to_aws(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr(secrets, "_ATTEMPTS", 1)
    with pytest.raises(StartupError, match=r"variable X: secret a cannot be read: Could not connect"):
        load({"X": {"arn": "a", "field": None}})
