"""What each target, and each destination, serves of log sinks: tables for refusals and for the documentation."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from slipway.core.targets import Feature, no, yes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.core.document import PropertyPath
    from slipway.core.settings_sinks import Sink

_OTHER_ON_LAMBDA = "use s3, opensearch with arn, or http with a receiver of Firehose's requests"
_OTHER_ON_KNATIVE = "use otlp, loki, s3 with bucket, or opensearch with address"

DESTINATIONS = (
    Feature(
        "s3.create",
        "`s3: {create: true}`",
        yes("a bucket and a Firehose stream are made"),
        no("a cluster makes no buckets", "give bucket, and endpoint where it is not on AWS"),
    ),
    Feature("s3.bucket", "`s3: {bucket: ...}`", yes("a Firehose stream"), yes("the agent")),
    Feature("loki", "`loki`", no("Firehose does not know it", _OTHER_ON_LAMBDA), yes("the agent, by OTLP")),
    Feature(
        "otlp",
        "`otlp`",
        no("Firehose does not know it", "use http with a collector that has the receiver awsfirehose"),
        yes("the agent"),
    ),
    Feature(
        "opensearch.arn",
        "`opensearch: {arn: ...}`",
        yes("a Firehose stream, whose role may write to the domain"),
        no("the agent signs no requests for AWS", "give address, and secret"),
    ),
    Feature(
        "opensearch.address",
        "`opensearch: {address: ...}`",
        no("Firehose takes domains of Amazon OpenSearch Service only", "give arn, or use http"),
        yes("the agent"),
    ),
    Feature("http", "`http`", yes("a Firehose stream"), no("there is no Firehose", _OTHER_ON_KNATIVE)),
    Feature(
        "destination",
        "`destination`",
        yes("the subscription filter itself, without a stream"),
        no("there is no CloudWatch", _OTHER_ON_KNATIVE),
    ),
)
"""Where a sink can be."""

_OPTIONS = (
    Feature(
        "s3.endpoint",
        "`s3.endpoint`",
        no("Firehose writes to AWS only", "remove it"),
        yes("any store that speaks S3"),
    ),
    Feature(
        "s3.secret",
        "`s3.secret`",
        no("the stream has a role", "remove it; the bucket's policy must allow that role"),
        yes("keys of a Kubernetes Secret"),
    ),
    Feature(
        "opensearch.secret",
        "`opensearch.secret`",
        no("the stream has a role", "remove it; the domain's policy must allow that role"),
        yes("the header `Authorization`"),
    ),
    Feature(
        "encryption",
        "`encryption`",
        yes("key of the stream, and of the bucket that is made"),
        no("the agent keeps its queue on the node's disk, and the store encrypts its own way", "remove it"),
    ),
    Feature(
        "buffer.size",
        "`buffer.size`",
        no("Firehose keeps what the store does not take, for 24 hours", "remove it"),
        yes("disk of the agent's queue on each node"),
    ),
)

SINKS: Mapping[str, Feature] = {feature.key: feature for feature in (*DESTINATIONS, *_OPTIONS)}
"""What sinks can say for one target only, by the path below the sink."""


@dataclasses.dataclass(frozen=True, slots=True)
class Option:
    """A key of a sink that not every destination can have.

    Attributes:
        destinations: Keys of the destinations that take it.
        why: Why the others do not.
    """

    destinations: frozenset[str]
    why: str


_OWN_WAY = frozenset(feature.key for feature in DESTINATIONS) - {"destination"}
_AS_THEY_ARE = "CloudWatch hands records to it as they are"

OPTIONS: Mapping[str, Option] = {
    "retention": Option(
        frozenset({"s3.create", "opensearch.arn", "http"}),
        "what the environment does not make keeps records its own way",
    ),
    "partition": Option(frozenset({"s3.create", "s3.bucket"}), "only buckets have folders"),
    "encryption": Option(_OWN_WAY, "there is no stream"),
    "level": Option(_OWN_WAY, _AS_THEY_ARE),
    "exclude": Option(_OWN_WAY, _AS_THEY_ARE),
    "redact": Option(_OWN_WAY, _AS_THEY_ARE),
    "buffer": Option(_OWN_WAY, "there is no stream"),
}
"""Keys of a sink to the destinations that take them; all other keys go with every destination."""


def destinations(sink: Sink) -> list[Feature]:
    """Where a sink is; a store that is given for each target in its own way is two of them."""
    return [feature for feature in DESTINATIONS if _given(sink, feature.key)]


def options(sink: Sink) -> Iterator[tuple[Feature, PropertyPath]]:
    """What a sink says beside its destination that only one target serves, each with its path below the sink."""
    for feature in _OPTIONS:
        if _given(sink, feature.key):
            yield feature, tuple(feature.key.split("."))


def serves(sink: Sink, target: str) -> bool:
    """Whether records of functions on a target can get to a sink."""
    return any(feature.on(target).served for feature in destinations(sink))


def _given(sink: Sink, key: str) -> bool:
    first, _, second = key.partition(".")
    part = getattr(sink, first)
    return first in sink.model_fields_set and part is not None and (not second or second in part.model_fields_set)
