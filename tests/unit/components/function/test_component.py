import json

import pulumi
import pytest
from pulumi.output import Unknown

from components.environment import Environment
from components.errors import InputError
from components.function.args import (
    BusEvent,
    Code,
    Grant,
    HttpEvent,
    LambdaOptions,
    QueueEvent,
    ScheduleEvent,
)
from components.function.component import Function

ALIAS = "arn:aws:lambda:eu-central-1:123456789012:function:slipway-dev-orders:live"
DLQ = "arn:aws:sqs:eu-central-1:123456789012:slipway-dev-orders-failures"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/dev-key"
MINIMAL = {
    ("LogGroup", "orders-logs"),
    ("Queue", "orders-failures"),
    ("Role", "orders-role"),
    ("RolePolicy", "orders-role-policy"),
    ("Function", "orders"),
    ("Alias", "orders-alias"),
    ("FunctionEventInvokeConfig", "orders-failure-destination"),
    ("MetricAlarm", "orders-alarm-errors"),
    ("MetricAlarm", "orders-alarm-throttles"),
    ("MetricAlarm", "orders-alarm-duration"),
    ("MetricAlarm", "orders-alarm-failures"),
}


def statements(text):
    return json.loads(text)["Statement"]


def fn(engine):
    return next(r.inputs for r in engine.registered if r.type == "aws:lambda/function:Function")


def test_the_smallest_function(deploy, engine, a_function):
    deploy({"orders": a_function()})
    assert engine.children("orders") == MINIMAL
    assert next(r for r in engine.registered if r.type == "slipway:index:Function").parent == "dev"


def test_every_resource_of_a_function_goes_through_the_environments_provider(deploy, engine, a_function):
    deploy({"orders": a_function()})
    assert {r.provider for r in engine.registered if r.type.startswith("aws:")} == {"dev-aws"}


def test_properties_of_the_smallest_function(deploy, engine, a_function):
    deploy({"orders": a_function()})
    assert fn(engine) == {
        "name": "slipway-dev-orders",
        "role": "arn:aws:iam::123456789012:role/slipway-dev-orders",
        "architectures": ["x86_64"],
        "memorySize": 256,
        "timeout": 30,
        "ephemeralStorage": {"size": 512},
        "environment": {
            "variables": {
                "FUNCTION_SIGNATURE_TYPE": "http",
                "FUNCTION_SOURCE": "main.py",
                "FUNCTION_TARGET": "order",
            }
        },
        "kmsKeyArn": KEY,
        "tracingConfig": {"mode": "Active"},
        "loggingConfig": {
            "logFormat": "JSON",
            "logGroup": "/slipway/dev/orders",
            "applicationLogLevel": "INFO",
            "systemLogLevel": "INFO",
        },
        "publish": True,
        "packageType": "Zip",
        "s3Bucket": "packages",
        "s3Key": "packages/orders/abc.zip",
        "runtime": "python3.11",
        "handler": "slipway_runtime.lambda_handler.handle",
        "tags": {
            "commit": "abc123",
            "environment": "dev",
            "function": "orders",
            "managed-by": "slipway",
            "owner": "team-payments",
        },
    }


def test_only_the_code_carries_the_commit_so_that_a_commit_changes_nothing_else(deploy, engine, a_function):
    deploy({"orders": a_function()})
    tagged = [r for r in engine.registered if "tags" in r.inputs and r.parent == "orders"]
    assert {r.name for r in tagged if "commit" in r.tags} == {"orders"}
    assert all(r.tags["owner"] == "team-payments" and r.tags["function"] == "orders" for r in tagged)


def test_outputs_are_few_and_registered(deploy, engine, a_function, resolved):
    _, made = deploy({"orders": a_function(http=[HttpEvent(path="/orders")])})
    expected = {
        "name": "slipway-dev-orders",
        "arn": ALIAS,
        "url": "https://orders-url.lambda-url.aws/",
        "version": "7",
        "log_group": "/slipway/dev/orders",
    }
    assert engine.outputs("orders") == expected
    assert {key: resolved(getattr(made["orders"], key)) for key in expected} == expected


