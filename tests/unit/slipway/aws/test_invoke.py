import base64
import io
import json

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from slipway.aws import invoke as module
from slipway.aws.clients import Aws
from slipway.aws.invoke import invoke, qualified, unqualified
from slipway.core.errors import EngineError

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:slipway-local-hello"


@pytest.fixture
def aws(monkeypatch):
    made = Aws(
        environment="local",
        account="123456789012",
        region="eu-central-1",
        endpoint="http://127.0.0.1:9",
        access_key="a",
        secret_key="b",
    )
    client = made.invoker()
    monkeypatch.setattr(Aws, "invoker", lambda _: client)
    with Stubber(client) as stub:
        yield made, stub


def answer(value, **more):
    raw = b"" if value is None else json.dumps(value).encode()
    return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(raw), len(raw)), **more}


def expected(**more):
    return {
        "FunctionName": f"{ARN}:live",
        "InvocationType": "RequestResponse",
        "LogType": "Tail",
        "Payload": b"{}",
        **more,
    }


def test_an_http_answer_is_unpacked(aws):
    made, stub = aws
    log = base64.b64encode(b"REPORT RequestId: x\tDuration: 12.34 ms\tBilled").decode()
    body = base64.b64encode(b"\xff").decode()
    stub.add_response(
        "invoke",
        answer(
            {"statusCode": 201, "headers": {"a": "b"}, "body": body, "isBase64Encoded": True},
            LogResult=log,
            ExecutedVersion="7",
        ),
        expected(),
    )
    got = invoke(made, "hello", ARN, {})
    assert (got.status, got.body, got.headers, got.duration_ms, got.version, got.ok) == (
        201,
        b"\xff",
        {"a": "b"},
        12.34,
        "7",
        True,
    )
    assert got.to_json()["body"] == body


def test_any_other_answer_is_the_body(aws):
    made, stub = aws
    log = base64.b64encode(b'{"type":"platform.report","record":{"metrics":{"durationMs":1.5}}}').decode()
    stub.add_response("invoke", answer({"batchItemFailures": []}, LogResult=log), expected())
    got = invoke(made, "hello", ARN, {})
    assert (got.status, got.body, got.duration_ms) == (200, {"batchItemFailures": []}, 1.5)


def test_a_failure_is_told_with_type_and_message(aws):
    made, stub = aws
    stub.add_response(
        "invoke", answer({"errorType": "KeyError", "errorMessage": "'x'"}, FunctionError="Unhandled"), expected()
    )
    got = invoke(made, "hello", ARN, {})
    assert (got.error, got.body, got.ok) == ("KeyError: 'x'", None, False)


def test_a_server_error_is_not_ok(aws):
    made, stub = aws
    stub.add_response("invoke", answer({"statusCode": 503}), expected())
    assert not invoke(made, "hello", ARN, {}).ok


def test_an_asynchronous_call_has_no_answer(aws):
    made, stub = aws
    stub.add_response("invoke", {**answer(None), "StatusCode": 202}, expected(InvocationType="Event", LogType="None"))
    got = invoke(made, "hello", ARN, {}, asynchronous=True)
    assert (got.status, got.body) == (202, None)


def test_what_aws_refuses_is_told_with_advice(aws):
    made, stub = aws
    stub.add_client_error(
        "invoke", "ExpiredTokenException", "The security token included in the request is expired", 403
    )
    with pytest.raises(EngineError, match=r"^hello: .*; the credentials have expired; what to do: sign in again"):
        invoke(made, "hello", ARN, {})


def test_it_is_never_called_twice_by_itself():
    made = Aws(
        environment="local",
        account="1",
        region="eu-central-1",
        endpoint="http://127.0.0.1:9",
        access_key="a",
        secret_key="b",
    )
    config = made.invoker().meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.read_timeout > 900
    assert made.client("lambda").meta.config.retries["total_max_attempts"] > 1


def test_a_version_is_called_in_the_place_of_the_alias(aws):
    made, stub = aws
    stub.add_response("invoke", answer({}), expected(FunctionName=f"{ARN}:7"))
    assert invoke(made, "hello", f"{ARN}:live", {}, version="7").ok


def test_arns_and_names_take_an_alias():
    assert qualified(ARN, module.LIVE) == qualified(f"{ARN}:3", module.LIVE) == f"{ARN}:live"
    assert qualified("slipway-local-hello", "7") == "slipway-local-hello:7"
    assert unqualified(f"{ARN}:live") == ARN
