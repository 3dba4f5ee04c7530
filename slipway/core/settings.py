"""The model of an environment: the `slipway:` keys of `stacks/Pulumi.<environment>.yaml`."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, PrivateAttr

from slipway.core.fields import Later, Model, Name, Shape, TagValue, mistake
from slipway.core.settings_parts import (
    Alarms,
    Aws,
    CodeSigning,
    Encryption,
    Http,
    Logs,
    Network,
    Override,
    Resources,
    arn_shape,
)

PREFIX = "slipway:"
"""Namespace of the settings in Pulumi's configuration."""

# AWS takes 50 tags of a resource; the rest is for those that Slipway sets.
_TAGS = 40
_OWN_TAGS = frozenset({"owner", "function", "environment", "commit", "slipway"})


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
    quota: Annotated[JsonValue | None, Later("remove it; slipway:functions bounds each function")] = Field(
        default=None, description="Quotas of the environment; not served by this version."
    )
    egress: Annotated[JsonValue | None, Later("remove it; slipway:network sets subnets and security groups")] = Field(
        default=None, description="Allowed outgoing traffic; not served by this version."
    )
    registries: Annotated[JsonValue | None, Later("remove it; images are taken by digest only")] = Field(
        default=None, description="Registries that images may come from; not served by this version."
    )


class Settings(Model):
    """An environment as its operators describe it."""

    model_config = ConfigDict(title="stacks/Pulumi.<environment>.yaml")

    target: Literal["lambda", "knative"] = Field(
        description="Where functions run; this version serves `lambda` only.", examples=["lambda"]
    )
    aws: Aws = Field(description="Account and region.")
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
    protect: bool = Field(default=False, description="Whether what holds data is protected from deletion.")
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
    sinks: Annotated[JsonValue | None, Later("remove it; logs are in the environment's log groups")] = Field(
        default=None, description="Log sinks; not served by this version."
    )
    policy: Annotated[JsonValue | None, Later("remove it")] = Field(
        default=None, description="Enforcement levels and waivers of policies; not served by this version."
    )
    registry: Annotated[JsonValue | None, Later("remove it; give functions an image with digest")] = Field(
        default=None, description="Registry that images are pushed to; not served by this version."
    )
    domain: Annotated[JsonValue | None, Later("remove it; the public entry has an address of its own")] = Field(
        default=None, description="Domain of the public entry; not served by this version."
    )
    kube_context: Annotated[JsonValue | None, Later("remove it; set slipway:target to lambda")] = Field(
        default=None, description="Cluster of the Knative target; not served by this version."
    )
    namespace: Annotated[JsonValue | None, Later("remove it; set slipway:target to lambda")] = Field(
        default=None, description="Namespace of the Knative target; not served by this version."
    )

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
    secretsprovider: str | None = Field(default=None, description="Written by Pulumi.")
    encryptedkey: str | None = Field(default=None, description="Written by Pulumi.")
