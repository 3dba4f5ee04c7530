import pytest
from slipway_runtime.errors import DeliveryError, UnsupportedEventError

from tests.unit.runtime.aws_events import bus_event, schedule_event


def test_bus_event(received):
    attributes, data = received(bus_event())
    assert data == {"order": "4711", "amount": 4048}
    assert attributes == {
        "specversion": "1.0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "source": "com.example.payments",
        "type": "com.example.order.paid",
        "time": "2026-11-22T08:00:00Z",
        "datacontenttype": "application/json",
        "account": "123456789012",
        "region": "eu-central-1",
    }


def test_bus_attributes_leave_the_data_and_become_attributes(received):
    detail = {
        "order": "grün",
        "_attributes": {"tenant": "münchen €", "subject": "orders/4711", "priority": 3, "hot": True},
    }
    attributes, data = received(bus_event(detail=detail))
    assert data == {"order": "grün"}
    assert [attributes[name] for name in ("tenant", "subject", "priority", "hot")] == [
        "münchen €",
        "orders/4711",
        "3",
        "true",
    ]


def test_bus_attributes_cannot_change_what_the_bus_says(received, caplog):
    detail = {"_attributes": {"id": "x", "source": "y", "Bad-Name": "z", "data": "w", "ok": "1"}}
    attributes, data = received(bus_event(detail=detail))
    assert attributes["id"] == "6a7e8feb-b491-4cf7-a9f1-bf3703467718"
    assert attributes["source"] == "com.example.payments"
    assert attributes["ok"] == "1"
    assert data == {}
    assert "left out of _attributes: Bad-Name, data, id, source" in caplog.text


@pytest.mark.parametrize("odd", [None, "text", ["a"]])
def test_attributes_that_are_no_object_stay_data(received, odd):
    assert received(bus_event(detail={"_attributes": odd}))[1] == {"_attributes": odd}


def test_schedule(received):
    attributes, data = received(schedule_event())
    assert data == {"days": 7}
    assert attributes == {
        "specversion": "1.0",
        "id": "d32c5ddf-cb0e-4b5e-a6a5-1d1b1f6a2e11",
        "source": "/schedules/nightly-report",
        "type": "io.slipway.schedule",
        "time": "2026-11-22T02:15:00Z",
        "datacontenttype": "application/json",
    }


def test_schedule_without_data_has_an_empty_object(received):
    event = schedule_event()
    del event["data"]
    assert received(event)[1] == {}


@pytest.mark.parametrize(
    ("given", "data"),
    [
        ({"data": {"a": [1, None]}}, {"a": [1, None]}),
        ({"data": "123"}, "123"),
        ({"data": "grün", "datacontenttype": "text/plain"}, "grün".encode()),
        ({"data": "", "datacontenttype": "text/plain"}, None),
        ({"data_base64": "/wD/", "datacontenttype": "application/octet-stream"}, b"\xff\x00\xff"),
        ({}, None),
        ({"data": None}, None),
    ],
)
def test_cloud_event_in_json(received, given, data):
    event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "retries": 3, "absent": None}
    attributes, found = received(event | given)
    assert found == data
    assert attributes["retries"] == "3"
    assert "absent" not in attributes


def test_cloud_event_that_lacks_attributes_is_refused(received):
    with pytest.raises(UnsupportedEventError, match="lacks id, type; required are specversion, id, source, type"):
        received({"specversion": "1.0", "source": "/s", "type": ""})


def test_unknown_version_of_the_specification_is_no_success(received):
    with pytest.raises(DeliveryError, match="400 BAD REQUEST"):
        received({"specversion": "9.9", "id": "1", "source": "/s", "type": "t"})


def test_exception_of_the_function_reaches_lambda(start):
    adapter = start("def f(event):\n    raise KeyError('amount')\n", signature="cloudevent")
    with pytest.raises(KeyError, match="amount"):
        adapter.handle(bus_event(), None)


@pytest.mark.parametrize("status", [400, 404, 503])
def test_error_status_of_the_function_reaches_lambda(start, status):
    adapter = start(f"import flask\ndef f(event):\n    flask.abort({status})\n", signature="cloudevent")
    with pytest.raises(DeliveryError, match=rf"6a7e8feb.* of type com\.example\.order\.paid: {status} "):
        adapter.handle(bus_event(), None)


def test_what_is_no_exception_is_not_swallowed(start):
    adapter = start("import sys\ndef f(event):\n    sys.exit(3)\n", signature="cloudevent")
    with pytest.raises(SystemExit):
        adapter.handle(bus_event(), None)


def test_trace_reaches_the_function(start, monkeypatch, lambda_context):
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
    adapter = start(
        """
        import flask
        def f(event):
            raise ValueError(flask.request.headers["traceparent"])
        """,
        signature="cloudevent",
    )
    with pytest.raises(ValueError, match="00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"):
        adapter.handle(bus_event(), lambda_context)
