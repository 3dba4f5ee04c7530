"""Destinations other than a bucket, and mistakes."""

import json

import pytest

from components.environment_args import AwsArgs, CatalogueEntry
from components.errors import InputError
from tests.unit.components.aws_lambda.sinks.test_sink import (
    ACCOUNT,
    BUCKET,
    KEY,
    REGION,
    STREAM,
    WITH_BUCKET,
    statements,
)

DOMAIN = f"arn:aws:es:{REGION}:{ACCOUNT}:domain/functions"
ELSEWHERE = f"arn:aws:logs:{REGION}:444455556666:destination:central"


def test_a_destination_of_another_account_takes_filters_alone(made, engine, a_sink):
    environment, _ = made(a_sink(kind="destination", create=False, arn=ELSEWHERE), shipper=None)
    assert engine.children("central-lambda") == set()
    found = engine.named("orders-sink-central").inputs
    assert found["destinationArn"] == ELSEWHERE
    assert "roleArn" not in found
    assert environment.log_sinks["lambda", "central"].bucket is None


def test_an_http_receiver_gets_lines_and_what_it_refuses_lies_in_the_bucket(made, engine, a_sink):
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:receiver-Ab12Cd"
    catalogue = [CatalogueEntry(kind="secret", name="receiver", arn=secret, kms_key=f"{KEY}-2")]
    sink = a_sink(kind="http", create=False, address="https://otel.example.com/firehose", secret="receiver")
    made(sink, catalogue=catalogue)
    assert engine.children("central-lambda") == WITH_BUCKET
    stream = engine.named("central-lambda-stream").inputs
    found = stream["httpEndpointConfiguration"]
    assert (stream["destination"], found["url"]) == ("http_endpoint", "https://otel.example.com/firehose")
    assert found["s3BackupMode"] == "FailedDataOnly"
    assert found["s3Configuration"]["bucketArn"] == f"arn:aws:s3:::{BUCKET}"
    assert found["s3Configuration"]["errorOutputPrefix"].startswith("errors/")
    assert found["secretsManagerConfiguration"]["secretArn"] == secret
    assert "accessKey" not in found
    policy = statements(engine.named("central-lambda-stream-role-policy").inputs["policy"])
    assert policy["AccessKey"]["Resource"] == [secret]
    boundary = statements(engine.named("dev-boundary").inputs["policy"])
    assert boundary["SinkSecrets"]["Resource"] == [secret]
    assert f"{KEY}-2" in engine.named("central-lambda-stream-role-policy").inputs["policy"]
    told = json.loads(engine.named("central-lambda-shipper").inputs["environment"]["variables"]["SLIPWAY_SINK"])
    assert told["form"] == "lines"
    assert "partition" not in told


def test_opensearch_gets_documents_one_by_one(made, engine, a_sink):
    made(a_sink(kind="opensearch", create=False, arn=DOMAIN, index="functions"))
    found = engine.named("central-lambda-stream").inputs["opensearchConfiguration"]
    assert (found["domainArn"], found["indexName"], found["s3BackupMode"]) == (
        DOMAIN,
        "functions",
        "FailedDocumentsOnly",
    )
    told = json.loads(engine.named("central-lambda-shipper").inputs["environment"]["variables"]["SLIPWAY_SINK"])
    assert (told["form"], told["stream"]) == ("documents", "slipway-dev-sink-central")
    ship = statements(engine.named("central-lambda-shipper-role-policy").inputs["policy"])
    assert ship["Documents"]["Resource"] == [STREAM]
    deliver = statements(engine.named("central-lambda-stream-role-policy").inputs["policy"])
    assert deliver["Domain"]["Resource"] == [DOMAIN, f"{DOMAIN}/*"]
    assert statements(engine.named("dev-boundary").inputs["policy"])["SinkDomains"]["Resource"] == [
        DOMAIN,
        f"{DOMAIN}/*",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"create": False}, "s3 needs either create or a bucket"),
        ({"bucket": "acme"}, "s3 needs either create or a bucket"),
        ({"kind": "loki"}, "kind 'loki' cannot be reached from Lambda"),
        ({"kind": "opensearch", "arn": "x", "index": "i"}, "arn must be that of an OpenSearch domain, found 'x'"),
        ({"kind": "opensearch", "arn": DOMAIN}, "opensearch needs index"),
        ({"kind": "destination", "arn": None}, "arn must be that of a CloudWatch Logs destination"),
        ({"kind": "http", "address": "http://x"}, "http needs an address with https"),
        ({"kind": "http", "address": "https://x", "secret": "y"}, "secret 'y' is not in the catalogue"),
        ({"kind": "http", "address": "https://x", "secret_field": "z"}, "secret_field must be api_key"),
        ({"partition": ("hour",)}, "partition has 'hour'"),
        ({"buffer_age_s": 901}, "buffer_age_s must be 0-900, found 901"),
        ({"lock_days": 31}, "lock_days must be 1-30 (retention_days) with create, found 31"),
        ({"create": False, "bucket": "b", "lock_days": 3}, "lock_days must be 1-30 (retention_days) with create"),
        ({"retention_days": 0}, "retention_days must be 1-36500, found 0"),
    ],
)
def test_mistakes_are_told_before_anything_is_made(made, a_sink, changes, said):
    with pytest.raises(InputError) as refused:
        made(a_sink(**changes))
    assert "LogSink 'central-lambda': " in str(refused.value)
    assert said in str(refused.value)


def test_without_a_shipper_there_is_no_sink(made):
    with pytest.raises(InputError, match="its environment has no shipper"):
        made(shipper=None)


def test_a_function_names_sinks_of_its_environment(deploy, a_function, a_sink, a_shipper):
    with pytest.raises(InputError, match="log sink 'centrall' is not one of its environment's on Lambda"):
        deploy(
            {"orders": a_function(sinks=["centrall"]), "other": a_function(sinks=["central"])},
            sinks=[a_sink()],
            shipper=a_shipper(),
        )


def test_a_sink_of_an_environment_without_lambda_is_refused(to_knative, a_knative_function, a_sink):
    from components.log_sink.component import LogSink

    environment, _ = to_knative({"shop": a_knative_function()})
    with pytest.raises(InputError, match="its environment is not made for the target lambda"):
        LogSink("central", a_sink(), environment, "lambda")


def test_an_embedded_aws_takes_a_receiver_without_tls(made, a_sink, engine):
    aws = AwsArgs(account=ACCOUNT, region=REGION, endpoint="http://127.0.0.1:4610", access_key="a", secret_key="b")
    made(a_sink(kind="http", create=False, address="http://127.0.0.1:9/"), aws=aws)
    assert not engine.kinds("BucketPolicy")
