"""What each target serves of log sinks: the table from which refusals and the documentation are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.core.targets import Feature, no, yes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.core.settings_sinks import Sink

_OTHER_ON_LAMBDA = "use s3, opensearch with arn, or http with a receiver of Firehose"
_OTHER_ON_KNATIVE = "use otlp, loki, s3 with bucket, or opensearch with address"

_DESTINATIONS = (
    Feature(
        "s3.create",
        "`s3: {create: true}`",
        yes("Firehose; the bucket is made"),
        no("the cluster makes no buckets", "give bucket, with endpoint where it is not on AWS"),
    ),
    Feature("s3.bucket", "`s3: {bucket: ...}`", yes("Firehose"), yes("the agent, with the keys of `secret`")),
    Feature(
        "loki",
        "`loki`",
        no("Firehose does not know it", _OTHER_ON_LAMBDA),
        yes("the agent, by OTLP"),
    ),
    Feature(
        "otlp",
        "`otlp`",
        no("Firehose does not know it", "use http with a collector that has the receiver awsfirehose"),
        yes("the agent"),
    ),
    Feature(
        "opensearch.arn",
        "`opensearch` with `arn`",
        yes("Firehose, with a role that may write to the domain"),
        no("the agent signs no requests for AWS", "add address, and secret"),
    ),
    Feature(
        "opensearch.address",
        "`opensearch` with `address`",
        no("Firehose takes domains of Amazon OpenSearch Service only", "add arn, or use http"),
        yes("the agent"),
    ),
    Feature("http", "`http`", yes("Firehose's HTTP requests"), no("there is no Firehose", _OTHER_ON_KNATIVE)),
    Feature(
        "destination",
        "`destination`",
        yes("the subscription filter itself, without a stream"),
        no("there is no CloudWatch", _OTHER_ON_KNATIVE),
    ),
)

DESTINATION_FEATURES: Mapping[str, Feature] = {feature.key: feature for feature in _DESTINATIONS}
"""Destinations, by key."""


def destination_features(sink: Sink) -> list[Feature]:
    """What a sink's destination is; a store that is given for both targets is two."""
    kind = sink.kind
    if kind not in {"s3", "opensearch"}:
        return [DESTINATION_FEATURES[kind]]
    parts = ("create", "bucket") if kind == "s3" else ("arn", "address")
    return [DESTINATION_FEATURES[f"{kind}.{part}"] for part in parts if getattr(sink.at, part) is not None]
