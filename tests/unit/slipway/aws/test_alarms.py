import dataclasses

import boto3
import moto
import pytest

from slipway.aws import alarms
from slipway.aws.clients import Aws

REGION = "eu-central-1"
NAME = "slipway-prod-orders"


@pytest.fixture
def cloudwatch(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with moto.mock_aws():
        yield boto3.client("cloudwatch", region_name=REGION)


@pytest.fixture
def aws(cloudwatch):
    return Aws(environment="prod", account="123456789012", region=REGION)


def alarm(client, name, state, *, function=NAME, dimension="FunctionName"):
    client.put_metric_alarm(
        AlarmName=name,
        MetricName="Errors",
        Namespace="AWS/Lambda",
        Dimensions=[{"Name": dimension, "Value": function}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="2 errors")


def look(aws):
    return alarms.look(aws, "orders", NAME, f"{NAME}-")


def test_alarms_that_are_on_are_named(aws, cloudwatch):
    alarm(cloudwatch, f"{NAME}-errors", "ALARM")
    alarm(cloudwatch, f"{NAME}-throttles", "OK")
    assert look(aws) == ([f"alarm {NAME}-errors is on: 2 errors"], None)


def test_alarms_of_others_and_of_the_queue_of_failures_say_nothing_about_it(aws, cloudwatch):
    alarm(cloudwatch, f"{NAME}-errors", "OK")
    alarm(cloudwatch, f"{NAME}-again-errors", "ALARM", function=f"{NAME}-again")
    alarm(cloudwatch, f"{NAME}-failures", "ALARM", function=f"{NAME}-failures", dimension="QueueName")
    assert look(aws) == ([], None)


def test_what_could_not_be_judged_is_said(aws, cloudwatch):
    assert look(aws) == ([], "the function has no alarms")
    alarm(cloudwatch, f"{NAME}-errors", "INSUFFICIENT_DATA")
    assert look(aws) == ([], f"too little data yet for {NAME}-errors")


def test_an_embedded_aws_evaluates_none_but_one_that_is_set_counts(aws, cloudwatch, monkeypatch):
    alarm(cloudwatch, f"{NAME}-errors", "ALARM")
    monkeypatch.setattr(Aws, "client", lambda *_: cloudwatch)
    on, blind = look(dataclasses.replace(aws, endpoint="http://127.0.0.1:9"))
    assert (len(on), blind) == (1, "an embedded AWS does not evaluate alarms")
