"""An environment on Knative: the namespace that all of its functions live in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Namespace

from components import catalogue
from components.base import Component
from components.environment_args import EnvironmentArgs
from components.errors import InputError
from components.knative.access import make_access
from components.knative.admission.policies import make_admission, of_functions
from components.knative.agent import daemon
from components.knative.bounds import make_bounds, quota_of
from components.knative.dead_letters import make_dead_letters
from components.knative.labels import metadata
from components.knative.network import is_metadata, make_guards
from components.knative.provider import provider_args
from components.knative.resources import Resource, make_resources
from components.knative.security_context import namespace_labels
from components.knative.site import BROKER, Site
from components.knative.sizes import bytes_of, is_size
from components.knative.waiting import wait_for
from components.knative_args import KnativeArgs

_BROKER_CLASS = "eventing.knative.dev/broker.class"


class KnativeEnvironment:
    """Guardrails first, then what functions share.

    Creates: provider; namespace, which refuses pods that ask for rights; network policies; quota and bounds of
    containers; roles of developers and pipelines (when somebody has them); admission policies; channels of the
    catalogue's queues; the log agent (when a function has a log sink); dead letters (when a function takes events);
    broker (when a function takes events of the bus or schedules).

    Attributes:
        args: The environment as its operators describe it.
        site: Where it lies and what is taken there.
        provider: The provider of all its resources.
        guards: The namespace and its policies: what must stand before anything runs.
        resources: What functions may use, by kind and name.
        log_agent: What must run before a function writes its first line; empty when no function has a log sink.
        dead_letters: The service that keeps undelivered events; None when no function takes events.
        broker: The broker; None when no function subscribes to it.
    """

    def __init__(self, owner: Component, args: EnvironmentArgs) -> None:
        if args.knative is None:
            raise InputError(
                f"Environment {args.environment!r}: functions on Knative need knative; set namespace and domain"
            )
        self.args = args
        self.site = Site.of(args, args.knative)
        if found := _mistakes(args, args.knative) + daemon.mistakes(self.site, f"Environment {args.environment!r}"):
            raise InputError(found)
        self._owner = owner
        self.provider = owner.child("kubernetes", Provider, provider_args(args.knative))
        owner.use_provider(self.provider)
        self.guards = self._guards()
        self.resources: Mapping[tuple[str, str], Resource] = make_resources(owner, self.site, self.guards)
        self.log_agent = daemon.make_agent(owner, self.site, self.resources, self.guards)
        self.dead_letters = make_dead_letters(owner, self.site, self.guards) if args.knative_events else None
        self.broker = self._broker() if args.knative_bus else None

    def _guards(self) -> Sequence[pulumi.Resource]:
        namespace = self._owner.child(
            "namespace",
            Namespace,
            {"metadata": metadata(self._owner, self.site.namespace, labels=namespace_labels())},
            protect=self.args.protect or None,
        )
        made = [namespace]
        return [
            namespace,
            *make_guards(self._owner, self.site, made),
            *make_bounds(self._owner, self.site.namespace, quota_of(self.site), made),
            *make_access(self._owner, self.site, made),
            *make_admission(self._owner, self.site, self.site.namespace, of_functions(), made),
        ]

    def _broker(self) -> CustomResource:
        knative = self.site.knative
        annotations = wait_for() | ({_BROKER_CLASS: knative.broker_class} if knative.broker_class else {})
        config = knative.broker_config
        spec = {}
        if config is not None:
            spec["config"] = {
                "apiVersion": config.api_version,
                "kind": config.kind,
                "name": config.name,
                "namespace": config.namespace or self.site.namespace,
            }
        return self._owner.child(
            "broker",
            CustomResource,
            {
                "api_version": "eventing.knative.dev/v1",
                "kind": "Broker",
                "metadata": metadata(self._owner, BROKER, self.site.namespace, annotations=annotations),
                "spec": spec or None,
            },
            depends_on=self.guards,
        )


def _mistakes(args: EnvironmentArgs, knative: KnativeArgs) -> list[str]:
    who = f"Environment {args.environment!r}"
    found = catalogue.mistakes(args)
    if args.knative_events and not knative.dead_letters.image:
        found.append(
            f"{who}: functions on Knative take events but dead_letters has no image to keep what cannot be delivered; "
            "set it"
        )
    if knative.kubeconfig is None and knative.context is None:
        found.append(f"{who}: the cluster must be named by context or kubeconfig, found neither; set one")
    sizes = {
        "dead_letters size": knative.dead_letters.size,
        "quota memory": knative.quota.memory,
        "quota storage": knative.quota.storage,
    }
    wrong = {what: size for what, size in sizes.items() if not is_size(size)}
    found.extend(f"{who}: {what} must be like 500Mi or 1Gi, found {size!r}" for what, size in wrong.items())
    if not wrong and bytes_of(knative.dead_letters.size) > bytes_of(knative.quota.storage):
        found.append(
            f"{who}: dead_letters size {knative.dead_letters.size} is more than quota storage {knative.quota.storage}; "
            "lower it, or raise the quota"
        )
    found.extend(
        f"{who}: {entry.kind} {entry.name!r} has egress to {rule.cidr}, where machines of clouds tell their "
        "credentials; remove it"
        for entry in args.catalogue
        for rule in entry.egress
        if is_metadata(rule.cidr)
    )
    found.extend(
        f"{who}: queue {entry.name!r} is fifo, but channels of Knative keep no order; take it off, or move to Lambda"
        for entry in args.catalogue
        if entry.create and entry.fifo and (entry.made_on or args.target) == "knative"
    )
    return found
