from components.function.args import (
    BusEvent,
    Code,
    Cors,
    FunctionArgs,
    Grant,
    HttpEvent,
    LambdaOptions,
    Pointer,
    QueueEvent,
    Rollout,
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
            "target": "knative",
            "code_digest": "sha256:1",
            "rollout": {"canary": 10, "pointer": {"stable": "7", "current": "7", "latest": "8", "rejected": "5,8"}},
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
    assert made.rollout == Rollout(canary=10, pointer=Pointer(stable="7", current="7", latest="8", rejected="5,8"))
    assert (made.target, made.code_digest) == ("knative", "sha256:1")
    assert made.code == code
    assert FunctionArgs.from_spec({"owner": "t", "runtime": "container"}, code).lambda_options == LambdaOptions()


def test_a_rollout_without_a_pointer_is_that_of_a_function_that_does_not_exist_yet():
    code = Code(bucket="b", key="k")
    spec = {"owner": "t", "runtime": "container", "rollout": {"canary": 5, "pointer": None}}
    assert FunctionArgs.from_spec(spec, code).rollout == Rollout(canary=5, pointer=None)
    assert FunctionArgs.from_spec(spec | {"rollout": None}, code).rollout is None


def test_a_pointer_knows_what_a_rollback_turned_away():
    pointer = Pointer(stable="3", rejected="2,15")
    assert [pointer.rejects(version) for version in ("2", "15", "1", "5", "3")] == [True, True, False, False, False]
    assert not Pointer(stable="3").rejects("2")