def test_name_arn_and_log_group_are_known_in_the_first_preview(deploy, engine, a_function, resolved):
    _, made = deploy({"orders": a_function(http=[HttpEvent(path="/orders")])}, preview=True)
    orders = made["orders"]
    assert [resolved(o) for o in (orders.name, orders.arn, orders.log_group)] == [
        "slipway-dev-orders",
        ALIAS,
        "/slipway/dev/orders",
    ]
    assert resolved(orders.url) is None
    assert resolved(orders.version) is None


def test_the_function_waits_for_its_permissions_and_its_log_group(deploy, engine, a_function):
    deploy({"orders": a_function()})
    function = next(r for r in engine.registered if r.type == "aws:lambda/function:Function")
    assert {"orders-role-policy", "orders-logs"} <= function.depends_on


def test_logs_are_kept_encrypted_for_the_environments_time(deploy, engine, a_function):
    deploy({"orders": a_function()}, log_retention_days=365, log_level="DEBUG")
    logs = engine.named("orders-logs").inputs
    assert (logs["name"], logs["retentionInDays"], logs["kmsKeyId"]) == ("/slipway/dev/orders", 365, KEY)
    assert fn(engine)["loggingConfig"]["applicationLogLevel"] == "DEBUG"


def test_callers_reach_the_published_version(deploy, engine, a_function):
    deploy({"orders": a_function()})
    alias = engine.named("orders-alias").inputs
    assert (alias["name"], alias["functionName"], alias["functionVersion"]) == ("live", "slipway-dev-orders", "7")


def test_failed_events_go_to_the_encrypted_queue(deploy, engine, a_function):
    deploy({"orders": a_function()})
    config = engine.named("orders-failure-destination").inputs
    assert config["destinationConfig"] == {"onFailure": {"destination": DLQ}}
    assert (config["qualifier"], config["maximumRetryAttempts"]) == ("live", 2)
    queue = engine.named("orders-failures").inputs
    assert queue["kmsMasterKeyId"] == KEY
    assert [s["Sid"] for s in statements(queue["policy"])] == ["OnlyTls"]


def test_alarms_watch_the_live_version_and_the_queue(deploy, engine, a_function):
    deploy({"orders": a_function(timeout_s=10)}, alarm_topic="arn:aws:sns:eu-central-1:1:alarms")
    watched = {
        name: (alarm["metricName"], alarm["threshold"], alarm["dimensions"])
        for name in ("errors", "throttles", "duration", "failures")
        for alarm in [engine.named(f"orders-alarm-{name}").inputs]
    }
    live = {"FunctionName": "slipway-dev-orders", "Resource": "slipway-dev-orders:live"}
    assert watched == {
        "errors": ("Errors", 0, live),
        "throttles": ("Throttles", 0, live),
        "duration": ("Duration", 9000, live),
        "failures": ("ApproximateNumberOfMessagesVisible", 0, {"QueueName": "slipway-dev-orders-failures"}),
    }
    assert engine.named("orders-alarm-errors").inputs["alarmActions"] == ["arn:aws:sns:eu-central-1:1:alarms"]


def test_without_a_topic_alarms_have_no_receiver(deploy, engine, a_function):
    deploy({"orders": a_function()})
    assert "alarmActions" not in engine.named("orders-alarm-errors").inputs


