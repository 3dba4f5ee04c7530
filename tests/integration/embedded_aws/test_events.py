import json

import pytest
import requests

FORWARD = """
    import json, os, boto3
    def handle(event, context):
        boto3.client("sqs").send_message(QueueUrl=os.environ["OUT"], MessageBody=json.dumps(event))
        if "Records" in event:
            bad = [r["messageId"] for r in event["Records"] if r["body"] == "bad"]
            return {"batchItemFailures": [{"itemIdentifier": b} for b in bad]}
"""


@pytest.fixture(scope="module")
def forward(aws):
    """(URL of the queue that it forwards to, ARN of the function's alias)."""
    out, _ = aws.queue()
    name = aws.deploy(FORWARD, alias="live", Environment={"Variables": {"OUT": out}})
    aws.invoke(f"{name}:live")
    aws.receive(out)
    return out, aws.arn(f"{name}:live")


def map_queue(aws, function, queue_arn, **options):
    made = aws.client("lambda").create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=queue_arn,
        **{"FunctionResponseTypes": ["ReportBatchItemFailures"], **options},
    )
    return made["UUID"]


def test_messages_reach_the_function_and_leave_the_queue(aws, forward):
    out, function = forward
    url, arn = aws.queue()
    uuid = map_queue(aws, function, arn)
    aws.client("sqs").send_message(
        QueueUrl=url, MessageBody="good", MessageAttributes={"kind": {"DataType": "String", "StringValue": "x"}}
    )
    record = json.loads(aws.receive(out)[0]["Body"])["Records"][0]
    aws.client("lambda").delete_event_source_mapping(UUID=uuid)
    assert record["body"] == "good"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == arn
    assert record["messageAttributes"]["kind"]["stringValue"] == "x"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert aws.receive(url, timeout_s=1) == []


def test_a_window_gathers_a_batch(aws, forward):
    out, function = forward
    url, arn = aws.queue(VisibilityTimeout="60")
    uuid = map_queue(aws, function, arn, BatchSize=3, MaximumBatchingWindowInSeconds=30)
    for body in "abc":
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    event = json.loads(aws.receive(out)[0]["Body"])
    aws.client("lambda").delete_event_source_mapping(UUID=uuid)
    assert sorted(record["body"] for record in event["Records"]) == ["a", "b", "c"]


def test_only_failed_messages_come_again_and_end_in_the_dead_letter_queue(aws, forward):
    out, function = forward
    dead, dead_arn = aws.queue()
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = aws.queue(VisibilityTimeout="2", RedrivePolicy=redrive)
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="bad")
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="good")
    uuid = map_queue(aws, function, arn, BatchSize=10)
    assert [message["Body"] for message in aws.receive(dead)] == ["bad"]
    aws.client("lambda").delete_event_source_mapping(UUID=uuid)
    seen = [record["body"] for m in aws.receive(out, 2, 5) for record in json.loads(m["Body"])["Records"]]
    assert seen.count("bad") == 2
    assert seen.count("good") == 1


def test_filtered_messages_never_reach_the_function(aws, forward):
    out, function = forward
    url, arn = aws.queue()
    pattern = json.dumps({"body": {"kind": ["order"]}})
    uuid = map_queue(aws, function, arn, BatchSize=1, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    for kind in ("invoice", "order"):
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"kind": kind}))
    record = json.loads(aws.receive(out)[0]["Body"])["Records"][0]
    aws.client("lambda").delete_event_source_mapping(UUID=uuid)
    assert json.loads(record["body"]) == {"kind": "order"}
    assert aws.receive(url, timeout_s=1) == []


def test_disabled_mappings_leave_messages_alone(aws, forward):
    _, function = forward
    url, arn = aws.queue()
    map_queue(aws, function, arn, Enabled=False)
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="mine")
    assert [message["Body"] for message in aws.receive(url)] == ["mine"]


def test_rules_call_functions_once_for_each_event_that_matches(aws, forward):
    out, function = forward
    events = aws.client("events")
    events.create_event_bus(Name="shop")
    events.put_rule(Name="paid", EventBusName="shop", EventPattern=json.dumps({"detail-type": ["order.paid"]}))
    events.put_targets(Rule="paid", EventBusName="shop", Targets=[{"Id": "function", "Arn": function}])
    entries = [
        {"EventBusName": "shop", "Source": "s", "DetailType": kind, "Detail": json.dumps({"n": n})}
        for kind, n in (("order.lost", 1), ("order.paid", 2))
    ]
    assert events.put_events(Entries=entries)["FailedEntryCount"] == 0
    found = [json.loads(message["Body"]) for message in aws.receive(out, 2, 2)]
    assert [event["detail"] for event in found] == [{"n": 2}]
    assert found[0]["time"].endswith("Z")
    assert set(found[0]) == {
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    }
    events.disable_rule(Name="paid", EventBusName="shop")
    events.put_events(Entries=entries)
    assert aws.receive(out, timeout_s=1) == []


def test_what_a_rule_cannot_deliver_goes_to_its_dead_letter_queue(aws):
    dead, dead_arn = aws.queue()
    events = aws.client("events")
    events.put_rule(Name="lost", EventPattern=json.dumps({"source": ["lost"]}))
    target = {"Id": "f", "Arn": aws.arn("nobody"), "DeadLetterConfig": {"Arn": dead_arn}}
    events.put_targets(Rule="lost", Targets=[target])
    events.put_events(Entries=[{"Source": "lost", "DetailType": "t", "Detail": "{}"}])
    message = aws.receive(dead)[0]
    assert json.loads(message["Body"])["source"] == "lost"
    assert message["MessageAttributes"]["TARGET_ARN"]["StringValue"] == aws.arn("nobody")


def test_schedules_send_their_input_with_time_and_id(aws, forward):
    out, function = forward
    text = json.dumps({"id": "<aws.scheduler.execution-id>", "time": "<aws.scheduler.scheduled-time>"})
    aws.client("scheduler").create_schedule(
        Name="nightly",
        ScheduleExpression="at(2094-03-01T06:00:00)",
        ScheduleExpressionTimezone="Europe/Berlin",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": function, "RoleArn": aws.role, "Input": text},
    )
    control = f"{aws.config.api_url}/_slipway/schedules"
    early = requests.post(control, json={"until": "2094-03-01T04:59:59Z"}, timeout=30)
    assert early.json() == {"fired": []}
    fired = requests.post(control, json={"until": "2094-03-01T05:00:00Z"}, timeout=30).json()["fired"]
    aws.client("scheduler").delete_schedule(Name="nightly")
    assert [arn.rpartition("/")[2] for arn in fired] == ["nightly"]
    event = json.loads(aws.receive(out)[0]["Body"])
    assert event["time"] == "2094-03-01T05:00:00Z"
    assert len(event["id"]) == 36


def test_topics_call_functions(aws, forward):
    out, function = forward
    sns = aws.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    sns.publish(TopicArn=topic, Message="hello")
    assert json.loads(aws.receive(out)[0]["Body"])["Records"][0]["Sns"]["Message"] == "hello"
