import io

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from toolchain.embedded_aws.faults import Fault
from toolchain.embedded_aws.keeper import Keeper
from toolchain.embedded_aws.operations import FORM, operation_of


def request(path="/", method="POST", **options):
    return Request(EnvironBuilder(path=path, method=method, **options).get_environ())


@pytest.mark.parametrize(
    ("asked", "operation"),
    [
        (request(headers={"X-Amz-Target": "AmazonSQS.ListQueues"}), "ListQueues"),
        (request("/service/GraniteServiceVersion20100801/operation/DescribeAlarms"), "DescribeAlarms"),
        (request(data=b"Version=2010-05-08&Action=GetRole&RoleName=r", content_type=FORM), "GetRole"),
        (request("/2015-03-31/functions"), ""),
    ],
)
def test_the_operation_where_the_protocol_names_it(asked, operation):
    assert operation_of(asked) == operation


def test_a_form_can_be_read_again():
    asked = request(data=b"Action=GetRole", content_type=FORM)
    operation_of(asked)
    assert asked.environ["wsgi.input"].read() == b"Action=GetRole"
    assert isinstance(asked.environ["wsgi.input"], io.BytesIO)


@pytest.mark.parametrize(
    ("asked", "changes"),
    [
        (request(method="GET"), False),
        (request(headers={"X-Amz-Target": "AmazonSQS.ReceiveMessage"}), False),
        (request(data=b"Action=GetCallerIdentity", content_type=FORM), False),
        (request(data=b"Action=CreateRole", content_type=FORM), True),
        (request(headers={"X-Amz-Target": "AWSEvents.PutRule"}), True),
        (request("/2015-03-31/functions"), True),
        (request("/bucket/key", method="PUT"), True),
    ],
)
def test_the_mark_is_set_while_a_change_runs_and_not_by_reads(tmp_path, asked, changes):
    with Keeper(tmp_path).change(asked):
        assert (tmp_path / "aws.changed").exists() is changes


def test_on_a_full_disk_what_was_saved_is_removed_instead(tmp_path, monkeypatch):
    saved = tmp_path / "aws.state"
    saved.write_bytes(b"older")
    monkeypatch.setattr(
        type(saved), "touch", lambda self: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with Keeper(tmp_path).change(request()):
        assert not saved.exists()


@pytest.mark.parametrize(
    ("fault", "service", "operation", "line", "meets"),
    [
        (Fault(), "sqs", "ListQueues", "POST /", True),
        (Fault(service="sqs"), "iam", "ListRoles", "POST /", False),
        (Fault(service="sqs", operation="ListQueues"), "sqs", "ListQueues", "POST /", True),
        (Fault(service="sqs", operation="ListQueues"), "sqs", "SendMessage", "POST /", False),
        (
            Fault(service="lambda", operation="POST /2015-03-31/functions$"),
            "lambda",
            "",
            "POST /2015-03-31/functions",
            True,
        ),
        (
            Fault(service="lambda", operation="POST /2015-03-31/functions$"),
            "lambda",
            "",
            "GET /2015-03-31/functions",
            False,
        ),
    ],
)
def test_which_requests_meet_a_fault(fault, service, operation, line, meets):
    assert fault.matches(service, operation, line) is meets
