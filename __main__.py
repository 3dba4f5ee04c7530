"""The Pulumi program: reads the environment and its functions, composes them, exports what runs."""

import dataclasses

import pulumi

from components.environment import Environment
from components.environment_args import EnvironmentArgs
from components.function.args import Code, FunctionArgs
from components.function.component import Function
from components.lean import lean_engine_calls
from slipway.program import plan_or_stop

lean_engine_calls()
plan = plan_or_stop(pulumi.get_stack())

described = {name: FunctionArgs.from_spec(f.spec, Code(**f.code)) for name, f in plan.functions.items()}
environment = Environment(pulumi.get_stack(), EnvironmentArgs.from_spec(plan.environment).serving(described))
functions = {}
for name, args in described.items():
    code = Code(**plan.code(plan.functions[name], environment.packages_bucket))
    functions[name] = Function(name, dataclasses.replace(args, code=code), environment)
environment.complete()

pulumi.export("environment", {"target": environment.args.target, "url": environment.api_endpoint})
exported = {
    name: {
        "target": function.target,
        "name": function.name,
        "arn": function.arn,
        "url": function.url,
        "version": function.version,
        "logGroup": function.log_group,
        "owner": function.args.owner,
        "runtime": function.args.runtime,
        "sinks": list(function.args.sinks),
    }
    for name, function in functions.items()
}
pulumi.export("functions", exported)
