import threading

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.stub import ANY, Stubber
from moto import mock_aws

from slipway.artifacts.publish import Publisher
from slipway.artifacts.store import file_sha256
from slipway.core.errors import EngineError

KEY = "packages/orders/d1.zip"


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "p.zip"
    path.write_bytes(b"package")
    return path


@pytest.fixture
def s3(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    with mock_aws():
        client = boto3.client("s3", region_name="eu-central-1")
        client.create_bucket(Bucket="packages", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield client


def test_what_is_missing_is_uploaded_with_checksum_and_metadata(s3, package):
    publisher = Publisher("packages", lambda: s3)
    assert publisher.ensure("d1", KEY, lambda: package, function="orders", commit="c1")
    there = s3.get_object(Bucket="packages", Key=KEY, ChecksumMode="ENABLED")
    assert there["Body"].read() == b"package"
    assert there["Metadata"] == {"commit": "c1", "digest": "d1", "function": "orders"}
    assert there["ContentType"] == "application/zip"
    attributes = s3.head_object(Bucket="packages", Key=KEY, ChecksumMode="ENABLED")
    assert bytes.fromhex(file_sha256(package)) == __import__("base64").b64decode(attributes["ChecksumSHA256"])


def test_what_is_there_is_neither_built_nor_uploaded(s3, package):
    s3.put_object(Bucket="packages", Key=KEY, Body=b"earlier")
    publisher = Publisher("packages", lambda: s3)
    assert not publisher.ensure("d1", KEY, lambda: pytest.fail("was built"), function="orders")
    assert s3.get_object(Bucket="packages", Key=KEY)["Body"].read() == b"earlier"


def test_the_bucket_is_listed_once_page_by_page(package):
    client = boto3.client("s3", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
    keys = [f"packages/f{number}/d.zip" for number in range(4)]
    with Stubber(client) as stub:
        first = {"Contents": [{"Key": key} for key in keys[:2]], "IsTruncated": True, "NextContinuationToken": "t"}
        stub.add_response("list_objects_v2", first, {"Bucket": "packages", "Prefix": "packages/"})
        second = {"Contents": [{"Key": key} for key in keys[2:]], "IsTruncated": False}
        stub.add_response(
            "list_objects_v2", second, {"Bucket": "packages", "Prefix": "packages/", "ContinuationToken": "t"}
        )
        publisher = Publisher("packages", lambda: client)
        assert [publisher.ensure("d", key, lambda: package) for key in keys] == [False] * 4
        stub.assert_no_pending_responses()


def test_a_second_ask_uploads_nothing(s3, package):
    publisher = Publisher("packages", lambda: s3)
    assert [publisher.ensure("d1", KEY, lambda: package) for _ in range(2)] == [True, False]


def test_somebody_elses_upload_meanwhile_is_kept(s3, package):
    publisher = Publisher("packages", lambda: s3)

    def build():
        s3.put_object(Bucket="packages", Key=KEY, Body=b"theirs")
        return package

    publisher.ensure("d1", KEY, build, function="orders")
    assert s3.get_object(Bucket="packages", Key=KEY)["Body"].read() == b"theirs"


def test_threads_make_one_client_and_one_list(s3, package):
    made = []

    def factory():
        made.append(1)
        return s3

    publisher = Publisher("packages", factory)
    results = []
    threads = [
        threading.Thread(
            target=lambda number=number: results.append(publisher.ensure("d", f"packages/f{number}/d.zip", lambda: package))
        )
        for number in range(16)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 16
    assert made == [1]
    assert len(s3.list_objects_v2(Bucket="packages")["Contents"]) == 16


@pytest.mark.parametrize(
    ("code", "status", "remedy"),
    [
        ("ExpiredToken", 400, "the credentials have expired; sign in again"),
        ("AccessDenied", 403, "the role needs s3:ListBucket, s3:PutObject"),
        ("PermanentRedirect", 301, "the bucket lies in another region"),
        ("NoSuchBucket", 404, "the bucket does not exist"),
        ("SlowDown", 503, "AWS asked to slow down"),
        ("TooManyRequests", 429, "AWS asked to slow down"),
        ("Odd", 500, "S3 failed on its side"),
        ("InternalError", 500, "S3 failed on its side"),
    ],
)
@pytest.mark.parametrize("operation", ["list_objects_v2", "put_object"])
def test_refusals_name_function_bucket_and_remedy(package, code, status, remedy, operation):
    client = boto3.client("s3", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stub:
        if operation == "put_object":
            stub.add_response("list_objects_v2", {}, {"Bucket": "packages", "Prefix": "packages/"})
        stub.add_client_error(
            operation,
            code,
            "said so",
            status,
            expected_params=None if operation == "put_object" else {"Bucket": "packages", "Prefix": ANY},
        )
        with pytest.raises(EngineError) as error:
            Publisher("packages", lambda: client).ensure("d1", KEY, lambda: package, function="orders")
    assert str(error.value).startswith("function 'orders': the package cannot be published to bucket packages: ")
    assert code in str(error.value)
    assert remedy in str(error.value)


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        (NoCredentialsError(), "set AWS_PROFILE or sign in"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "S3 cannot be reached"),
        (ClientError({"Error": {"Code": "New", "Message": "new"}}, "PutObject"), "New"),
    ],
)
def test_failures_before_any_answer(package, cause, remedy):
    def factory():
        raise cause

    with pytest.raises(EngineError, match=remedy):
        Publisher("packages", factory).ensure("d1", KEY, lambda: package, function="orders")


def test_a_failed_list_is_asked_again(s3, package):
    clients = iter([NoCredentialsError(), s3])

    def factory():
        found = next(clients)
        if isinstance(found, Exception):
            raise found
        return found

    publisher = Publisher("packages", factory)
    with pytest.raises(EngineError):
        publisher.ensure("d1", KEY, lambda: package)
    assert publisher.ensure("d1", KEY, lambda: package)
