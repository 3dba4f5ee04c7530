"""The engine of unit tests: keeps what components register, and answers as AWS and Kubernetes would."""

import dataclasses
import warnings
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, rpc, settings, stack
from pulumi.runtime.sync_await import _sync_await

from components.environment import Environment
from components.environment_args import AwsArgs, CatalogueEntry, EnvironmentArgs, ShipperArgs
from components.function.args import Code, FunctionArgs
from components.function.component import Function
from components.knative_args import DeadLetters, KnativeArgs
from components.log_sink.args import LogSinkArgs

with warnings.catch_warnings():
    # The package of buckets defines its own deprecated classes when it is imported; we use none of them.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pulumi_aws import s3

    assert s3.Bucket

ACCOUNT = "123456789012"
REGION = "eu-central-1"
UNKNOWN = rpc.UNKNOWN


@dataclasses.dataclass(frozen=True)
class Registered:
    """One registration as the SDK sent it."""

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    aliases: tuple[str, ...]
    protect: bool
    deletes_first: bool
    provider: str
    depends_on: frozenset[str]
    frames: int
    timeout: str

    @property
    def kind(self):
        return self.type.split(":")[-1]

    @property
    def tags(self):
        return self.inputs["tags"]


class Recorder(mocks.MockMonitor):
    """Keeps every registration, with what mocks alone do not show: parent, aliases, dependencies, outputs."""

    def __init__(self, answers):
        super().__init__(answers)
        self.registered: list[Registered] = []
        self.outputs: dict[str, dict[str, Any]] = {}

    def RegisterResource(self, request):  # noqa: N802 - the SDK calls it so
        if request.type != "pulumi:pulumi:Stack":
            self.registered.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    parent=request.parent.split("::")[-1],
                    inputs=rpc.deserialize_properties(request.object, keep_unknowns=True),
                    aliases=tuple(alias.urn or alias.spec.name for alias in request.aliases),
                    protect=request.protect,
                    deletes_first=request.deleteBeforeReplace,
                    provider=request.provider.split("::")[3] if request.provider else "",
                    depends_on=frozenset(urn.split("::")[-1] for urn in request.dependencies),
                    frames=len(request.stackTrace.frames),
                    timeout=request.customTimeouts.create,
                )
            )
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request):  # noqa: N802 - the SDK calls it so
        self.outputs[request.urn.split("::")[-1]] = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
        return super().RegisterResourceOutputs(request)


class Aws(mocks.Mocks):
    """Answers with the inputs and what AWS would compute; in a preview AWS computes nothing."""

    def __init__(self, *, preview):
        self.preview = preview

    def new_resource(self, args):
        inputs = dict(args.inputs)
        name = inputs.get("name") or inputs.get("bucket") or args.name
        computed = {
            "aws:kms/key:Key": {"arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{args.name}", "keyId": args.name},
            "aws:iam/role:Role": {"arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"},
            "aws:iam/policy:Policy": {"arn": f"arn:aws:iam::{ACCOUNT}:policy/{name}"},
            "aws:sqs/queue:Queue": {"arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"},
            "aws:lambda/function:Function": {
                "version": "7",
                "arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
            },
            "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": {
                "arn": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{name}"
            },
            "aws:lambda/functionUrl:FunctionUrl": {"functionUrl": f"https://{args.name}.lambda-url.aws/"},
            "aws:lambda/codeSigningConfig:CodeSigningConfig": {"arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:csc:1"},
            "aws:apigatewayv2/api:Api": {"apiEndpoint": "https://api1.example.com"},
        }.get(args.typ, {})
        if self.preview:
            computed = dict.fromkeys(computed, UNKNOWN)
        return (None if self.preview else f"{args.name}-id"), inputs | computed

    def call(self, args):
        raise AssertionError(f"components look nothing up, but {args.token} was called")


