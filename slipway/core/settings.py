"""The model of an environment: the `slipway:` keys of `stacks/Pulumi.<environment>.yaml`."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, PrivateAttr

from slipway.core.fields import Later, Model, Name, Shape, Switch, TagValue, Target, mistake
from slipway.core.settings_guardrails import Quota, Subjects
from slipway.core.settings_knative import (
    EMBEDDED_HOST,
    LABEL,
    Cluster,
    Domain,
    Eventing,
    Images,
    Knative,
    Namespace,
    Registry,
    embedded_domain,
)
from slipway.core.settings_parts import (
    Alarms,
    Aws,
    CodeSigning,
    Encryption,
    Http,
    Logs,
    Network,
    Override,
    arn_shape,
)
from slipway.core.settings_policy import Policy
from slipway.core.settings_resources import Resources
from slipway.core.settings_sinks import Sink

PREFIX = "slipway:"
"""Namespace of the settings in Pulumi's configuration."""

# AWS takes 50 tags of a resource; the rest is for those that Slipway sets.
_TAGS = 40
_OWN_TAGS = frozenset({"owner", "function", "environment", "commit", "code", "managed-by", "slipway"})


def _check_tags(tags: dict[str, str]) -> dict[str, str]:
    for name in sorted(tags):
        if name.casefold().startswith("aws:"):
            raise mistake("reserved-tag", f"has {name!r}", "the prefix aws: is reserved by AWS")
        if name.casefold() in _OWN_TAGS:
            raise mistake("reserved-tag", f"has {name!r}, which Slipway sets itself", "remove it")
    return tags


class Guardrails(Model):
    """Bounds of what functions may become."""

    permission_boundary: (
        Annotated[str, arn_shape("iam", "policy/[A-Za-z0-9+=,.@_/-]{1,512}", "an IAM policy", region="")] | None
    ) = Field(default=None, description="ARN of the permission boundary of every role; without it one is made.")
    access_logs: (
        Annotated[str, Shape("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket, 3-63 characters")] | None
    ) = Field(
        default=None,
        description="Name of a bucket that takes the access logs of buckets that are made; without it none are kept.",
        examples=["example-access-logs"],
    )
    egress: Annotated[JsonValue | None, Later("remove it; slipway:network sets subnets and security groups")] = Field(
        default=None, description="Allowed outgoing traffic; not served by this version."
    )
    registries: Annotated[JsonValue | None, Later("remove it; images are taken by digest only")] = Field(
        default=None, description="Registries that images may come from; not served by this version."
    )
    quota: Quota = Field(default=Quota(), description="What all pods of the environment may take together.")
    developers: Subjects = Field(
        default=Subjects(), description="Who may look at functions and read their logs, and nothing more."
    )
    deployers: Subjects = Field(default=Subjects(), description="Who may deploy functions: the pipeline.")
    previewers: Subjects = Field(
        default=Subjects(), description="Who may read what a preview compares with: the pipeline of merge requests."
    )
    admission: Switch = Field(
        default=True,
        description="Whether the cluster itself refuses what breaks the rules of `slipway:policy`; it needs Kubernetes "
        "1.30.",
    )


