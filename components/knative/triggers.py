"""What calls a function besides HTTP: events of the broker, clocks, queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.base import Component
from components.canonical import compact
from components.function.args import BusEvent, FunctionArgs, ScheduleEvent
from components.function.schedules import identity_of, schedule_name
from components.knative.delivery import delivery, subscriber
from components.knative.environment import KnativeEnvironment
from components.knative.labels import metadata
from components.knative.resources import API
from components.knative.site import BROKER
from components.knative.waiting import wait_for
from components.names import fit, part_of

_EVENTING = "eventing.knative.dev/v1"
_PING = "dev.knative.sources.ping"  # type of every event of a PingSource
SCHEDULE = "slipwayschedule"
"""Extension that carries the name of the schedule; the server in the image makes the same event of it as on Lambda."""

_MINUTES_S = 180


def make_triggers(
    owner: Component, args: FunctionArgs, environment: KnativeEnvironment, service: pulumi.Resource
) -> None:
    """Create everything that calls the function with events.

    Args:
        owner: The function.
        args: Its arguments.
        environment: The environment.
        service: The function's Knative Service.
    """
    receivers = [service, *([environment.dead_letters] if environment.dead_letters else [])]
    if environment.broker is not None:
        receivers.append(environment.broker)
    for event in args.events:
        _subscribe(owner, event, environment, receivers)
    for schedule in args.schedules:
        _make_clock(owner, schedule, environment, receivers)
    for queue in args.queues:
        _make_subscription(owner, queue.queue, environment, receivers)


def filter_of(event: BusEvent) -> dict[str, str]:
    """Attributes that an event must have, exactly."""
    source = {"source": event.source} if event.source is not None else {}
    return {**event.attributes, **source, "type": event.type}


def _subscribe(
    owner: Component, event: BusEvent, environment: KnativeEnvironment, receivers: Sequence[pulumi.Resource]
) -> None:
    part = part_of("trigger", event.type, event.type, event.source, dict(event.attributes))
    _make_trigger(owner, part, filter_of(event), environment, receivers)


def _make_clock(
    owner: Component, event: ScheduleEvent, environment: KnativeEnvironment, receivers: Sequence[pulumi.Resource]
) -> None:
    site = environment.site
    identity = identity_of(event)
    name = schedule_name(site.names, owner.name_of_component, event)
    trigger = _make_trigger(
        owner,
        part_of("schedule-trigger", event.expression, *identity),
        {"type": _PING, SCHEDULE: name},
        environment,
        receivers,
    )
    part = part_of("schedule", event.expression, *identity)
    _make(
        owner,
        part,
        ("sources.knative.dev/v1", "PingSource"),
        {
            "schedule": event.cron,
            "timezone": event.timezone,
            "contentType": "application/json",
            "data": compact(dict(event.data or {})),
            "ceOverrides": {"extensions": {SCHEDULE: name}},
            "sink": {"ref": {"apiVersion": _EVENTING, "kind": "Broker", "name": BROKER}},
        },
        environment=environment,
        depends_on=[trigger],
    )


def _make_subscription(
    owner: Component, queue: str, environment: KnativeEnvironment, receivers: Sequence[pulumi.Resource]
) -> None:
    resource = environment.resources["queue", queue]
    _make(
        owner,
        f"queue-{queue}",
        (API, "Subscription"),
        {
            "channel": {"apiVersion": API, "kind": "Channel", "name": resource.channel},
            "subscriber": subscriber(owner.name_of_component),
            "delivery": delivery(environment.site, owner.name_of_component),
        },
        environment=environment,
        depends_on=[*receivers, *resource.made],
    )


def _make_trigger(
    owner: Component,
    part: str,
    attributes: Mapping[str, str],
    environment: KnativeEnvironment,
    depends_on: Sequence[pulumi.Resource],
) -> CustomResource:
    return _make(
        owner,
        part,
        (_EVENTING, "Trigger"),
        {
            "broker": BROKER,
            "filter": {"attributes": dict(attributes)},
            "subscriber": subscriber(owner.name_of_component),
            "delivery": delivery(environment.site, owner.name_of_component),
        },
        environment=environment,
        depends_on=depends_on,
    )


def _make(
    owner: Component,
    part: str,
    kind: tuple[str, str],
    spec: Mapping[str, Any],
    *,
    environment: KnativeEnvironment,
    depends_on: Sequence[pulumi.Resource],
) -> CustomResource:
    name = fit("kubernetes", f"{owner.name_of_component}-{part}")
    return owner.child(
        part,
        CustomResource,
        {
            "api_version": kind[0],
            "kind": kind[1],
            "metadata": metadata(owner, name, environment.site.namespace, annotations=wait_for()),
            "spec": dict(spec),
        },
        depends_on=depends_on,
        timeout_s=_MINUTES_S,
    )