class Engine:
    """Runs a program against the mocks and tells what it registered."""

    def __init__(self):
        self.monitor: Recorder | None = None

    def run(self, program, *, preview=False):
        """Run the program to its end with all that it started; the result of the program, outputs resolved."""
        self.monitor = self.monitor_of(preview=preview)
        pulumi.runtime.set_mocks(
            self.monitor.mocks, project="slipway", stack="dev", preview=preview, monitor=self.monitor
        )
        settings.SETTINGS.rpc_manager.clear()
        settings.SETTINGS.outputs.clear()
        results = []
        _sync_await(stack.run_pulumi_func(lambda: results.append(program())))
        return results[0]

    def monitor_of(self, *, preview):
        return Recorder(Aws(preview=preview))

    @property
    def registered(self):
        return self.monitor.registered

    def outputs(self, name):
        return self.monitor.outputs[name]

    def named(self, name, kind=None):
        """The one resource of that logical name (and last part of its type)."""
        found = [r for r in self.registered if r.name == name and kind in {None, r.kind}]
        assert len(found) == 1, f"{len(found)} are named {name}: {sorted((r.kind, r.name) for r in self.registered)}"
        return found[0]

    def children(self, parent):
        """Kind and name of every direct child of a component, without components."""
        return {(r.kind, r.name) for r in self.registered if r.parent == parent and not r.type.startswith("slipway:")}

    def kinds(self, kind):
        return [r for r in self.registered if r.kind == kind]


@pytest.fixture
def engine():
    return Engine()


CODE = Code(bucket="packages", key="packages/orders/abc.zip")


def function_args(**changes):
    return FunctionArgs(
        **{"owner": "team-payments", "runtime": "python3.11", "code": CODE, "handler": "main:order", "commit": "abc123"}
        | changes
    )


def environment_args(**changes):
    return EnvironmentArgs(
        **{"environment": "dev", "target": "lambda", "aws": AwsArgs(account=ACCOUNT, region=REGION)} | changes
    )


def sink_args(**changes):
    return LogSinkArgs(**{"name": "central", "kind": "s3", "create": True, "redact": ("secret-[0-9]+",)} | changes)


@pytest.fixture
def a_sink():
    """Makes the args of a log sink with a bucket of its own, with changes."""
    return sink_args


@pytest.fixture
def a_shipper():
    """Makes the args of a published shipper, with changes."""
    return lambda **changes: ShipperArgs(
        **{"key": "packages/slipway-shipper/abc.zip", "runtime": "python3.11"} | changes
    )


IMAGE = "registry.example.com/team/orders@sha256:" + "a" * 64
DEAD_LETTERS = "registry.example.com/slipway/dead-letters@sha256:" + "d" * 64


def knative_args(**changes):
    return KnativeArgs(
        **{
            "namespace": "slipway-dev",
            "domain": "dev.example.com",
            "context": "team-dev",
            "dead_letters": DeadLetters(image=DEAD_LETTERS),
        }
        | changes
    )


@pytest.fixture
def a_function():
    """Makes the args of a small function, with changes."""
    return function_args


@pytest.fixture
def an_environment():
    """Makes the args of a small environment, with changes."""
    return environment_args


@pytest.fixture
def deploy(engine):
    """Runs a stack of an environment and its functions; the environment and the functions, constructed."""

    def run(functions=None, *, preview=False, opts=None, **changes):
        functions = functions or {}

        def program():
            environment = Environment("dev", environment_args(**changes).serving(functions))
            made = {name: Function(name, args, environment, opts) for name, args in functions.items()}
            environment.complete()
            return environment, made

        return engine.run(program, preview=preview)

    return run


@pytest.fixture
def a_knative():
    """Makes the Knative half of an environment, with changes."""
    return knative_args


@pytest.fixture
def a_knative_function():
    """Makes the args of a small function on Knative, with changes."""
    return lambda **changes: function_args(**{"code": Code(image=IMAGE), "target": "knative"} | changes)


@pytest.fixture
def to_knative(deploy):
    """Runs a stack on Knative alone: the environment and the functions, constructed."""

    def run(functions=None, **changes):
        return deploy(functions, **{"target": "knative", "aws": None, "knative": knative_args()} | changes)

    return run


@pytest.fixture
def catalogue():
    return [
        CatalogueEntry(kind="queue", name="orders", create=True),
        CatalogueEntry(kind="queue", name="legacy", arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:legacy"),
        CatalogueEntry(kind="queue", name="line", create=True, fifo=True),
        CatalogueEntry(kind="bucket", name="reports", arn="arn:aws:s3:::acme-reports"),
        CatalogueEntry(kind="table", name="stock", arn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/stock"),
        CatalogueEntry(kind="topic", name="news", arn=f"arn:aws:sns:{REGION}:{ACCOUNT}:news"),
        CatalogueEntry(
            kind="secret",
            name="orders-db",
            arn=f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:orders-db-Ab12Cd",
            kms_key=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/theirs",
        ),
    ]


@pytest.fixture
def resolved():
    """The value of an output after its program ran."""
    return lambda output: _sync_await(pulumi.Output.from_input(output).future())
