"""Every sample function under AWS's runtime client, with its own dependencies and nothing that Lambda leaves out."""

import base64
import json

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.integration.runtime.conftest import ROOT, kept
from tests.unit.runtime.aws_events import bus_event, http_event, schedule_event, sqs_record


def example(name):
    return json.loads((ROOT / "functions" / name / "example.json").read_text())


def request(name):
    given = example(name)
    body = json.dumps(given["body"]).encode() if "body" in given else b""
    return http_event(given["method"], given["path"], given["headers"].items(), body), given["status"]


@pytest.fixture
def aws():
    """(address, client factory) of a moto of this test's own."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-central-1"}
    yield address, lambda service: boto3.client(service, endpoint_url=address, **keys)
    server.stop()


def with_boto3(address):
    return {
        "boto3": True,
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


@pytest.mark.parametrize("name", ["hello", "orders"])
def test_what_lambda_does_not_use_stays_behind(name):
    left_out = {"gunicorn", "uvicorn", "uvicorn-worker", "starlette", "watchdog", "anyio", "h11", "idna"}
    travelling = kept(ROOT / "functions" / name)
    assert not travelling & left_out
    assert {"flask", "werkzeug", "cloudevents"} <= travelling
    assert ("typing-extensions" in travelling) is (name == "orders")


def test_hello(sample):
    event, status = request("hello")
    answer = sample("hello", "hello").answer(event)
    assert answer["statusCode"] == status
    assert json.loads(answer["body"]) == {"greeting": "Hello, Ada!"}


def test_orders_and_the_receipt_of_what_it_sent(sample, aws):
    address, client = aws
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="receipts")["QueueUrl"]
    event, status = request("orders")
    orders = sample("orders", "orders", QUEUE_RECEIPTS_URL=url, **with_boto3(address))
    answer = orders.answer(event)
    assert answer["statusCode"] == status
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]

    receipts = sample("receipts", "receipt", "cloudevent")
    assert receipts.answer({"Records": [sqs_record("1", message["Body"])]}) == {"batchItemFailures": []}
    [line] = [line for line in receipts.log() if isinstance(line, dict) and line["message"] == "receipt"]
    assert line["order"] == json.loads(answer["body"])["id"]
    assert (line["level"], line["requestId"], line["function"]) == (
        "INFO",
        receipts.request_id,
        "slipway-test-function",
    )


def test_receipts_send_back_what_is_no_order(sample):
    receipts = sample("receipts", "receipt", "cloudevent")
    good = sqs_record("1", json.dumps(example("receipts")["data"]))
    answer = receipts.answer({"Records": [good, sqs_record("2", "{}")]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    [line] = [line for line in receipts.log() if isinstance(line, dict) and line["level"] == "ERROR"]
    assert (line["messageId"], line["errorType"], line["requestId"]) == ("2", "ValueError", receipts.request_id)
    assert any("main.py" in frame for frame in line["stackTrace"])


def test_nightly_report(sample):
    # Without a time zone database of the system, as in some of the managed runtimes.
    variables = {"REPORT_TIMEZONE": "Europe/Berlin", "PYTHONTZPATH": ""}
    report = sample("nightly-report", "report", "cloudevent", **variables)
    assert report.answer(schedule_event(**example("nightly-report"))) is None
    [line] = [line for line in report.log() if isinstance(line, dict) and line["message"] == "nightly report"]
    assert (line["from"], line["to"]) == ("2026-11-15T00:00:00+01:00", "2026-11-22T00:00:00+01:00")


def test_audit(sample):
    audit = sample("audit", "audit", "cloudevent")
    assert audit.answer(bus_event(detail=example("audit")["data"])) is None
    [line] = [line for line in audit.log() if isinstance(line, dict)]
    assert line["audit"]["order"] == "0f5e4d2c-7a67-5c37-9f0e-0d6a6f1b2c3d"
    assert "4111" not in json.dumps(line)


SECRET = 'c4n4ry-"value"/+1'


def test_secrets_are_fetched_at_start_up_and_masked_in_what_is_logged(function, aws):
    address, client = aws
    held = json.dumps({"password": SECRET})
    arn = client("secretsmanager").create_secret(Name="db", SecretString=held)["ARN"]
    source = """
    import base64, json, logging, os, sys
    PASSWORD = os.environ["DB_PASSWORD"]
    print("imported with", PASSWORD)

    def f(request):
        logging.getLogger("x").warning("logged %s", PASSWORD, extra={"deep": {"password": PASSWORD}})
        print("environ", dict(os.environ))
        print("basic", base64.b64encode(f"user:{PASSWORD}".encode()).decode(), file=sys.stderr)
        sys.stdout.buffer.write(f"bytes {PASSWORD}\\n".encode())
        if request.method == "POST":
            raise ValueError(f"refused {PASSWORD}")
        return PASSWORD
    """
    wanted = json.dumps({"DB_PASSWORD": {"arn": arn, "field": "password"}})
    runtime = function(source, SLIPWAY_SECRETS=wanted, **with_boto3(address))
    assert runtime.answer(http_event())["body"] == SECRET
    assert runtime.answer(http_event("POST"))["statusCode"] == 500
    said = runtime.log_path.read_text()
    assert "c4n4ry" not in said
    assert base64.b64encode(SECRET.encode()).decode()[4:12] not in said
    for words in ("imported with", "logged", "bytes", "refused"):
        assert f"{words} [redacted]" in said
    assert "'DB_PASSWORD': '[redacted]'" in said
    logged = [line for line in runtime.log() if isinstance(line, dict) and line["message"] == "logged [redacted]"]
    assert [line["deep"] for line in logged] == [{"password": "[redacted]"}] * 2
    wrong = json.dumps({"DB_PASSWORD": {"arn": arn, "field": "pass"}})
    failed = function(source, SLIPWAY_SECRETS=wrong, **with_boto3(address))
    error = failed.error(http_event())
    assert error["errorType"] == "StartupError"
    assert "variable DB_PASSWORD: secret arn:aws:secretsmanager" in error["errorMessage"]
    assert "c4n4ry" not in failed.log_path.read_text() + json.dumps(error)


def test_what_the_runtime_client_says_of_an_event_that_failed_is_masked(function, aws):
    address, client = aws
    arn = client("secretsmanager").create_secret(Name="token", SecretString=SECRET)["ARN"]
    source = "import os\ndef f(event):\n    raise ValueError('no ' + os.environ['TOKEN'])\n"
    wanted = json.dumps({"TOKEN": {"arn": arn, "field": None}})
    runtime = function(source, "cloudevent", SLIPWAY_SECRETS=wanted, **with_boto3(address))
    assert runtime.error(bus_event())["errorType"] == "ValueError"
    said = runtime.log_path.read_text()
    assert "c4n4ry" not in said
    assert "no [redacted]" in said
