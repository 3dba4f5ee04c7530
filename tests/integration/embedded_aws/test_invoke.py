import base64
import io
import json
import threading
import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

ECHO = """
    import json
    def handle(event, context):
        print("seen", json.dumps(event))
        return {"event": event, "arn": context.invoked_function_arn, "id": context.aws_request_id,
                "version": context.function_version, "left": context.get_remaining_time_in_millis()}
"""


def test_runs_the_deployed_bytes_and_answers(aws):
    name = aws.deploy(ECHO)
    answer = aws.invoke(name, {"a": [1, "ä"]})
    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert answer["ExecutedVersion"] == "$LATEST"
    assert answer["Body"]["event"] == {"a": [1, "ä"]}
    assert answer["Body"]["arn"] == aws.arn(name)
    assert answer["Body"]["id"] == answer["ResponseMetadata"]["RequestId"]
    assert 0 < answer["Body"]["left"] <= 10_000


def test_alias_version_and_arn_name_the_same_published_code(aws):
    name = aws.deploy(ECHO, alias="live")
    aws.client("lambda").update_function_code(
        FunctionName=name, ZipFile=aws.package(main="def handle(event, context):\n    return 'new'\n")
    )
    for reference, options in (
        (name, {"Qualifier": "live"}),
        (name, {"Qualifier": "1"}),
        (f"{name}:live", {}),
        (aws.arn(f"{name}:live"), {}),
    ):
        answer = aws.invoke(reference, **options)
        assert answer["ExecutedVersion"] == "1"
        assert answer["Body"]["version"] == "1"
    assert aws.invoke(name)["Body"] == "new"


def test_sandbox_is_reused_while_nothing_changes_and_replaced_when_the_configuration_does(aws):
    source = """
        import os
        count = 0
        def handle(event, context):
            global count
            count += 1
            return [count, os.environ.get("COLOUR")]
    """
    name = aws.deploy(source)
    assert [aws.invoke(name)["Body"] for _ in range(3)] == [[1, None], [2, None], [3, None]]
    aws.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"COLOUR": "red"}})
    assert aws.invoke(name)["Body"] == [1, "red"]


def test_nothing_of_our_own_environment_reaches_the_function(aws):
    source = """
        import os, sys
        def handle(event, context):
            return {"environment": dict(os.environ), "path": sys.path}
    """
    body = aws.invoke(aws.deploy(source, Environment={"Variables": {"COLOUR": "red"}}))["Body"]
    environment = body["environment"]
    assert environment["COLOUR"] == "red"
    assert environment["AWS_ENDPOINT_URL"] == aws.config.api_url
    assert environment["AWS_REGION"] == "eu-central-1"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert "PYTHONPATH" not in environment
    assert "VIRTUAL_ENV" not in environment
    own = [name for name in environment if not name.startswith(("AWS_", "_", "LAMBDA_", "PYTHONPYCACHE"))]
    assert set(own) <= {"COLOUR", "HOME", "LANG", "LC_CTYPE", "PATH", "TMPDIR", "TZ"}
    assert body["path"][0] == environment["LAMBDA_TASK_ROOT"]
    ours = str(Path(__file__).parents[3])
    assert not any(part.startswith(ours) for part in body["path"])


def test_function_reaches_the_embedded_aws_and_other_functions(aws):
    inner = aws.deploy("def handle(event, context):\n    return event['n'] + 1\n")
    outer = aws.deploy("""
        import json, boto3
        def handle(event, context):
            answer = boto3.client("lambda").invoke(FunctionName=event["inner"], Payload=json.dumps({"n": 41}))
            return json.loads(answer["Payload"].read())
    """)
    assert aws.invoke(outer, {"inner": inner})["Body"] == 42


