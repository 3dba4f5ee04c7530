import json

import pytest

from components.environment_args import TokenIssuer
from components.function.args import BusEvent, Cors, HttpEvent, QueueEvent, ScheduleEvent
from components.names import part_of

ALIAS = "arn:aws:lambda:eu-central-1:123456789012:function:slipway-dev-orders:live"
DLQ = "arn:aws:sqs:eu-central-1:123456789012:slipway-dev-orders-failures"
TOKENS = TokenIssuer(issuer="https://id.example.com", audience=["shop"])


def public(**changes):
    return HttpEvent(**{"path": "/orders", "visibility": "public", "auth": "none", "methods": ["POST"]} | changes)


def only(found):
    (one,) = found
    return one


def test_an_internal_route_is_a_url_for_signed_requests(deploy, engine, a_function):
    cors = Cors(origins=["https://a.example.com"])
    deploy({"orders": a_function(http=[HttpEvent(path="/orders", cors=cors)])})
    url = engine.named("orders-url").inputs
    assert (url["authorizationType"], url["qualifier"]) == ("AWS_IAM", "live")
    assert url["cors"]["allowOrigins"] == ["https://a.example.com"]
    assert not engine.kinds("Permission"), "identities of the account need no permission on the function"


@pytest.mark.parametrize(("methods", "taken"), [(["OPTIONS", "PUT", "GET"], ["GET", "PUT"]), (["OPTIONS"], None)])
def test_a_url_is_not_told_of_options_which_lambda_refuses_there(deploy, engine, a_function, methods, taken):
    cors = Cors(origins=["https://a.example.com"], methods=methods)
    deploy({"orders": a_function(http=[HttpEvent(path="/orders", cors=cors)])})
    assert engine.named("orders-url").inputs["cors"].get("allowMethods") == taken


def test_a_permission_is_replaced_by_deletion_because_its_statement_id_stays(deploy, engine, a_function):
    deploy(
        {
            "orders": a_function(http=[public()]),
            "paid": a_function(signature="cloudevent", events=[BusEvent(type="com.x.paid")]),
        }
    )
    assert [made.deletes_first for made in engine.kinds("Permission")] == [True, True]


def test_a_public_route_calls_the_live_version_and_may_do_so_from_that_route_alone(
    deploy, engine, a_function, resolved
):
    _, made = deploy({"orders": a_function(http=[public(path="/orders/{id}")])})
    integration = engine.named("orders-integration").inputs
    assert (integration["integrationUri"], integration["payloadFormatVersion"]) == (ALIAS, "2.0")
    route = only(engine.kinds("Route")).inputs
    assert route["routeKey"] == "POST /orders/{id}"
    assert route["target"] == "integrations/orders-integration-id"
    permission = only(engine.kinds("Permission")).inputs
    assert permission["sourceArn"] == "arn:aws:execute-api:eu-central-1:123456789012:dev-http-id/*/POST/orders/{id}"
    assert (permission["principal"], permission["qualifier"]) == ("apigateway.amazonaws.com", "live")
    assert resolved(made["orders"].url) == "https://api1.example.com/orders/{id}"


def test_any_method_is_permitted_as_any(deploy, engine, a_function):
    deploy({"orders": a_function(http=[public(methods=["ANY"])])})
    assert only(engine.kinds("Permission")).inputs["sourceArn"].endswith("/*/*/orders")


def test_each_method_is_a_route(deploy, engine, a_function):
    deploy({"orders": a_function(http=[public(methods=["GET", "POST"])])})
    assert {r.inputs["routeKey"] for r in engine.kinds("Route")} == {"GET /orders", "POST /orders"}
    assert len(engine.kinds("Permission")) == 2
    assert len(engine.kinds("Integration")) == 1


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ("none", {"authorizationType": "NONE"}),
        ("iam", {"authorizationType": "AWS_IAM"}),
        ("token", {"authorizationType": "JWT", "authorizerId": "dev-http-tokens-id"}),
    ],
)
def test_who_may_call(deploy, engine, a_function, auth, expected):
    deploy({"orders": a_function(http=[public(auth=auth)])}, tokens=TOKENS)
    route = only(engine.kinds("Route")).inputs
    assert {k: v for k, v in route.items() if k.startswith("authoriz")} == expected


