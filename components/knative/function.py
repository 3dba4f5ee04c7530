"""A function on Knative."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ServiceAccount

from components.base import Component
from components.errors import InputError
from components.function.args import FunctionArgs
from components.knative.checks import mistakes
from components.knative.environment import KnativeEnvironment
from components.knative.http import address_of, make_hosts, visibility_labels, visibility_notes
from components.knative.issuer import issuer_rules
from components.knative.labels import ACCOUNT, FUNCTION, TEMPLATE, metadata
from components.knative.network import make_policy
from components.knative.template import template_of
from components.knative.traffic import traffic_of
from components.knative.triggers import make_triggers
from components.knative.variables import variables_of
from components.knative.waiting import forced, wait_for
from components.security.uses import uses_of
from components.tags import code_tags

API = "serving.knative.dev/v1"
_TIMEOUT_S = 180  # beyond the 150 s after which Knative itself gives a revision up and says why


class KnativeFunction:
    """What one function consists of on Knative.

    Creates: service account without a token; network policy (when it may talk to anything); Knative Service; triggers,
    clocks and subscriptions; mappings of its own hosts.

    Attributes:
        name: Name of the Knative Service, known before anything exists.
        arn: API path of the Knative Service.
        log_group: None: logs are where the cluster collects them.
        version: Name of the newest revision.
        url: Where it answers HTTP; None when it has no route.
    """

    log_group: str | None = None

    def __init__(self, owner: Component, args: FunctionArgs, environment: KnativeEnvironment) -> None:
        if found := mistakes(owner.name_of_component, args, environment):
            raise InputError(found)
        self._owner = owner
        self._args = args
        self._environment = environment
        site = environment.site
        self.name = site.names.take("kubernetes", owner.name_of_component, owner.label)
        self.arn = f"/apis/{API}/namespaces/{site.namespace}/services/{self.name}"
        self._account = f"function-{self.name}"
        self._uses = [environment.resources[key] for key in uses_of(args)]

        self._adjust = owner.adjustable("template")  # before it is named after what is in it
        account = self._service_account()
        policy = self._policy()
        assert args.code.image is not None
        made: pulumi.Output[Any] = pulumi.Output.from_input(args.code.image).apply(self._template)
        self.service = self._service(made, account, policy)
        self.version = made.apply(lambda pair: str(pair[1]["metadata"]["name"]))
        address = address_of(self.name, args, site)
        self.url = pulumi.Output.from_input(address) if address else None
        make_triggers(owner, args, environment, self.service)
        make_hosts(owner, args, site, self.service)

    def _service_account(self) -> ServiceAccount:
        return self._owner.child(
            "account",
            ServiceAccount,
            {
                "metadata": metadata(self._owner, self._account, self._environment.site.namespace),
                "automount_service_account_token": False,
            },
            depends_on=self._environment.guards,
        )

    def _policy(self) -> list[pulumi.Resource]:
        # Whoever takes messages of a queue is called; it needs no way out.
        wanted = {key for key, verbs in uses_of(self._args).items() if verbs != ["receive"]}
        rules = [rule for use in self._uses if (use.kind, use.name) in wanted for rule in use.egress]
        if any(route.auth == "token" for route in self._args.http):
            rules.extend(issuer_rules(self._environment.site))
        if not rules:
            return []
        return [
            make_policy(
                self._owner,
                self._environment.site,
                "network",
                self._account,
                {"matchLabels": {FUNCTION: self._owner.tags["function"]}},
                egress=[rule for index, rule in enumerate(rules) if rule not in rules[:index]],
                depends_on=self._environment.guards,
            )
        ]

    def _template(self, image: str) -> tuple[str, dict[str, Any]]:
        variables = variables_of(self._args, self._environment.args, self._uses, self._environment.resources)
        return template_of(
            self._owner,
            self._args,
            image,
            adjust=self._adjust,
            account=self._account,
            variables=variables,
            uses=self._uses,
        )

    def _service(
        self, made: pulumi.Output[Any], account: ServiceAccount, depends_on: list[pulumi.Resource]
    ) -> CustomResource:
        args, site = self._args, self._environment.site
        # Asked what would come of a Service, Knative tries a pod, and a pod needs its account: while that is yet to be
        # made, this is not known, and so the provider does not ask.
        runs_as = account.id.apply(lambda _: self._account)
        used = [resource for use in self._uses for resource in use.made]
        described = {"slipway.io/description": args.description} if args.description else {}

        def described_by(pair: tuple[str, dict[str, Any]]) -> dict[str, Any]:
            identity, template = pair
            revision = template["metadata"]["name"]
            # The revision is named, so that neither the answer to an earlier update nor an older revision will do.
            waiting = wait_for(f"jsonpath={{.status.latestReadyRevisionName}}={revision}")
            marks: dict[str, pulumi.Input[str]] = {TEMPLATE: identity, ACCOUNT: runs_as}
            annotations = {**described, **visibility_notes(args), **marks, **waiting, **forced()}
            return metadata(
                self._owner,
                self.name,
                site.namespace,
                tags=code_tags(args),
                labels=visibility_labels(args),
                annotations=annotations,
            )

        def spec_of(identity: str, template: dict[str, Any]) -> dict[str, Any]:
            return {"template": template, "traffic": traffic_of(identity, template["metadata"]["name"], args.rollout)}

        return self._owner.child(
            "function",
            CustomResource,
            {
                "api_version": API,
                "kind": "Service",
                "metadata": made.apply(described_by),
                "spec": made.apply(lambda pair: spec_of(*pair)),
            },
            primary=True,
            depends_on=[account, *depends_on, *used, *self._environment.log_agent],
            timeout_s=_TIMEOUT_S,
        )
