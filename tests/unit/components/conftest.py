"""The engine of unit tests: keeps what components register, and answers as AWS would."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, rpc, settings, stack
from pulumi.runtime.sync_await import _sync_await

ACCOUNT = "123456789012"
REGION = "eu-central-1"


@dataclasses.dataclass(frozen=True)
class Registered:
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    aliases: tuple[str, ...]
    protect: bool
    provider: str
    depends_on: tuple[str, ...]


class Recorder(mocks.MockMonitor):
    """Keeps every registration as the SDK sent it, with what mocks alone do not show: parent, aliases, outputs."""

    def __init__(self, answers: mocks.Mocks) -> None:
        super().__init__(answers)
        self.registered: list[Registered] = []
        self.outputs: dict[str, dict[str, Any]] = {}
        self.requests: list[Any] = []

    def RegisterResource(self, request):
        self.requests.append(request)
        if request.type != "pulumi:pulumi:Stack":
            self.registered.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    parent=request.parent,
                    inputs=rpc.deserialize_properties(request.object),
                    aliases=tuple(alias.urn or alias.spec.name for alias in request.aliases),
                    protect=request.protect,
                    provider=request.provider,
                    depends_on=tuple(request.dependencies),
                )
            )
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request):
        self.outputs[request.urn] = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
        return super().RegisterResourceOutputs(request)


class Aws(mocks.Mocks):
    """Answers with the inputs and the outputs that AWS would compute."""

    def new_resource(self, args):
        inputs = dict(args.inputs)
        name = inputs.get("name") or inputs.get("bucket") or args.name
        computed = {
            "aws:kms/key:Key": {"arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{args.name}", "keyId": args.name},
            "aws:iam/role:Role": {"arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"},
            "aws:iam/policy:Policy": {"arn": f"arn:aws:iam::{ACCOUNT}:policy/{name}"},
            "aws:sqs/queue:Queue": {"arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", "url": f"https://sqs/{name}"},
            "aws:lambda/function:Function": {
                "arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
                "version": "1",
            },
            "aws:lambda/functionUrl:FunctionUrl": {"functionUrl": f"https://{args.name}.lambda-url.aws/"},
            "aws:lambda/codeSigningConfig:CodeSigningConfig": {"arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:csc:csc-1"},
            "aws:apigatewayv2/api:Api": {
                "apiEndpoint": "https://api1.execute-api.eu-central-1.amazonaws.com",
                "executionArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:api1",
            },
        }.get(args.typ, {})
        return f"{args.name}-id", inputs | computed

    def call(self, args):
        raise AssertionError(f"components look nothing up, but {args.token} was called")


class Engine:
    """Runs a program against the mocks and tells what it registered."""

    def __init__(self) -> None:
        self.monitor = Recorder(Aws())

    def run(self, program: Callable[[], Any], *, preview: bool = False) -> Any:
        """Run the program to its end, with everything that it started; returns its result, outputs resolved."""
        pulumi.runtime.set_mocks(Aws(), project="slipway", stack="dev", preview=preview, monitor=self.monitor)
        settings.SETTINGS.rpc_manager.clear()
        settings.SETTINGS.outputs.clear()
        results: list[Any] = []
        _sync_await(stack.run_pulumi_func(lambda: results.append(program())))
        return _sync_await(pulumi.Output.from_input(results[0]).future()) if results[0] is not None else None

    @property
    def registered(self) -> list[Registered]:
        return self.monitor.registered

    def one(self, type_: str, name: str | None = None) -> Registered:
        found = [r for r in self.registered if r.type == type_ and (name is None or r.name == name)]
        assert len(found) == 1, f"{len(found)} of {type_} {name}: {[(r.type, r.name) for r in self.registered]}"
        return found[0]

    def children(self, parent: str) -> set[tuple[str, str]]:
        """Type and name of all children of the component whose URN ends so."""
        return {(r.type, r.name) for r in self.registered if r.parent.endswith(parent)}


@pytest.fixture
def engine():
    return Engine()