@pytest.mark.parametrize(
    ("event", "pattern"),
    [
        (BusEvent(type="com.x.paid"), {"detail-type": ["com.x.paid"]}),
        (BusEvent(type="com.x.paid", source="/shop"), {"detail-type": ["com.x.paid"], "source": ["/shop"]}),
        (
            BusEvent(type="com.x.paid", attributes={"subject": "vip"}),
            {"detail-type": ["com.x.paid"], "detail": {"_attributes": {"subject": ["vip"]}}},
        ),
    ],
)
def test_a_subscription(deploy, engine, a_function, event, pattern):
    deploy({"orders": a_function(signature="cloudevent", events=[event])})
    rule = only(engine.kinds("EventRule")).inputs
    assert json.loads(rule["eventPattern"]) == pattern
    assert rule["eventBusName"] == "slipway-dev"
    target = only(engine.kinds("EventTarget"))
    assert target.inputs["arn"] == ALIAS
    assert target.inputs["rule"] == rule["name"]
    assert target.inputs["deadLetterConfig"] == {"arn": DLQ}
    assert target.inputs["retryPolicy"] == {"maximumEventAgeInSeconds": 86400, "maximumRetryAttempts": 185}
    permission = only(engine.kinds("Permission")).inputs
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["sourceArn"] == f"arn:aws:events:eu-central-1:123456789012:rule/slipway-dev/{rule['name']}"


def test_undelivered_events_may_be_left_in_the_queue_by_own_rules_alone(deploy, engine, a_function):
    deploy({"orders": a_function(signature="cloudevent", events=[BusEvent(type="com.x")])})
    tls, events = json.loads(engine.named("orders-failures").inputs["policy"])["Statement"]
    assert tls["Sid"] == "OnlyTls"
    assert events["Principal"] == {"Service": "events.amazonaws.com"}
    rule = only(engine.kinds("EventRule")).inputs["name"]
    assert events["Condition"] == {
        "ArnEquals": {"aws:SourceArn": [f"arn:aws:events:eu-central-1:123456789012:rule/slipway-dev/{rule}"]}
    }


def test_a_long_function_name_still_names_its_own_rules(deploy, engine, a_function):
    name = "a" + "-very-long-name" * 5
    deploy({name: a_function(signature="cloudevent", events=[BusEvent(type="com.x"), BusEvent(type="com.y")])})
    _, events = json.loads(engine.named(f"{name}-failures").inputs["policy"])["Statement"]
    allowed = {arn.rsplit("/", 1)[1] for arn in events["Condition"]["ArnEquals"]["aws:SourceArn"]}
    rules = {rule.inputs["name"] for rule in engine.kinds("EventRule")}
    assert allowed == rules
    assert len(rules) == 2
    assert all(len(rule) <= 64 for rule in rules)


def test_schedules_share_a_role_that_may_call_this_function_and_nothing_else(deploy, engine, a_function):
    schedules = [
        ScheduleEvent(expression="rate(5 minutes)", data={"full": True}),
        ScheduleEvent(expression="cron(0 6 * * ? *)", timezone="Europe/Berlin"),
    ]
    deploy({"orders": a_function(signature="cloudevent", schedules=schedules)})
    assert len(engine.kinds("Schedule")) == 2
    role = engine.named("orders-scheduler-role").inputs
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {
        "aws:SourceAccount": "123456789012",
        "aws:SourceArn": "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/slipway-dev",
    }
    assert role["permissionsBoundary"]
    invoke, undelivered, key = json.loads(engine.named("orders-scheduler-role-policy").inputs["policy"])["Statement"]
    assert (invoke["Action"], invoke["Resource"]) == (["lambda:InvokeFunction"], [ALIAS])
    assert (undelivered["Action"], undelivered["Resource"]) == (["sqs:SendMessage"], [DLQ])
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": "sqs.eu-central-1.amazonaws.com"}}


