"""Arguments of a function, the same for every target. The defaults beside each field are the only ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.base import Transform


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cors:
    """Cross-origin rules of an HTTP route."""

    origins: Sequence[str]
    """Origins that may read answers, for example `https://shop.example.com`; never `*` together with credentials."""
    methods: Sequence[str] = ("GET",)
    """HTTP methods that other origins may use."""
    headers: Sequence[str] = ()
    """Request headers that other origins may send."""
    credentials: bool = False
    """Whether browsers may send cookies."""
    max_age_s: int = 300
    """Seconds for which a browser may remember these rules."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Throttle:
    """Upper bounds of requests to a route; more are answered with status 429."""

    rate: float
    """Requests a second, on average."""
    burst: int
    """Requests at once."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HttpEvent:
    """An HTTP route that calls the function."""

    path: str
    """Path with optional `{name}` parts and a trailing `{name+}`, for example `/orders/{id}`."""
    methods: Sequence[str] = ("ANY",)
    """HTTP methods in capitals; `ANY` alone means all."""
    auth: str = "iam"
    """Who may call: `none` (anyone), `token` (a valid JWT), `iam` (a signed request)."""
    visibility: str = "internal"
    """`public` (the environment's public entry) or `internal`."""
    cors: Cors | None = None
    """Cross-origin rules; None answers no preflight."""
    throttle: Throttle | None = None
    """Bounds of this route; None takes the environment's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScheduleEvent:
    """A clock that calls the function."""

    expression: str
    """`rate(5 minutes)` or `cron(0 6 * * ? *)`."""
    timezone: str = "UTC"
    """IANA name of the time zone that a cron expression is read in."""
    cron: str | None = None
    """The same clock in the five fields of Unix, which Knative reads; None on Lambda."""
    data: Mapping[str, Any] | None = None
    """JSON object that the function receives as the event's data."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BusEvent:
    """CloudEvents from the environment's bus that call the function."""

    type: str
    """CloudEvents `type` that must match exactly."""
    source: str | None = None
    """CloudEvents `source` that must match exactly; None takes any."""
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Further CloudEvents attributes that must match exactly."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class QueueEvent:
    """A queue of the catalogue whose messages call the function."""

    queue: str
    """Name in the environment's catalogue."""
    batch: int = 10
    """Messages handed over at once, at the most."""
    window_s: int = 0
    """Seconds to wait for a batch to fill."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Grant:
    """What a function may do with one entry of the catalogue."""

    kind: str
    """Kind of the resource: `queue`, `bucket`, `table`, `topic`, `secret`, `key`, `function`, `service`."""
    name: str
    """Name in the environment's catalogue; of a `function`, its own."""
    verbs: Sequence[str]
    """What it may do, for example `send`; the exact permissions are derived from these."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SecretVariable:
    """A variable whose value is fetched from a secret when the function starts."""

    variable: str
    """Name of the environment variable."""
    secret: str
    """Name in the environment's catalogue."""
    field: str | None = None
    """Key in a JSON secret; None takes the whole value."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Code:
    """What runs: a package in a bucket, or an image. Exactly one of the two is set."""

    bucket: pulumi.Input[str] | None = None
    """Bucket that holds the package."""
    key: pulumi.Input[str] | None = None
    """Key of the package; it contains the digest of its inputs."""
    image: pulumi.Input[str] | None = None
    """Image with digest, `registry/name@sha256:...`: of a container, and of every function on Knative."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LambdaOptions:
    """What only the Lambda target has."""

    layers: Sequence[str] = ()
    """ARNs of layer versions, at most 5."""
    ephemeral_storage_mb: int = 512
    """Size of `/tmp` in MB, 512 to 10240."""
    snap_start: bool = False
    """Whether published versions start from a snapshot."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pointer:
    """Where the calls of a function go now, as the target tells before anything is planned.

    A version of the code has a name and an identity. On Lambda both are its number; on Knative the name is that of a
    revision, and the identity a hash of the template that the revision was made from.
    """

    stable: str
    """Name of the version that has the main traffic."""
    current: str | None = None
    """Identity of that version; None when it is not known."""
    latest: str | None = None
    """Identity of the newest version; None when it is not known."""
    rejected: str | None = None
    """Identities that rollbacks turned away, with commas between, oldest first; they get no traffic."""

    def rejects(self, identity: str) -> bool:
        """Whether a rollback turned away the version with this identity."""
        return self.rejected is not None and identity in self.rejected.split(",")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rollout:
    """How a new version takes over."""

    canary: int
    """Percent of the calls that a new version gets until it is promoted, 1 to 99."""
    pointer: Pointer | None = None
    """Where the calls go now; None when the function does not exist yet."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FunctionArgs:
    """A function as its developers describe it, the same for every target."""

    description: str = ""
    """One line for people."""
    owner: str
    """Team that answers for it."""
    commit: str = "unknown"
    """Commit that last changed its code."""
    code_digest: str | None = None
    """Digest of what its code is made of, the same on every target; None when it is not known."""
    target: str | None = None
    """`lambda` or `knative`; None takes the environment's."""
    runtime: str
    """`python3.11`, `python3.12`, `python3.13`, or `container`."""
    code: Code
    """What runs."""
    handler: str | None = None
    """`module:attribute`; None for containers."""
    signature: str = "http"
    """`http` or `cloudevent` (Functions Framework), or `lambda` (plain `handler(event, context)`)."""
    architecture: str = "x86_64"
    """`x86_64` or `arm64`."""
    memory_mb: int = 256
    """Memory in MB."""
    timeout_s: int = 30
    """Seconds before an invocation is ended."""
    concurrency: int = 1
    """Requests that one instance takes at a time, at the most."""
    min_scale: int = 0
    """Instances that are always warm."""
    max_scale: int | None = None
    """Instances at the most; None leaves it to the account's limit."""
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Environment variables, none of them secret."""
    secrets: Sequence[SecretVariable] = ()
    """Environment variables that come from secrets."""
    http: Sequence[HttpEvent] = ()
    """HTTP routes."""
    schedules: Sequence[ScheduleEvent] = ()
    """Clocks."""
    events: Sequence[BusEvent] = ()
    """Subscriptions to the bus."""
    queues: Sequence[QueueEvent] = ()
    """Queues that it takes messages from."""
    grants: Sequence[Grant] = ()
    """What it may do with resources of the catalogue."""
    rollout: Rollout | None = None
    """How a new version takes over; None gives it all calls at once."""
    hosts: Sequence[str] = ()
    """Host names of its own, beside the one that the target gives it (Knative only)."""
    sinks: Sequence[str] = ()
    """Names of the environment's log sinks that its logs go to."""
    lambda_options: LambdaOptions = dataclasses.field(default_factory=LambdaOptions)
    """What only the Lambda target has."""
    transforms: Mapping[str, Transform] = dataclasses.field(default_factory=dict)
    """Escape hatch: part of the function to a pure function of its arguments and options."""

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any], code: Code) -> FunctionArgs:
        """Arguments from JSON-like values whose keys are the names of these fields.

        Args:
            spec: Field names to values; lists of mappings for the nested fields. `code` is not among them.
            code: What runs.

        Raises:
            TypeError: A key is not a field, or a field without a default is missing.
        """
        values = dict(spec)
        for name, kind in _NESTED.items():
            if name in values:
                values[name] = tuple(kind(**item) for item in values[name])
        values["http"] = tuple(_http(item) for item in values.get("http", ()))
        if "lambda_options" in values:
            values["lambda_options"] = LambdaOptions(**values["lambda_options"])
        if values.get("rollout") is not None:
            values["rollout"] = _rollout(values["rollout"])
        return cls(code=code, **values)


_NESTED: Mapping[str, type[Any]] = {
    "secrets": SecretVariable,
    "schedules": ScheduleEvent,
    "events": BusEvent,
    "queues": QueueEvent,
    "grants": Grant,
}


def _http(item: Mapping[str, Any]) -> HttpEvent:
    values = dict(item)
    for name, kind in (("cors", Cors), ("throttle", Throttle)):
        if values.get(name) is not None:
            values[name] = kind(**values[name])
    return HttpEvent(**values)


def _rollout(item: Mapping[str, Any]) -> Rollout:
    values = dict(item)
    if values.get("pointer") is not None:
        values["pointer"] = Pointer(**values["pointer"])
    return Rollout(**values)
