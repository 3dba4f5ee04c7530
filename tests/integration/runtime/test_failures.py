"""What goes wrong in a function, as AWS's runtime client reports it and as the log shows it."""

import json

import pytest

from tests.unit.runtime.aws_events import bus_event, http_event


def records(runtime):
    return [line for line in runtime.log() if isinstance(line, dict)]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def g(r): ...\n", "main.py is expected to contain a function named 'f'. Found: 'g'"),
        ("import no_such_module\n", "there is no module 'no_such_module' in the package"),
        ("def f(:\n", "main.py cannot be imported: SyntaxError"),
        ("from functions_framework.aio import http\n", "functions_framework.aio, which no target serves"),
    ],
)
def test_function_that_cannot_start(function, source, message):
    runtime = function(source)
    error = runtime.error(http_event())
    assert error["errorType"] == "StartupError"
    assert message in error["errorMessage"]
    assert any(message in record.get("errorMessage", "") for record in records(runtime))
    assert runtime.process.wait(timeout=30) != 0


def test_failing_request_is_a_500_and_one_json_record(function):
    runtime = function("def f(r):\n    raise ValueError('at db.internal')\n")
    answer = runtime.answer(http_event("GET", "/orders"))
    assert answer["statusCode"] == 500
    assert "db.internal" not in json.dumps(answer)
    [record] = records(runtime)
    assert (record["level"], record["errorType"], record["errorMessage"]) == ("ERROR", "ValueError", "at db.internal")
    assert (record["requestId"], record["function"]) == (runtime.request_id, "slipway-test-function")
    assert any("in f" in frame for frame in record["stackTrace"])


def test_wrong_return_type_is_named_in_the_log(function):
    runtime = function("def f(r):\n    pass\n")
    assert runtime.answer(http_event())["statusCode"] == 500
    [record] = records(runtime)
    assert "did not return a valid response" in record["errorMessage"]


def test_failing_event_is_an_error_of_the_invocation_with_its_own_type(function):
    runtime = function("def f(e):\n    raise KeyError('amount')\n", "cloudevent")
    error = runtime.error(bus_event())
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'amount'")
    assert any("main.py" in frame for frame in error["stackTrace"])
    [record] = records(runtime)
    assert record["requestId"] == runtime.request_id


def test_an_instance_survives_its_failures(function):
    source = "def f(r):\n    return {'n': 10 // int(r.args['by'])}\n"
    runtime = function(source)
    assert [runtime.answer(http_event(target=f"/?by={by}"))["statusCode"] for by in (0, 2, "x", 5)] == [
        500,
        200,
        500,
        200,
    ]


def test_exit_in_a_function_ends_the_instance(function):
    runtime = function("import os\ndef f(r):\n    os._exit(7)\n")
    assert runtime.invoke(http_event()) is None
    assert runtime.process.wait(timeout=30) == 7


def test_unknown_event_says_what_is_accepted(function):
    error = function("def f(r): ...\n").error({"hello": "world"})
    assert error["errorType"] == "UnsupportedEventError"
    assert "it accepts requests of API Gateway v2 or a Function URL" in error["errorMessage"]


def test_answer_over_the_limit_is_a_502_not_a_lost_answer(function):
    runtime = function("def f(r): return b'\\xff' * 5_000_000\n")
    answer = runtime.answer(http_event())
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (502, False)
    assert "5000000 bytes is too large" in records(runtime)[0]["message"]


@pytest.mark.parametrize("expression", ["'é' * 1_040_000", "'x' * 6_200_000", "b'\\xff' * 4_600_000"])
def test_the_largest_answers_arrive(function, expression):
    assert function(f"def f(r): return {expression}\n").answer(http_event())["statusCode"] == 200


def test_print_and_text_logs_pass_through(function):
    runtime = function(
        "import logging\ndef f(r):\n    print('seen')\n    logging.error('bad')\n    return ''\n",
        AWS_LAMBDA_LOG_FORMAT="Text",
    )
    runtime.answer(http_event())
    lines = runtime.log()
    assert "seen" in lines
    assert any(line.startswith("[ERROR]") and line.endswith(f"{runtime.request_id}\tbad") for line in lines)