def test_a_schedule(deploy, engine, a_function):
    event = ScheduleEvent(expression="cron(0 6 * * ? *)", timezone="Europe/Berlin", data={"full": True})
    deploy({"orders": a_function(signature="cloudevent", schedules=[event])})
    schedule = only(engine.kinds("Schedule")).inputs
    assert schedule["scheduleExpression"] == "cron(0 6 * * ? *)"
    assert schedule["scheduleExpressionTimezone"] == "Europe/Berlin"
    assert schedule["flexibleTimeWindow"] == {"mode": "OFF"}
    assert schedule["groupName"] == "slipway-dev"
    target = schedule["target"]
    assert (target["arn"], target["deadLetterConfig"]) == (ALIAS, {"arn": DLQ})
    assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 3600, "maximumRetryAttempts": 10}
    assert json.loads(target["input"]) == {
        "slipway": "schedule",
        "id": "<aws.scheduler.execution-id>",
        "time": "<aws.scheduler.scheduled-time>",
        "schedule": schedule["name"],
        "data": {"full": True},
    }


def test_a_queue_calls_the_live_version_and_may_fail_in_part(deploy, engine, a_function, catalogue):
    args = a_function(signature="cloudevent", queues=[QueueEvent(queue="orders", batch=50, window_s=3)], max_scale=7)
    deploy({"orders": args}, catalogue=catalogue)
    mapping = engine.named("orders-queue-orders")
    assert mapping.inputs["eventSourceArn"] == "arn:aws:sqs:eu-central-1:123456789012:slipway-dev-orders"
    assert mapping.inputs["functionName"] == ALIAS
    assert mapping.inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping.inputs["batchSize"], mapping.inputs["maximumBatchingWindowInSeconds"]) == (50, 3)
    assert mapping.inputs["scalingConfig"] == {"maximumConcurrency": 7}
    assert {"orders-alias", "dev-queue-orders"} <= mapping.depends_on
    text = engine.named("orders-role-policy").inputs["policy"]
    assert "sqs:ReceiveMessage" in text
    assert "sqs:DeleteMessage" in text


@pytest.mark.parametrize(("most", "bound"), [(2, 2), (1000, 1000), (1001, 1000), (10_000, 1000)])
def test_pollers_are_bounded_as_far_as_lambda_knows_a_bound(deploy, engine, a_function, catalogue, *, most, bound):
    args = a_function(signature="cloudevent", queues=[QueueEvent(queue="legacy")], max_scale=most)
    deploy({"orders": args}, catalogue=catalogue)
    assert engine.named("orders-queue-legacy").inputs["scalingConfig"] == {"maximumConcurrency": bound}


@pytest.mark.parametrize(("most", "bound"), [(9, 4), (3, 2), (2, 2), (4000, 1000)])
def test_queues_of_a_function_share_its_instances(deploy, engine, a_function, catalogue, *, most, bound):
    queues = [QueueEvent(queue="legacy"), QueueEvent(queue="orders")]
    deploy({"orders": a_function(signature="cloudevent", queues=queues, max_scale=most)}, catalogue=catalogue)
    bounds = [made.inputs["scalingConfig"]["maximumConcurrency"] for made in engine.kinds("EventSourceMapping")]
    assert bounds == [bound, bound]


@pytest.mark.parametrize("max_scale", [None, 1])
def test_pollers_are_unbounded_where_lambda_knows_no_such_bound(deploy, engine, a_function, catalogue, max_scale):
    args = a_function(signature="cloudevent", queues=[QueueEvent(queue="legacy")], max_scale=max_scale)
    deploy({"orders": args}, catalogue=catalogue)
    mapping = engine.named("orders-queue-legacy").inputs
    assert "scalingConfig" not in mapping
    assert "maximumBatchingWindowInSeconds" not in mapping


def test_the_order_of_events_names_nothing(deploy, engine, a_function):
    events = [BusEvent(type="com.a"), BusEvent(type="com.b", source="/s")]
    schedules = [ScheduleEvent(expression="rate(1 hour)"), ScheduleEvent(expression="rate(2 hours)")]
    deploy({"orders": a_function(signature="cloudevent", events=events, schedules=schedules)})
    before = engine.children("orders")
    deploy({"orders": a_function(signature="cloudevent", events=events[::-1], schedules=schedules[::-1])})
    assert engine.children("orders") == before


def test_parts_are_readable_and_tell_siblings_apart():
    assert part_of("route", "GET /orders/{id}", "GET /orders/{id}").startswith("route-get-orders-id-")
    assert part_of("route", "GET /orders/{id}", "a") != part_of("route", "GET /orders/id", "b")
    assert part_of("on", "", 1) == part_of("on", "", 1)
    assert "--" not in part_of("rule", "com.example.a-very-long-type.of-event", 1)
