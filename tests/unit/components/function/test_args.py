from components.function.args import (
    BusEvent,
    Code,
    Cors,
    FunctionArgs,
    Grant,
    HttpEvent,
    LambdaOptions,
    QueueEvent,
    ScheduleEvent,
    SecretVariable,
    Throttle,
)


def test_args_come_from_plain_values():
    code = Code(bucket="b", key="k")
    made = FunctionArgs.from_spec(
        {
            "owner": "t",
            "runtime": "python3.11",
            "handler": "main:f",
            "http": [
                {
                    "path": "/a",
                    "visibility": "public",
                    "cors": {"origins": ["https://a"]},
                    "throttle": {"rate": 1.0, "burst": 2},
                },
                {"path": "/b", "cors": None},
            ],
            "schedules": [{"expression": "rate(1 hour)"}],
            "events": [{"type": "com.x"}],
            "queues": [{"queue": "q"}],
            "grants": [{"kind": "queue", "name": "q", "verbs": ["send"]}],
            "secrets": [{"variable": "V", "secret": "s"}],
            "lambda_options": {"snap_start": True},
        },
        code,
    )
    assert made.http == (
        HttpEvent(
            path="/a", visibility="public", cors=Cors(origins=["https://a"]), throttle=Throttle(rate=1.0, burst=2)
        ),
        HttpEvent(path="/b"),
    )
    assert made.events == (BusEvent(type="com.x"),)
    assert made.queues == (QueueEvent(queue="q"),)
    assert made.grants == (Grant(kind="queue", name="q", verbs=["send"]),)
    assert made.secrets == (SecretVariable(variable="V", secret="s"),)
    assert made.schedules == (ScheduleEvent(expression="rate(1 hour)"),)
    assert made.lambda_options == LambdaOptions(snap_start=True)
    assert made.code == code
    assert FunctionArgs.from_spec({"owner": "t", "runtime": "container"}, code).lambda_options == LambdaOptions()
