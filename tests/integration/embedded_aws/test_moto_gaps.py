"""What the AWS provider would take for a change, were moto alone to answer."""

import json

REGION = "eu-central-1"


def test_tags_that_come_with_a_buckets_creation_stay(aws):
    s3 = aws.client("s3")
    configuration = {"LocationConstraint": REGION, "Tags": [{"Key": "owner", "Value": "team-a"}]}
    s3.create_bucket(Bucket="tagged-at-birth", CreateBucketConfiguration=configuration)
    assert s3.get_bucket_tagging(Bucket="tagged-at-birth")["TagSet"] == configuration["Tags"]


def test_a_redrive_policy_comes_back_as_aws_writes_it(aws):
    sqs = aws.client("sqs")
    dead = sqs.create_queue(QueueName="gaps-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5}, separators=(",", ":"))
    url = sqs.create_queue(QueueName="gaps", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["RedrivePolicy"] == policy


def test_tags_of_a_stage_and_of_its_api_change(aws):
    apis = aws.client("apigatewayv2")
    api = apis.create_api(Name="gaps", ProtocolType="HTTP", Tags={"a": "1"})["ApiId"]
    apis.create_stage(ApiId=api, StageName="$default", Tags={"a": "1", "b": "2"})
    of_api = f"arn:aws:apigateway:{REGION}::/apis/{api}"
    of_stage = f"{of_api}/stages/$default"
    for arn in (of_api, of_stage):
        apis.tag_resource(ResourceArn=arn, Tags={"c": "3"})
        apis.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert apis.get_stage(ApiId=api, StageName="$default")["Tags"] == {"b": "2", "c": "3"}
    assert apis.get_api(ApiId=api)["Tags"] == {"c": "3"}


def test_cloudwatch_answers_in_the_protocol_of_newer_sdks(aws):
    cloudwatch = aws.client("cloudwatch")
    alarm = {"AlarmName": "gaps", "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum"}
    bounds = {"Period": 60, "EvaluationPeriods": 1, "Threshold": 0.5, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(**alarm, **bounds)
    assert cloudwatch.describe_alarms(AlarmNames=["gaps"])["MetricAlarms"][0]["Threshold"] == 0.5


def test_cbor_requests_are_answered_with_cbor(aws):
    import cbor2
    import requests

    def call(operation, body):
        url = f"{aws.config.api_url}/service/GraniteServiceVersion20100801/operation/{operation}"
        headers = {
            "Content-Type": "application/cbor",
            "Smithy-Protocol": "rpc-v2-cbor",
            "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/monitoring/aws4_request, "
            "SignedHeaders=host, Signature=0",
        }
        return requests.post(url, data=body, headers=headers, timeout=30)

    alarm = {
        "AlarmName": "by-cbor",
        "Namespace": "N",
        "MetricName": "M",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 2.5,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    assert call("PutMetricAlarm", cbor2.dumps(alarm)).status_code == 200
    found = call("DescribeAlarms", cbor2.dumps({"AlarmNames": ["by-cbor"]}))
    assert found.headers["Smithy-Protocol"] == "rpc-v2-cbor"
    described = cbor2.loads(found.content)["MetricAlarms"][0]
    assert described["Threshold"] == 2.5
    assert described["AlarmConfigurationUpdatedTimestamp"].year >= 2026
    assert call("DescribeAlarms", b"\xff\xff").status_code == 400