def test_the_biggest_function(deploy, engine, a_function, catalogue):
    args = a_function(
        description="Takes an order",
        runtime="python3.12",
        signature="lambda",
        architecture="arm64",
        memory_mb=1024,
        timeout_s=20,
        min_scale=2,
        max_scale=9,
        environment={"LEVEL": "info"},
        http=[
            HttpEvent(path="/orders/{id}", methods=["GET", "PUT"], visibility="public", auth="none"),
            HttpEvent(path="/internal"),
        ],
        schedules=[ScheduleEvent(expression="rate(5 minutes)")],
        events=[BusEvent(type="com.example.paid")],
        queues=[QueueEvent(queue="orders")],
        grants=[Grant(kind="bucket", name="reports", verbs=["read", "write"])],
        lambda_options=LambdaOptions(layers=["arn:aws:lambda:eu-central-1:1:layer:l:1"], ephemeral_storage_mb=2048),
    )
    deploy(
        {"orders": args},
        catalogue=catalogue,
        subnets=["subnet-1", "subnet-2"],
        security_groups=["sg-1"],
        signing_profiles=["arn:aws:signer:eu-central-1:1:/signing-profiles/p/v"],
    )
    assert {kind for kind, _ in engine.children("orders") - MINIMAL} == {
        "ProvisionedConcurrencyConfig",
        "FunctionUrl",
        "Integration",
        "Route",
        "Permission",
        "EventRule",
        "EventTarget",
        "Role",
        "RolePolicy",
        "Schedule",
        "EventSourceMapping",
    }
    function = fn(engine)
    assert function["handler"] == "main.order"
    assert function["description"] == "Takes an order"
    assert function["architectures"] == ["arm64"]
    assert function["reservedConcurrentExecutions"] == 9
    assert function["vpcConfig"] == {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}
    assert function["codeSigningConfigArn"] == "arn:aws:lambda:eu-central-1:123456789012:csc:1"
    assert function["layers"] == ["arn:aws:lambda:eu-central-1:1:layer:l:1"]
    assert function["ephemeralStorage"] == {"size": 2048}
    assert function["environment"]["variables"]["LEVEL"] == "info"
    assert "FUNCTION_TARGET" not in function["environment"]["variables"]
    assert engine.named("orders-warm").inputs["provisionedConcurrentExecutions"] == 2
    assert any(s.get("Sid") == "Network" for s in statements(engine.named("orders-role-policy").inputs["policy"]))


def test_snap_start(deploy, engine, a_function):
    deploy({"orders": a_function(runtime="python3.12", lambda_options=LambdaOptions(snap_start=True))})
    assert fn(engine)["snapStart"] == {"applyOn": "PublishedVersions"}


def test_an_image(deploy, engine, a_function):
    image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders@sha256:" + "a" * 64
    args = a_function(runtime="container", handler=None, code=Code(image=image))
    deploy({"orders": args}, signing_profiles=["arn:aws:signer:eu-central-1:1:/signing-profiles/p/v"])
    function = fn(engine)
    assert (function["packageType"], function["imageUri"]) == ("Image", image)
    assert not {"handler", "runtime", "s3Bucket", "layers", "codeSigningConfigArn", "environment", "kmsKeyArn"} & set(
        function
    )


def test_transforms_reach_each_child_and_keep_the_guard_on_names(deploy, engine, a_function):
    layer = "arn:aws:lambda:eu-central-1:1:layer:extra:1"
    args = a_function(transforms={"function": lambda a, o: (a | {"layers": [layer]}, o)})
    deploy({"orders": args})
    assert fn(engine)["layers"] == [layer]


def test_an_unknown_transform_lists_the_children(deploy, a_function):
    with pytest.raises(InputError, match=r"Function 'orders': transforms has 'fuction'.*did you mean 'function'"):
        deploy({"orders": a_function(transforms={"fuction": lambda a, o: (a, o)})})


def test_options_of_the_caller_go_to_the_component_alone(deploy, engine, a_function):
    deploy({"orders": a_function()}, opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="requests")]))
    component = next(r for r in engine.registered if r.type == "slipway:index:Function")
    assert component.aliases == ("requests",)
    assert component.parent == "dev"


def test_a_long_name_is_cut_the_same_way_everywhere(deploy, engine, a_function, resolved):
    name = "a" + "-very-long-name" * 5
    _, made = deploy({name: a_function()})
    physical = resolved(made[name].name)
    assert len(physical) == 64
    assert fn(engine)["name"] == physical
    assert resolved(made[name].arn).endswith(f":function:{physical}:live")


def test_code_that_is_still_to_be_published_is_waited_for(engine, an_environment, a_function):
    def program():
        environment = Environment("dev", an_environment())
        code = Code(bucket=environment.packages_bucket, key=environment.packages_bucket.apply(lambda b: f"{b}/k.zip"))
        Function("orders", a_function(code=code), environment)

    engine.run(program)
    assert fn(engine)["s3Key"] == "slipway-dev-packages-123456789012-eu-central-1/k.zip"
    engine.run(program, preview=True)
    assert isinstance(fn(engine)["s3Key"], Unknown), "an unknown, not a guess"
