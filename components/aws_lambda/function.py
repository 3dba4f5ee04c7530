"""A function on AWS Lambda."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_aws import cloudwatch, lambda_, sqs

from components.aws_lambda.alarms import make_alarms
from components.aws_lambda.alias import ALIAS, make_alias
from components.aws_lambda.bus import make_subscriptions, undelivered_events
from components.aws_lambda.catalogue import queue_args
from components.aws_lambda.checks import mistakes
from components.aws_lambda.environment import LambdaEnvironment
from components.aws_lambda.http import make_function_url, make_public_routes
from components.aws_lambda.live import Live
from components.aws_lambda.policies import document, only_tls
from components.aws_lambda.queues import make_mappings
from components.aws_lambda.role import Role, role_document, verbs_of
from components.aws_lambda.schedules import make_schedules
from components.aws_lambda.sinks.filters import make_filters
from components.aws_lambda.variables import handler_of, variables_of
from components.base import Component
from components.errors import InputError
from components.function.args import FunctionArgs
from components.tags import code_tags

_EVENT_AGE_S = 6 * 3600  # Lambda's own maximum: what could not be handled for six hours goes to the failure queue
_EVENT_RETRIES = 2


class LambdaFunction:
    """What one function consists of on Lambda.

    Creates: role and its policy; log group and a filter for each log sink; queue for failed events; function, version
    and alias `live`; what happens to failed events; provisioned concurrency; Function URL or routes of the public
    entry; rules, schedules and queue mappings; alarms.

    Attributes:
        name: Physical name, known before anything exists.
        arn: ARN of the alias that callers use.
        log_group: Name of the log group.
        version: Published version that the alias points to.
        url: Where it answers HTTP; None when it has no route.
    """

    def __init__(self, owner: Component, args: FunctionArgs, environment: LambdaEnvironment) -> None:
        if found := mistakes(owner.name_of_component, args, environment):
            raise InputError(found)
        self._owner = owner
        self._args = args
        self._environment = environment
        names, arns, label = environment.names, environment.arns, owner.label
        short = owner.name_of_component
        self.name = names.take("function", names.physical("function", short), label)
        self.log_group = names.take("log-group", names.log_group(short), label)
        self.dlq_name = names.take("queue", names.physical("queue", short, "failures"), label)
        self.dlq_arn = arns.queue(self.dlq_name)
        self.arn = arns.function(self.name, ALIAS)
        self._uses = verbs_of(args, environment.catalogue)

        self.logs = self._logs()
        self.filters = make_filters(owner, self.logs, args, environment)
        self.dlq = self._failures()
        self.role = self._role()
        self.function = self._function()
        self.version = self.function.version
        self.alias = make_alias(owner, self.function, args.rollout)
        self._failure_destination()
        self._warm()
        live = Live(self.name, self.arn, self.dlq_name, self.dlq_arn, self.function, self.alias, self.dlq)
        self.url = self._http(live)
        make_subscriptions(owner, live, args, environment)
        make_schedules(owner, live, args, environment)
        make_mappings(owner, live, args, environment)
        make_alarms(owner, live, args, environment.site)

    def _logs(self) -> cloudwatch.LogGroup:
        return self._owner.child(
            "logs",
            cloudwatch.LogGroup,
            {
                "name": self.log_group,
                "log_group_class": "STANDARD",  # the only one that takes subscription filters
                "retention_in_days": self._environment.args.log_retention_days,
                "kms_key_id": self._environment.key_arn,
            },
        )

    def _failures(self) -> sqs.Queue:
        environment = self._environment
        args = queue_args(self.dlq_name, environment.site, environment.key_arn)
        statements = [only_tls([self.dlq_arn], "sqs")] if environment.site.tls else []
        if self._args.events:
            name = self._owner.name_of_component
            statements.append(undelivered_events(name, self._args.events, self.dlq_arn, environment))
        if statements:
            args["policy"] = document(*statements)
        return self._owner.child("failures", sqs.Queue, args)

    def _role(self) -> Role:
        environment = self._environment
        arns = environment.arns
        policy = role_document(
            environment, arns.function(self.name), arns.log_group(self.log_group), self.dlq_arn, self._uses
        )
        name = environment.names.physical("role", self._owner.name_of_component)
        return Role(self._owner, environment, policy, environment.names.take("role", name, self._owner.label))

    def _function(self) -> lambda_.Function:
        args, environment = self._args, self._environment
        variables = variables_of(args, self._uses, environment.catalogue)
        image = args.code.image is not None
        options = args.lambda_options
        properties: dict[str, Any] = {
            "name": self.name,
            "description": args.description or None,
            "role": self.role.role.arn,
            "architectures": [args.architecture],
            "memory_size": args.memory_mb,
            "timeout": args.timeout_s,
            "reserved_concurrent_executions": args.max_scale,
            "ephemeral_storage": {"size": options.ephemeral_storage_mb},
            "environment": {"variables": dict(sorted(variables.items()))} if variables else None,
            "kms_key_arn": environment.key_arn if variables else None,
            "tracing_config": {"mode": "Active"},
            "logging_config": {
                "log_format": "JSON",
                "log_group": self.log_group,
                "application_log_level": environment.args.log_level,
                "system_log_level": "INFO",
            },
            "vpc_config": self._vpc(),
            "publish": True,
            "package_type": "Image" if image else "Zip",
        }
        if image:
            properties["image_uri"] = args.code.image
        else:
            properties |= {
                "s3_bucket": args.code.bucket,
                "s3_key": args.code.key,
                "runtime": args.runtime,
                "handler": handler_of(args),
                "layers": list(options.layers) or None,
                "snap_start": {"apply_on": "PublishedVersions"} if options.snap_start else None,
                "code_signing_config_arn": environment.signing_arn,
            }
        return self._owner.child(
            "function",
            lambda_.Function,
            properties,
            primary=True,
            tags=code_tags(args),
            depends_on=[self.role.policy, self.logs, *self.filters],  # its first words go to the sinks, too
        )

    def _vpc(self) -> dict[str, Any] | None:
        settings = self._environment.args
        if not settings.subnets:
            return None
        return {"subnet_ids": list(settings.subnets), "security_group_ids": list(settings.security_groups)}

    def _failure_destination(self) -> None:
        self._owner.child(
            "failure-destination",
            lambda_.FunctionEventInvokeConfig,
            {
                "function_name": self.function.name,
                "qualifier": self.alias.name,
                "maximum_event_age_in_seconds": _EVENT_AGE_S,
                "maximum_retry_attempts": _EVENT_RETRIES,
                "destination_config": {"on_failure": {"destination": self.dlq.arn}},
            },
        )

    def _warm(self) -> None:
        if self._args.min_scale:
            self._owner.child(
                "warm",
                lambda_.ProvisionedConcurrencyConfig,
                {
                    "function_name": self.function.name,
                    "qualifier": self.alias.name,
                    "provisioned_concurrent_executions": self._args.min_scale,
                },
            )

    def _http(self, live: Live) -> pulumi.Output[str] | None:
        public = [route for route in self._args.http if route.visibility == "public"]
        internal = [route for route in self._args.http if route.visibility == "internal"]
        url = make_function_url(self._owner, live, internal) if internal else None
        if not public:
            return url
        assert self._environment.entry is not None
        return make_public_routes(self._owner, live, public, self._environment.entry)
