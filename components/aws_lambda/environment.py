"""An environment on AWS: what all of its functions stand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws
from pulumi_aws import cloudwatch, iam, lambda_, scheduler

from components import catalogue
from components.aws_lambda.boundary import boundary_document
from components.aws_lambda.catalogue import make_catalogue
from components.aws_lambda.catalogue import mistakes as arn_mistakes
from components.aws_lambda.entry import PublicEntry
from components.aws_lambda.grants import Resource
from components.aws_lambda.key import make_key
from components.aws_lambda.packages import bucket_name, make_bucket
from components.aws_lambda.provider import provider_args
from components.aws_lambda.site import Site
from components.base import Component
from components.environment_args import AwsArgs, EnvironmentArgs
from components.errors import InputError

if TYPE_CHECKING:
    from components.aws_lambda.sinks.sink import LambdaSink


class LambdaEnvironment:
    """Guardrails first, then what functions share.

    Creates: provider; key and alias; boundary; code signing (when profiles are named); packages bucket and its guards;
    event bus; group of schedules; queues of the catalogue; public entry (when a function has a public route).

    Attributes:
        args: The environment as its operators describe it.
        site: Where it lies and what its things are called.
        names: The site's names.
        arns: The site's ARNs.
        provider: The provider of all its resources.
        key_arn: Key for variables, logs, queues and packages.
        boundary_arn: Boundary of every role.
        signing_arn: Code signing configuration; None when code is not signed.
        packages_bucket_name: Name of the packages bucket, known before it exists.
        packages_bucket: The same, resolved when its guards stand.
        bus_name: Event bus.
        bus: The same as a resource, to depend on.
        schedules: Group of the schedules.
        catalogue: What functions may use, by kind and name.
        entry: Public entry; None when no function has a public route.
        sinks: Log sinks by name, as far as functions on Lambda use them; the environment adds them before any function.
    """

    def __init__(self, owner: Component, args: EnvironmentArgs) -> None:
        if args.aws is None:
            raise InputError(f"Environment {args.environment!r}: functions on Lambda need aws; set account and region")
        if found := _mistakes(args, args.aws):
            raise InputError(found)
        self.args = args
        self._owner = owner
        self.site = Site.of(args, args.aws)
        self.names = self.site.names
        self.arns = self.site.arns
        self.provider = owner.child("aws", pulumi_aws.Provider, provider_args(args.aws))
        owner.use_provider(self.provider)
        self.key_arn = self._key()
        self.boundary_arn = self._boundary()
        self.signing_arn = self._signing()
        self.packages_bucket_name = bucket_name(self.site)
        self.packages_bucket = make_bucket(owner, self.site, self.key_arn)
        self.bus_name = self.names.physical("event-bus")
        self.bus = owner.child("bus", cloudwatch.EventBus, {"name": self.bus_name})
        self.schedules = owner.child(
            "schedules", scheduler.ScheduleGroup, {"name": self.names.physical("schedule-group")}
        )
        self.catalogue: Mapping[tuple[str, str], Resource] = make_catalogue(owner, self.site, self.key_arn)
        self.entry = PublicEntry(owner, self.site, self.key_arn) if args.public_http else None
        self.sinks: dict[str, LambdaSink] = {}

    def complete(self) -> None:
        """Create what depends on the functions: the stage that opens the public entry."""
        if self.entry is not None:
            self._owner.use_provider(self.provider)
            self.entry.open()

    def _key(self) -> pulumi.Output[str]:
        if self.args.kms_key is not None:
            return pulumi.Output.from_input(self.args.kms_key)
        return make_key(self._owner, self.site).arn

    def _boundary(self) -> pulumi.Output[str]:
        if self.args.permissions_boundary is not None:
            return pulumi.Output.from_input(self.args.permissions_boundary)
        name = self.names.physical("policy", "boundary")
        boundary = self._owner.child(
            "boundary",
            iam.Policy,
            {
                "name": name,
                "description": f"What no role of {self.args.prefix}-{self.args.environment} can exceed",
                "policy": self.key_arn.apply(lambda key: boundary_document(self.site, key)),
            },
        )
        return boundary.arn

    def _signing(self) -> pulumi.Output[str] | None:
        if not self.args.signing_profiles:
            return None
        config = self._owner.child(
            "signing",
            lambda_.CodeSigningConfig,
            {
                "description": f"Who may sign the code of {self.args.prefix}-{self.args.environment}",
                "allowed_publishers": {"signing_profile_version_arns": sorted(self.args.signing_profiles)},
                "policies": {"untrusted_artifact_on_deployment": "Enforce" if self.args.signing_enforced else "Warn"},
            },
        )
        return config.arn


def _mistakes(args: EnvironmentArgs, aws: AwsArgs) -> list[str]:
    who = f"Environment {args.environment!r}"
    found = [*catalogue.mistakes(args), *arn_mistakes(args)]
    if not (aws.account.isdigit() and len(aws.account) == 12):  # noqa: PLR2004 - AWS account numbers
        found.append(f"{who}: account must be 12 digits, found {aws.account!r}")
    if aws.endpoint is None and (aws.access_key or aws.secret_key):
        found.append(
            f"{who}: access_key and secret_key belong to an embedded AWS with an endpoint; "
            "real credentials come from the environment, a profile or CI, remove them"
        )
    if bool(args.subnets) != bool(args.security_groups):
        found.append(f"{who}: subnets and security_groups go together; set both or neither")
    return found
