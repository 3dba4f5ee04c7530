"""Settings of an environment that only one target has: the table from which refusals and the documentation are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.core.targets import Feature, no, yes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel

    from slipway.core.document import PropertyPath
    from slipway.core.settings import Settings

_LAMBDA_ONLY = "remove it"

_SETTINGS = (
    Feature(
        "logs.retention",
        "`slipway:logs.retention`",
        yes("days of the log group of each function"),
        no("the cluster keeps the output of pods its own way", "remove it"),
    ),
    Feature(
        "encryption",
        "`slipway:encryption`",
        yes("key for variables, logs and queues"),
        no("the cluster encrypts etcd and volumes", _LAMBDA_ONLY),
    ),
    Feature(
        "guardrails.permissionBoundary",
        "`slipway:guardrails.permissionBoundary`",
        yes("boundary of every role"),
        no("functions have no rights in the cluster that one could bound", _LAMBDA_ONLY),
    ),
    *(
        Feature(f"guardrails.{key}", f"`slipway:guardrails.{key}`", no(why, "remove it"), yes(what))
        for key, why, what in (
            ("quota", "the account bounds concurrency", "of the namespace"),
            ("developers", "IAM says who may look", "role in the namespace"),
            ("deployers", "IAM says who may deploy", "role in the namespace"),
            ("previewers", "IAM says who may read", "role in the namespace"),
            ("admission", "AWS has no such gate", "policies of the API server"),
        )
    ),
    Feature(
        "guardrails.accessLogs",
        "`slipway:guardrails.accessLogs`",
        yes("receiver of the access logs of packages' and sinks' buckets"),
        no("a cluster makes no buckets", _LAMBDA_ONLY),
    ),
    Feature(
        "http.throttle",
        "`slipway:http.throttle`",
        yes("bounds of each public route"),
        no("Knative bounds instances", "remove it; bound scale.max and concurrency of functions"),
    ),
    Feature(
        "network",
        "`slipway:network`",
        yes("VPC of the functions"),
        no("pods are in the cluster's network", "remove it; the catalogue's egress opens what functions use"),
    ),
    Feature(
        "codeSigning",
        "`slipway:codeSigning`",
        yes("accepted signatures"),
        no("images are taken by digest", _LAMBDA_ONLY),
    ),
    Feature(
        "alarms",
        "`slipway:alarms`",
        yes("CloudWatch alarms for each function"),
        no("the cluster's monitoring watches its pods", "remove it; slipway verify checks calls after an update"),
    ),
    Feature("namespace", "`slipway:namespace`", no("it has no namespaces", "remove it"), yes("one of its own")),
    Feature("domain", "`slipway:domain`", no("the HTTP API has an address of its own", "remove it"), yes("of hosts")),
    Feature(
        "ingressNamespace",
        "`slipway:ingressNamespace`",
        no("there is no ingress", "remove it"),
        yes("functions take calls from there"),
    ),
    Feature("images", "`slipway:images`", no("zips need no base image", "remove it"), yes("bases of images")),
    Feature(
        "eventing",
        "`slipway:eventing`",
        no("EventBridge and SQS need no such choice", "remove it"),
        yes("broker, channels, retries, dead letters"),
    ),
    Feature("http.tls", "`slipway:http.tls`", no("it is always https", "remove it"), yes("scheme of the entry")),
    Feature("http.port", "`slipway:http.port`", no("it is always 443", "remove it"), yes("port of the entry")),
)

SETTINGS: Mapping[str, Feature] = {feature.key: feature for feature in _SETTINGS}
"""What environments can say for one target only, by the path of the setting."""


def used_settings(settings: Settings) -> Iterator[tuple[Feature, PropertyPath]]:
    """Settings of one target only that an environment's file gives, each with its path."""
    for key, feature in SETTINGS.items():
        path = tuple(key.split("."))
        here: BaseModel = settings
        for name in path:
            attribute = _attribute(here, name)
            if attribute not in here.model_fields_set:
                break
            here = getattr(here, attribute)
        else:
            yield feature, path


def _attribute(model: BaseModel, key: str) -> str:
    return next(name for name, field in type(model).model_fields.items() if (field.alias or name) == key)
