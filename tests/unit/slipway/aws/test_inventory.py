import pytest
from botocore.stub import Stubber

from slipway.aws import inventory
from slipway.aws.clients import Aws
from slipway.core.errors import EngineError
from slipway.running.inventory import entries

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:slipway-local-"
OUTPUTS = {
    "functions": {
        "orders": {
            "target": "lambda",
            "arn": f"{ARN}orders:live",
            "url": "http://x/orders",
            "version": "3",
            "logGroup": "/l",
            "owner": "t",
            "runtime": "python3.11",
        },
        "audit": {
            "target": "lambda",
            "arn": f"{ARN}audit:live",
            "url": "",
            "version": 1,
            "logGroup": "/m",
            "owner": "u",
            "runtime": "python3.11",
        },
    }
}
LOCAL = {"endpoint": "http://127.0.0.1:9", "access_key": "a", "secret_key": "b"}


def test_status_is_what_aws_says(monkeypatch):
    aws = Aws(environment="local", account="123456789012", region="eu-central-1", **LOCAL)
    client = aws.client("lambda")
    monkeypatch.setattr(Aws, "client", lambda *_: client)
    monkeypatch.setattr(inventory, "_AT_ONCE", 1)
    monkeypatch.setattr(inventory, "_with_details", lambda _, entry: entry)
    with Stubber(client) as stub:
        stub.add_response(
            "get_function_configuration", {"State": "Active", "MemorySize": 128}, {"FunctionName": f"{ARN}audit"}
        )
        stub.add_client_error("get_function_configuration", "ResourceNotFoundException")
        stub.add_response(
            "get_function_configuration",
            {"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no role"},
        )
        stub.add_client_error("get_function_configuration", "AccessDeniedException", "not authorized")
        found = entries(OUTPUTS)
        first, second = inventory.check(aws, found)
        third, fourth = inventory.check(aws, found)
    assert (first.status, first.memory_mb) == ("active", 128)
    assert second.status == "missing"
    assert third.status == "failed: no role"
    assert fourth.status == "not checked"
    assert fourth.reason.startswith("orders: An error occurred (AccessDeniedException)")
    assert (first.reason, second.reason, third.reason) == (None, None, None)


def test_an_aws_that_cannot_be_reached_is_not_checked():
    aws = Aws(environment="local", account="123456789012", region="eu-central-1", **LOCAL)
    found = inventory.check(aws, entries(OUTPUTS))
    why = "the embedded AWS is not running; what to do: run `slipway local start`, then the same command again"
    assert [(entry.status, entry.reason) for entry in found] == [("not checked", why)] * 2


def test_credentials_of_another_account_are_refused(monkeypatch):
    aws = Aws(environment="prod", account="123456789012", region="eu-central-1", **LOCAL)
    client = aws.client("sts")
    monkeypatch.setattr(Aws, "client", lambda *_: client)
    with Stubber(client) as stub:
        stub.add_response("get_caller_identity", {"Account": "999999999999"})
        with pytest.raises(
            EngineError, match="these credentials belong to account 999999999999, the environment is in 123456789012"
        ):
            aws.check_account()
        stub.add_response("get_caller_identity", {"Account": "123456789012"})
        aws.check_account()


def test_secret_keys_are_not_shown():
    assert (
        "b"
        not in repr(Aws(environment="x", account="1", region="r", access_key="a", secret_key="bbb")).partition(
            "secret"
        )[2]
    )
