"""BENCH_FUNCTIONS functions with Slipway's components; BENCH_LEAN=no-logs leaves debug messages to the engine."""

import os

import pulumi

from components import lean
from components.environment import Environment
from components.environment_args import AwsArgs, EnvironmentArgs
from components.function.args import Code, FunctionArgs, HttpEvent
from components.function.component import Function

if os.environ.get("BENCH_LEAN") == "no-logs":
    lean.drop_stack_traces()
    lean.wait_once()
else:
    lean.lean_engine_calls()

environment = Environment(
    "bench",
    EnvironmentArgs(environment="bench", target="lambda", aws=AwsArgs(account="123456789012", region="eu-central-1")),
)
for index in range(int(os.environ["BENCH_FUNCTIONS"])):
    function = Function(
        f"f{index}",
        FunctionArgs(
            owner="team",
            runtime="python3.11",
            code=Code(bucket=environment.packages_bucket_name, key=f"packages/f{index}/{index:064x}.zip"),
            handler="main:handle",
            http=[HttpEvent(path="/")],
        ),
        environment,
    )
    pulumi.export(f"f{index}", function.url)
environment.complete()