class Settings(Model):
    """An environment as its operators describe it."""

    model_config = ConfigDict(title="stacks/Pulumi.<environment>.yaml")

    target: Target = Field(
        description="Where functions run that do not say it themselves.", examples=["lambda", "knative"]
    )
    aws: Aws | None = Field(
        default=None, description="Account and region; needed as soon as one function runs on Lambda."
    )
    kube_context: Annotated[str, Shape("[!-~]{1,253}", "the name of a context of the kubeconfig")] | None = Field(
        default=None,
        description="Cluster of the functions on Knative, by its context in the user's kubeconfig; without it, the "
        "embedded cluster.",
        examples=["team-dev"],
    )
    cluster: Cluster | None = Field(
        default=None, description="Ports of the embedded cluster; not beside `kubeContext`."
    )
    namespace: Namespace | None = Field(
        default=None, description="Namespace of the functions on Knative; without it, `<prefix>-<environment>`."
    )
    registry: Registry | None = Field(
        default=None,
        description="Where images of functions are pushed to; without it, the registry of the embedded cluster.",
        examples=["registry.example.com/team/functions"],
    )
    domain: Domain | None = Field(
        default=None,
        description="Domain of the Knative cluster: public functions are at `<function>.<namespace>.<domain>`; without "
        "it, `localhost` of the embedded cluster.",
        examples=["dev.example.com"],
    )
    ingress_namespace: Annotated[str, Shape(LABEL, "the name of a namespace")] = Field(
        default="kourier-system", description="Namespace of the ingress of Knative; functions take calls from there."
    )
    images: Images = Field(default=Images(), description="Images that functions on Knative are built on.")
    eventing: Eventing = Field(default=Eventing(), description="Events on Knative.")
    prefix: Annotated[
        str,
        Shape("[a-z](?:[a-z0-9-]{0,18}[a-z0-9])?", "1-20 lower-case letters, digits and hyphens, a letter first"),
    ] = Field(default="slipway", description="First part of every physical name.")
    tags: Annotated[
        dict[
            Annotated[
                str, Shape(r"[\w .:/=+@-]+", "letters, digits, spaces and _ . : / = + - @"), Field(max_length=128)
            ],
            TagValue,
        ],
        Field(max_length=_TAGS),
        AfterValidator(_check_tags),
    ] = Field(default={}, description="Tags of every resource beside those that Slipway sets.")
    protect: Switch = Field(default=False, description="Whether what holds data is protected from deletion.")
    logs: Logs = Field(default=Logs(), description="Logs of the functions.")
    encryption: Encryption | None = Field(
        default=None, description="Key for variables, logs and queues; without it one is made."
    )
    guardrails: Guardrails = Field(default=Guardrails(), description="Bounds of what functions may become.")
    http: Http = Field(default=Http(), description="The public HTTP entry.")
    network: Network | None = Field(default=None, description="VPC of the functions; without it they are in none.")
    code_signing: CodeSigning | None = Field(
        default=None, description="Accepted signatures; without it code is not signed."
    )
    alarms: Alarms | None = Field(
        default=None, description="Receiver of alarms; without it alarms are made but notify nobody."
    )
    resources: Resources = Field(
        default=Resources(), description="Names that functions may use for what the team runs."
    )
    functions: dict[Name, Override] = Field(
        default={}, description="What this environment sets differently for single functions."
    )
    sinks: Annotated[dict[Name, Sink], Field(max_length=20)] = Field(
        default={}, description="Log sinks: central stores that logs of functions are forwarded to."
    )
    policy: Policy = Field(default=Policy(), description="How strictly the policy pack judges this environment.")

    _environment: str = PrivateAttr(default="")

    @property
    def environment(self) -> str:
        """Name of the environment, the stack's name."""
        return self._environment

    def named(self, environment: str) -> Self:
        """The same settings under the name of their environment."""
        copy = self.model_copy()
        copy._environment = environment  # noqa: SLF001 - pydantic's way to hold what is not in the file
        return copy

    @property
    def targets(self) -> list[Target]:
        """Targets that functions may run on here."""
        there: dict[Target, bool] = {
            "lambda": self.target == "lambda" or self.aws is not None,
            "knative": self.has_knative,
        }
        return [target for target, is_there in there.items() if is_there]

    @property
    def has_knative(self) -> bool:
        """Whether there is a cluster for functions on Knative."""
        return self.target == "knative" or self.kube_context is not None or self.cluster is not None

    @property
    def knative(self) -> Knative | None:
        """The Knative half, with all defaults in place; None when the environment has none."""
        if not self.has_knative:
            return None
        cluster = (self.cluster or Cluster()) if self.kube_context is None else None
        tls = cluster is None if self.http.tls is None else self.http.tls
        registry = self.registry or (f"{EMBEDDED_HOST}:{cluster.registry_port}" if cluster else "")
        return Knative(
            context=self.kube_context,
            cluster=cluster,
            namespace=self.namespace or f"{self.prefix}-{self.environment}",
            registry=registry,
            domain=embedded_domain(self.domain),
            tls=tls,
            port=self.http.port or (cluster.http_port if cluster else None),
            base=dict(self.images.base),
            collector=self.images.collector,
            eventing=self.eventing,
        )

    def deploys(self, function: str) -> bool:
        """Whether a function is deployed here: all are, but those that are switched off."""
        override = self.functions.get(function)
        return override is None or override.enabled

    def catalogue(self, kind: str) -> dict[str, Any]:
        """Entries of one kind, by name."""
        entries: dict[str, Any] = getattr(self.resources, kind)
        return entries


class StackFile(Model):
    """The keys that Pulumi keeps in a stack's file, beside which the settings stand."""

    config: dict[str, Any] = Field(description="Configuration of the stack; the keys of Slipway start with `slipway:`.")
    encryptionsalt: str | None = Field(default=None, description="Written by Pulumi.")
    secretsprovider: str | None = Field(
        default=None,
        description="What encrypts secrets in the state; a new stack is made with it. Without it, a passphrase does.",
        examples=["awskms://alias/slipway-prod?region=eu-central-1"],
    )
    encryptedkey: str | None = Field(default=None, description="Written by Pulumi.")
