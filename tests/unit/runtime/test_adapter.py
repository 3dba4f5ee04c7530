import pytest
from slipway_runtime.errors import UnsupportedEventError

from tests.unit.runtime.aws_events import bus_event, http_event, response_body, schedule_event, sqs_record


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (bus_event(), "found an object with the keys account, detail, detail-type"),
        (schedule_event(), "found an object with the keys data, id, schedule"),
        ({"Records": [sqs_record("1", "x")]}, "found a batch of SQS messages"),
        ({"specversion": "1.0"}, "found a CloudEvent"),
        (
            {"httpMethod": "GET", "requestContext": {}},
            "payload format 1.0; set the integration's payload format to 2.0",
        ),
        ({"Records": [{"eventSource": "aws:s3"}]}, "found records of aws:s3"),
        ({"Records": []}, "found a batch of SQS messages"),
        ({}, r"the keys \(none\)"),
        (None, "a JSON value of type NoneType"),
        ([1], "a JSON value of type list"),
        ("x", "a JSON value of type str"),
    ],
)
def test_http_function_says_what_it_accepts_and_found(start, event, found):
    with pytest.raises(
        UnsupportedEventError, match="f is a function for http: it accepts requests of API Gateway v2"
    ) as raised:
        start("def f(r): return 'x'\n").handle(event, None)
    assert raised.match(found)


@pytest.mark.parametrize(
    "event", [{}, {"secret": "hunter2"}, 3, {"Records": [{"eventSource": "aws:s3"}]}, {"detail": {}}]
)
def test_event_function_says_what_it_accepts_without_values(start, event):
    with pytest.raises(UnsupportedEventError, match="it accepts events of EventBridge") as raised:
        start("def f(e): ...\n", signature="cloudevent").handle(event, None)
    assert "hunter2" not in str(raised.value)


def test_failing_function_answers_500_and_logs_the_traceback_once(start, caplog):
    adapter = start("def f(r):\n    raise ValueError('at db.internal:5432')\n")
    found = adapter.handle(http_event("GET", "/orders"), None)
    assert found["statusCode"] == 500
    assert b"db.internal" not in response_body(found)
    assert b"Traceback" not in response_body(found)
    [record] = [record for record in caplog.records if record.exc_info]
    assert "db.internal" in str(record.exc_info[1])


@pytest.mark.parametrize("value", ["None", "object()", "(1, 2, 3, 4)"])
def test_wrong_return_type_is_a_500_with_its_reason_in_the_log(start, value, caplog):
    found = start(f"def f(r): return {value}\n").handle(http_event(), None)
    assert found["statusCode"] == 500
    assert "did not return a valid response" in caplog.text or "return type" in caplog.text


def test_streams_are_collected(start):
    found = start("def f(r): return (part for part in ['a', 'b', 'c']), 200, {'x-a': '1'}\n").handle(http_event(), None)
    assert (found["statusCode"], found["body"], found["headers"]["x-a"]) == (200, "abc", "1")


def test_stream_that_breaks_is_a_500(start, caplog):
    source = """
    def f(request):
        def parts():
            yield "a"
            raise OSError("disk of db.internal")
        return parts()
    """
    found = start(source).handle(http_event("GET", "/report"), None)
    assert (found["statusCode"], found["body"]) == (500, "Internal Server Error")
    [record] = [record for record in caplog.records if record.exc_info]
    assert "GET /report failed while answering" in record.getMessage()


def test_stream_is_closed(start):
    source = """
    import werkzeug
    CLOSED = []
    def f(request):
        response = werkzeug.Response(iter(["a"]))
        response.call_on_close(lambda: CLOSED.append(1))
        return response
    """
    start(source).handle(http_event(), None)
    import sys

    assert sys.modules["main"].CLOSED == [1]


def test_head_has_headers_and_no_body(start):
    found = start("def f(r): return 'text'\n").handle(http_event("HEAD"), None)
    assert (found["statusCode"], found["headers"]["content-length"], found["body"]) == (200, "4", "")


def test_redirect_keeps_host_and_stage(start):
    source = "import flask\ndef f(r): return flask.redirect(r.url_root + 'there', 303)\n"
    found = start(source).handle(http_event("POST", "/here", stage="prod"), None)
    assert found["statusCode"] == 303
    assert found["headers"]["location"] == "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/there"


def test_event_function_takes_cloud_events_over_http_too(start):
    adapter = start("def f(e):\n    if e.data == b'bad':\n        raise ValueError('no')\n", signature="cloudevent")
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "content-type": "text/plain"}
    assert adapter.handle(http_event("POST", "/", headers.items(), b"good"), None)["statusCode"] == 200
    assert adapter.handle(http_event("POST", "/", headers.items(), b"bad"), None)["statusCode"] == 500
    with pytest.raises(ValueError, match="no"):
        adapter.handle(
            {
                "specversion": "1.0",
                "id": "1",
                "source": "/s",
                "type": "t",
                "datacontenttype": "text/plain",
                "data": "bad",
            },
            None,
        )
    assert adapter.handle(http_event("GET", "/"), None)["statusCode"] == 405


def test_print_passes_through(start, capsys):
    start("def f(r):\n    print('seen')\n    return ''\n").handle(http_event(), None)
    assert capsys.readouterr().out == "seen\n"