@pytest.mark.parametrize(
    ("body", "error_type", "words"),
    [
        ("raise ValueError('no stock')", "ValueError", "no stock"),
        ("return {1, 2}", "Runtime.MarshalError", "not JSON serializable"),
        ("import os; os._exit(7)", "Runtime.ExitError", "exit status 7"),
        ("import sys; sys.exit(1)", "Runtime.ExitError", "exit status 1"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "Runtime.ExitError", "segmentation fault"),
        ("import time; time.sleep(60)", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
        ("x = bytearray(400 << 20); import time; time.sleep(60)", "Runtime.OutOfMemory", "signal: killed"),
        ("return 'x' * 7_000_000", "Function.ResponseSizeTooLarge", "6291556"),
    ],
)
def test_failures_are_told_in_lambdas_words_and_the_next_call_works(aws, body, error_type, words):
    slow = "time.sleep" in body and "bytearray" not in body
    name = aws.deploy(
        f"def handle(event, context):\n    if event.get('ok'): return 'fine'\n    {body}\n", Timeout=1 if slow else 20
    )
    answer = aws.invoke(name)
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Body"]["errorType"] == error_type
    assert words in answer["Body"]["errorMessage"]
    assert aws.invoke(name, {"ok": True})["Body"] == "fine"


@pytest.mark.parametrize(
    ("source", "handler", "error_type"),
    [
        ("import nowhere\n", "main.handle", "Runtime.ImportModuleError"),
        ("def handle(:\n", "main.handle", "Runtime.UserCodeSyntaxError"),
        ("x = 1\n", "main.handle", "Runtime.HandlerNotFound"),
        ("raise KeyError('start')\n", "main.handle", "KeyError"),
        ("import os; os._exit(9)\n", "main.handle", "Runtime.ExitError"),
    ],
)
def test_functions_that_cannot_start_say_why(aws, source, handler, error_type):
    answer = aws.invoke(aws.deploy(source, Handler=handler))
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Body"]["errorType"] == error_type


def test_log_tail_is_what_this_invocation_wrote(aws):
    name = aws.deploy(ECHO)
    aws.invoke(name, {"n": "first"})
    answer = aws.invoke(name, {"n": "second"}, LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert tail.startswith("START RequestId: ")
    assert 'seen {"n": "second"}' in tail
    assert "first" not in tail
    assert "REPORT RequestId: " in tail
    assert "Max Memory Used: " in tail


def test_reserved_concurrency_is_kept(aws):
    url, _ = aws.queue()
    name = aws.deploy(
        """
        import os, boto3
        def handle(event, context):
            sqs = boto3.client("sqs")
            sqs.send_message(QueueUrl=os.environ["STARTED"], MessageBody="x")
            while True:
                for m in sqs.receive_message(QueueUrl=os.environ["GO"], WaitTimeSeconds=5).get("Messages", []):
                    return "done"
        """,
        Environment={"Variables": {"STARTED": url, "GO": (go := aws.queue()[0])}},
        Timeout=60,
    )
    client = aws.client("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    answers = []
    running = threading.Thread(target=lambda: answers.append(aws.invoke(name)["Body"]))
    running.start()
    assert len(aws.receive(url)) == 1
    with pytest.raises(ClientError) as refused:
        aws.invoke(name)
    aws.client("sqs").send_message(QueueUrl=go, MessageBody="go")
    running.join(30)
    assert answers == ["done"]
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_dry_run_runs_nothing(aws):
    name = aws.deploy("raise SystemExit(1)\n")
    assert aws.client("lambda").invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"FunctionName": "nobody"}, "ResourceNotFoundException"),
        ({"FunctionName": "{name}", "Qualifier": "17"}, "ResourceNotFoundException"),
        ({"FunctionName": "{name}", "Payload": b"{no json"}, "InvalidRequestContentException"),
        ({"FunctionName": "{name}", "Payload": b'"' + b"x" * 7_000_000 + b'"'}, "RequestTooLargeException"),
    ],
)
def test_requests_that_lambda_refuses(aws, options, code):
    name = aws.deploy(ECHO)
    options = {**options, "FunctionName": options["FunctionName"].format(name=name)}
    with pytest.raises(ClientError) as refused:
        aws.client("lambda").invoke(**options)
    assert refused.value.response["Error"]["Code"] == code


def test_another_region_has_no_such_function(aws):
    name = aws.deploy(ECHO)
    with pytest.raises(ClientError) as refused:
        aws.client("lambda", region="us-east-1").invoke(FunctionName=name)
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_image_packages_and_missing_runtimes_are_named(aws):
    client = aws.client("lambda")
    client.create_function(
        FunctionName="image", Role=aws.role, PackageType="Image", Code={"ImageUri": f"registry/name@sha256:{'0' * 64}"}
    )
    with pytest.raises(ClientError, match="image package, which cannot be run by the embedded AWS"):
        aws.invoke("image")
    with pytest.raises(ClientError, match=r"runs python3\.11 and later"):
        aws.invoke(aws.deploy(ECHO, Runtime="nodejs22.x"))


def test_broken_package_is_named(aws):
    name = aws.deploy(ECHO, Code={"ZipFile": b"PK\x03\x04 no zip at all"})
    with pytest.raises(ClientError, match="package cannot be unpacked"):
        aws.invoke(name)


def test_layers_lie_on_the_path(aws):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("python/from_layer.py", "VALUE = 17\n")
    layer = aws.client("lambda").publish_layer_version(LayerName="lib", Content={"ZipFile": stream.getvalue()})
    source = "import from_layer\ndef handle(event, context):\n    return from_layer.VALUE\n"
    assert aws.invoke(aws.deploy(source, Layers=[layer["LayerVersionArn"]]))["Body"] == 17


def test_asynchronous_invocation_is_retried_and_ends_at_its_destination(aws):
    failures, failures_arn = aws.queue()
    tries, _ = aws.queue()
    source = """
        import os, boto3
        def handle(event, context):
            boto3.client("sqs").send_message(QueueUrl=os.environ["TRIES"], MessageBody=context.aws_request_id)
            raise ValueError("never")
    """
    name = aws.deploy(source, alias="live", Environment={"Variables": {"TRIES": tries}})
    client = aws.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=name, Qualifier="live", DestinationConfig={"OnFailure": {"Destination": failures_arn}}
    )
    answer = client.invoke(FunctionName=name, Qualifier="live", InvocationType="Event", Payload=b'{"n": 1}')
    assert answer["StatusCode"] == 202
    ids = {message["Body"] for message in aws.receive(tries, 3)}
    assert ids == {answer["ResponseMetadata"]["RequestId"]}
    record = json.loads(aws.receive(failures)[0]["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"n": 1}
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_dead_letter_queue_receives_the_event_itself(aws):
    dead, dead_arn = aws.queue()
    name = aws.deploy(
        "def handle(event, context):\n    raise ValueError('never')\n", DeadLetterConfig={"TargetArn": dead_arn}
    )
    aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 1}')
    message = aws.receive(dead)[0]
    assert json.loads(message["Body"]) == {"n": 1}
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "never"
