"""What each target serves of a function, and how: the one table from which refusals and the documentation are made."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TARGETS: Mapping[str, str] = {"lambda": "Lambda", "knative": "Knative"}
"""Targets and how messages call them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Support:
    """What one target makes of a feature.

    Attributes:
        how: How it serves it; the reason where it does not.
        instead: What to do where it does not; empty where it does.
    """

    how: str
    instead: str = ""

    @property
    def served(self) -> bool:
        """Whether the target serves it."""
        return not self.instead


@dataclasses.dataclass(frozen=True, slots=True)
class Feature:
    """One thing that function.yaml or an environment can say.

    Attributes:
        key: Stable identifier.
        shown: What the documentation calls it.
        on_lambda: What Lambda makes of it.
        on_knative: What Knative makes of it.
    """

    key: str
    shown: str
    on_lambda: Support
    on_knative: Support

    def on(self, target: str) -> Support:
        """What a target makes of it."""
        return self.on_lambda if target == "lambda" else self.on_knative


yes = no = Support

_PLAIN_SECRETS = no(
    "nothing of Slipway runs there that could fetch them",
    "use `uses: [{secret: <name>, can: [read]}]` and fetch it, or a Functions Framework handler",
)
IN_THE_IMAGE = "nothing of Slipway runs in the image"
"""Why Slipway does little for containers."""

