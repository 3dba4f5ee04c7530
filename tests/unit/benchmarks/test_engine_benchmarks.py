from types import SimpleNamespace

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from benchmarks import b1_preview_cpu, stacks
from benchmarks.echo_provider import serving
from benchmarks.harness import CommandError


def struct(**values):
    made = struct_pb2.Struct()
    made.update(values)
    return made


@pytest.fixture
def provider():
    with serving() as served, grpc.insecure_channel(f"127.0.0.1:{served.port}") as channel:
        yield served, provider_pb2_grpc.ResourceProviderStub(channel)


def test_a_resource_comes_back_as_it_was_given_and_is_counted(provider):
    served, stub = provider
    news = struct(name="orders", size=3)
    assert stub.Check(provider_pb2.CheckRequest(type="aws:sqs/queue:Queue", news=news)).inputs == news
    assert served.checked == {"aws:sqs/queue:Queue": 1}
    preview = stub.Create(provider_pb2.CreateRequest(properties=news, name="orders", preview=True))
    assert preview.properties == news
    served.forget()
    assert not served.checked


def test_outside_of_previews_a_service_computes(provider):
    _, stub = provider
    made = stub.Create(provider_pb2.CreateRequest(properties=struct(arn="mine"), name="orders"))
    found = json_format.MessageToDict(made.properties)
    assert made.id == "orders"
    assert found["arn"] == "mine"
    assert found["version"] == "version-of-orders"


@pytest.mark.parametrize(("old", "changed"), [({"a": 1}, 1), ({"a": 2}, 2)])
def test_a_difference_is_a_difference_of_inputs(provider, old, changed):
    _, stub = provider
    answer = stub.Diff(provider_pb2.DiffRequest(old_inputs=struct(**old), news=struct(a=1)))
    assert answer.changes == changed


def test_programs_with_different_resources_are_not_compared(monkeypatch, provider):
    served, _ = provider
    monkeypatch.setattr(b1_preview_cpu, "preview", lambda stack: lambda: served.checked.update(stack.makes))
    same = SimpleNamespace(makes=["a", "b"])
    b1_preview_cpu._same_resources(served, same, same)
    with pytest.raises(CommandError, match=r"differ in their resources: ours \{'a': 1, 'b': 1\}, by hand \{'a': 1\}"):
        b1_preview_cpu._same_resources(served, same, SimpleNamespace(makes=["a"]))
    with pytest.raises(CommandError, match="differ"):
        b1_preview_cpu._same_resources(served, SimpleNamespace(makes=[]), SimpleNamespace(makes=[]))


def test_a_missing_engine_is_named_with_what_to_type(monkeypatch, tmp_path):
    monkeypatch.setattr(stacks, "ROOT", tmp_path)
    with pytest.raises(CommandError, match=r"\.venv/bin/pulumi is missing; run `make setup`"):
        stacks.engine_path()


def test_a_thousand_resources_are_about_as_many_functions():
    functions = stacks.functions_for(1000)
    made = functions * stacks.RESOURCES_OF_A_FUNCTION + stacks.RESOURCES_OF_AN_ENVIRONMENT
    assert 988 <= made <= 1000
