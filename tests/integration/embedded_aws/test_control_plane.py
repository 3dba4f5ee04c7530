"""What the provider reads back must be what it wrote; moto alone forgets these."""

import pytest
import requests
from botocore.exceptions import ClientError

SOURCE = "def handle(event, context):\n    return 1\n"


def test_function_keeps_what_it_was_created_with(aws):
    _, dead = aws.queue()
    logging = {
        "LogFormat": "JSON",
        "LogGroup": "/slipway/local/kept",
        "ApplicationLogLevel": "WARN",
        "SystemLogLevel": "INFO",
    }
    name = aws.deploy(
        SOURCE, LoggingConfig=logging, DeadLetterConfig={"TargetArn": dead}, SnapStart={"ApplyOn": "PublishedVersions"}
    )
    found = aws.client("lambda").get_function(FunctionName=name)["Configuration"]
    assert found["LoggingConfig"] == logging
    assert found["DeadLetterConfig"] == {"TargetArn": dead}
    assert found["SnapStart"]["ApplyOn"] == "PublishedVersions"


def test_function_keeps_what_it_was_updated_with(aws):
    name = aws.deploy(SOURCE)
    client = aws.client("lambda")
    client.update_function_configuration(
        FunctionName=name,
        TracingConfig={"Mode": "Active"},
        LoggingConfig={"LogFormat": "JSON", "LogGroup": "/slipway/local/other"},
        EphemeralStorage={"Size": 1024},
        KMSKeyArn="arn:aws:kms:eu-central-1:123456789012:key/1",
    )
    found = client.get_function_configuration(FunctionName=name)
    assert found["TracingConfig"] == {"Mode": "Active"}
    assert found["LoggingConfig"]["LogGroup"] == "/slipway/local/other"
    assert found["LoggingConfig"]["ApplicationLogLevel"] == "INFO"
    assert found["EphemeralStorage"] == {"Size": 1024}
    assert found["KMSKeyArn"].endswith("key/1")
    assert found["Timeout"] == 10


def test_a_mapping_remembers_the_alias(aws):
    _, queue = aws.queue()
    name = aws.deploy(SOURCE, alias="live")
    made = aws.client("lambda").create_event_source_mapping(FunctionName=aws.arn(f"{name}:live"), EventSourceArn=queue)
    found = aws.client("lambda").get_event_source_mapping(UUID=made["UUID"])
    assert found["FunctionArn"] == aws.arn(f"{name}:live")


def test_settings_of_asynchronous_invocations_belong_to_a_qualifier(aws):
    name = aws.deploy(SOURCE, alias="live")
    client = aws.client("lambda")
    client.put_function_event_invoke_config(FunctionName=name, Qualifier="live", MaximumRetryAttempts=1)
    client.put_function_event_invoke_config(FunctionName=name, Qualifier="live", MaximumRetryAttempts=0)
    found = client.get_function_event_invoke_config(FunctionName=name, Qualifier="live")
    assert found["MaximumRetryAttempts"] == 0
    assert found["FunctionArn"] == aws.arn(f"{name}:live")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_function_event_invoke_config(FunctionName=name)
    client.delete_function_event_invoke_config(FunctionName=name, Qualifier="live")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_function_event_invoke_config(FunctionName=name, Qualifier="live")


def test_provisioned_concurrency_is_kept_for_a_qualifier(aws):
    name = aws.deploy(SOURCE, alias="live")
    client = aws.client("lambda")
    where = {"FunctionName": name, "Qualifier": "live"}
    client.put_provisioned_concurrency_config(**where, ProvisionedConcurrentExecutions=2)
    found = client.get_provisioned_concurrency_config(**where)
    assert (found["Status"], found["RequestedProvisionedConcurrentExecutions"]) == ("READY", 2)
    client.delete_provisioned_concurrency_config(**where)
    with pytest.raises(ClientError) as missing:
        client.get_provisioned_concurrency_config(**where)
    assert missing.value.response["Error"]["Code"] == "ProvisionedConcurrencyConfigNotFoundException"


def test_a_deleted_function_takes_its_settings_along(aws):
    name = aws.deploy(SOURCE, alias="live")
    client = aws.client("lambda")
    client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")
    client.put_function_event_invoke_config(FunctionName=name, Qualifier="live", MaximumRetryAttempts=1)
    client.delete_function(FunctionName=name)
    aws.deploy(SOURCE, alias="live", name=name)
    for call in (client.get_function_url_config, client.get_function_event_invoke_config):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            call(FunctionName=name, Qualifier="live")


@pytest.fixture
def faults(aws):
    address = f"{aws.config.api_url}/_slipway/faults"
    yield lambda **fault: requests.post(address, json=fault, timeout=10)
    requests.delete(address, timeout=10)


@pytest.mark.parametrize(
    ("service", "call", "operation"),
    [
        ("sqs", "list_queues", "ListQueues"),
        ("iam", "list_roles", "ListRoles"),
        ("s3", "list_buckets", "GET /"),
        ("lambda", "list_functions", "GET /2015-03-31/functions"),
    ],
)
def test_faults_meet_as_many_requests_as_asked(aws, faults, service, call, operation):
    made = faults(
        service=service, operation=operation, status=400, count=1, code="ExpiredTokenException", message="expired"
    )
    assert made.status_code == 201
    with pytest.raises(ClientError) as met:
        getattr(aws.client(service), call)()
    assert met.value.response["Error"]["Code"] == "ExpiredTokenException"
    assert met.value.response["Error"]["Message"] == "expired"
    getattr(aws.client(service), call)()


def test_throttling_is_survived_by_a_client_that_tries_again(aws, faults):
    faults(service="sqs", status=429, code="ThrottlingException", count=2)
    assert "ResponseMetadata" in aws.client("sqs", retries=3).list_queues()


@pytest.mark.parametrize(
    "fault", [{"status": 200}, {"count": -1}, {"colour": "red"}, {"operation": "("}, {"status": "500"}]
)
def test_what_is_no_fault_is_refused(faults, fault):
    answer = faults(**fault)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_requests_of_web_pages_are_refused(aws):
    answer = requests.post(
        f"{aws.config.api_url}/moto-api/reset", headers={"Origin": "https://evil.example"}, timeout=10
    )
    assert answer.status_code == 403


def test_a_change_of_code_or_settings_is_a_later_change(aws):
    name = aws.deploy(SOURCE)
    client = aws.client("lambda")
    times = [client.get_function_configuration(FunctionName=name)["LastModified"]]
    client.update_function_configuration(FunctionName=name, Timeout=9)
    times.append(client.get_function_configuration(FunctionName=name)["LastModified"])
    client.update_function_code(FunctionName=name, ZipFile=aws.package(main="def handle(event, context): return 2"))
    times.append(client.get_function_configuration(FunctionName=name)["LastModified"])
    assert times == sorted(set(times))