_ROWS = (
    Feature(
        "code.python",
        "`runtime: python3.x`",
        yes("a zip with the adapter of the Functions Framework"),
        yes("an image on the environment's base, with the Functions Framework's own server"),
    ),
    Feature(
        "code.image",
        "`runtime: container`",
        yes("an image that speaks Lambda's runtime API, in ECR"),
        yes("an image that listens on `PORT`; checks paths, methods and tokens itself"),
    ),
    Feature(
        "code.containerfile",
        "`Containerfile` in the folder",
        yes("built, pushed to `slipway:registry` in ECR"),
        yes("built, pushed to `slipway:registry`"),
    ),
    Feature(
        "handler.plain",
        "handler with two parameters",
        yes("called with Lambda's own event and context"),
        no("there is no Lambda event", "take one parameter: a request or a CloudEvent"),
    ),
    Feature(
        "architecture.arm64",
        "`architecture: arm64` with a Python runtime",
        yes("Graviton"),
        no("a runtime has one base image, for x86_64", "remove it, or use runtime: container with such an image"),
    ),
    Feature("memory", "`memory`", yes("memory; processor time grows with it"), yes("request and limit; processor too")),
    Feature(
        "timeout",
        "`timeout`",
        yes("counts the call alone; a start has 10 seconds of its own"),
        yes("counts the wait for an instance too: leave room for a start from zero"),
    ),
    Feature(
        "timeout.long",
        "`timeout` above 600",
        yes("up to 900 seconds"),
        no("Knative allows 600 seconds as it is installed", "set at most 600, or hand the rest on through a queue"),
    ),
    Feature(
        "concurrency",
        "`concurrency`",
        yes("always one; the number is an upper bound"),
        yes("requests of one instance at a time (containerConcurrency)"),
    ),
    Feature(
        "scale",
        "`scale`",
        yes("provisioned and reserved concurrency"),
        yes("bounds of the autoscaler; zero without calls"),
    ),
    Feature(
        "secrets",
        "`secrets`, Python",
        yes("fetched from Secrets Manager at start"),
        yes("variables from an existing Kubernetes Secret; without a field its key `value`"),
    ),
    Feature(
        "secrets.plain",
        "`secrets`, plain handler or container",
        _PLAIN_SECRETS,
        yes("variables from an existing Kubernetes Secret"),
    ),
    Feature(
        "http.public",
        "`http`, `visibility: public`",
        yes("a route of the environment's HTTP API"),
        yes("a host of the function's own, `<function>.<namespace>.<domain>`"),
    ),
    Feature(
        "http.internal",
        "`http`, `visibility: internal`",
        yes("a Function URL, with `auth: iam`"),
        yes("an address inside the cluster"),
    ),
    Feature(
        "http.open-internal",
        "`auth: none` or `token`, internal",
        no("a Function URL is open to the world without signed requests", "use auth: iam, or visibility: public"),
        yes("only callers in the cluster reach it"),
    ),
    Feature(
        "http.iam",
        "`auth: iam`",
        yes("signed requests"),
        no("it has no signed requests", "use auth: token, or auth: none with visibility: internal"),
    ),
    Feature(
        "http.token",
        "`auth: token`, Python",
        yes("checked by the HTTP API"),
        yes("checked in front of the handler, whose pods may reach any https address for the issuer's keys"),
    ),
    Feature(
        "http.token-container",
        "`auth: token`, container",
        yes("checked by the HTTP API"),
        no(IN_THE_IMAGE, "check the token in the image and say auth: none, or use a Python runtime"),
    ),
    Feature(
        "http.cors",
        "`cors`, Python",
        yes("one set of rules for all public routes"),
        yes("rules of each route"),
    ),
    Feature(
        "http.cors-container",
        "`cors`, container",
        yes("one set of rules for all public routes"),
        no(IN_THE_IMAGE, "answer preflights in the image, or use a Python runtime"),
    ),
    Feature(
        "http.mixed-container",
        "public beside internal routes, container",
        yes("a route and a Function URL"),
        no(IN_THE_IMAGE + ", so all of it is public", "split it into two functions, or use a Python runtime"),
    ),
    Feature(
        "http.throttle",
        "`throttle`",
        yes("by route, status 429"),
        no("it bounds instances, not requests a second", "bound scale.max and concurrency"),
    ),
    Feature(
        "hosts",
        "`slipway:functions.<name>.hosts`",
        no("a custom domain is the account's, beside its DNS and certificates", "map it to the HTTP API there"),
        yes("a DomainMapping for each"),
    ),
    Feature(
        "schedule",
        "`schedule`",
        yes("EventBridge Scheduler"),
        yes("PingSource, through the broker"),
    ),
    Feature(
        "schedule.rate",
        "`rate(...)` that does not divide hour or day",
        yes("counted from the deployment on"),
        no("Unix cron cannot say it evenly", "use a rate that divides an hour or a day, one day, 7 days, or cron(...)"),
    ),
    Feature(
        "schedule.calendar",
        "`L`, `W`, `#` or a year in `cron(...)`",
        yes("EventBridge Scheduler"),
        no("Unix cron has no words for it", "run on each day that may be meant and check the date in the handler"),
    ),
    Feature("event", "`event`", yes("a rule on the environment's bus"), yes("a Trigger on the environment's broker")),
    Feature(
        "queue",
        "`queue`",
        yes("SQS, in batches; only messages that failed come again"),
        yes("Channel and Subscription, one by one; `batch` and `window` have no effect"),
    ),
    Feature(
        "queue.fifo",
        "FIFO queue",
        yes("in order within a group"),
        no("channels keep no order", "make the handler take messages in any order, without fifo"),
    ),
    Feature(
        "use.queue-send",
        "`uses` queue: send",
        yes("exact actions on it"),
        yes("POST of a CloudEvent to the channel"),
    ),
    Feature(
        "use.queue-fetch",
        "`uses` queue: receive, inspect",
        yes("exact actions on it"),
        no("channels hand messages on and cannot be asked", "take messages by `events: [queue: <name>]`"),
    ),
    Feature(
        "use.resource",
        "`uses` bucket, table, topic, key",
        yes("exact actions on it"),
        yes("its address, its Kubernetes Secret as variables, and a way out to its `egress`"),
    ),
    Feature(
        "use.secret",
        "`uses` secret: read",
        yes("exact actions on it"),
        no("functions have no access to the cluster's API", "take it as a variable by `secrets`"),
    ),
    Feature(
        "use.function",
        "`uses` function: invoke",
        yes("`lambda:InvokeFunction` on its alias `live`"),
        yes("its address in the cluster, and the way to the ingress that leads there"),
    ),
    Feature(
        "use.service",
        "`uses` service: call",
        yes("its address; network by `slipway:network`"),
        yes("its address, and a way out to its `egress`"),
    ),
    Feature(
        "lambda.layers",
        "`lambda.layers`",
        yes("up to 5"),
        no("images have no Lambda layers", "put it into requirements.in, or use runtime: container"),
    ),
    Feature(
        "lambda.storage",
        "`lambda.ephemeralStorage`",
        yes("size of `/tmp`"),
        no("`/tmp` counts as memory of the instance", "raise memory"),
    ),
    Feature(
        "lambda.snapshot",
        "`lambda.snapStart`",
        yes("versions start from a snapshot"),
        no("it has no snapshots", "set scale.min to 1 where a cold start is too slow"),
    ),
    Feature(
        "rollout",
        "`rollout`",
        yes("weights of the alias `live`"),
        yes("traffic of the newest revision"),
    ),
    Feature(
        "rollout.warm",
        "`rollout` with `scale.min` above 0",
        no("an alias with weights takes no provisioned concurrency", "set scale.min to 0, or remove rollout"),
        yes("each revision keeps its instances"),
    ),
    Feature(
        "sinks",
        "`sinks`",
        yes("a subscription filter of the function's log group for each"),
        yes("the agent on each node forwards what pods print"),
    ),
    Feature(
        "retries",
        "retries and dead letters of events",
        yes("an SQS queue of dead letters for each function"),
        yes("retries that wait longer each time, then a store of dead letters in the namespace"),
    ),
)

FEATURES: Mapping[str, Feature] = {feature.key: feature for feature in _ROWS}
"""What functions can say, by key."""
