"""The model of `functions/<name>/function.yaml`: what a developer says about a function."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from slipway.core.catalogue import VERBS
from slipway.core.events import BusEvent, Event, HttpEvent, QueueEvent, ScheduleEvent
from slipway.core.fields import (
    Bounds,
    ImageRef,
    Memory,
    Model,
    Name,
    Owner,
    Private,
    Scale,
    Shape,
    Target,
    Timeout,
    VariableName,
    VariableValue,
    mistake,
    no_value_twice,
)

Variables = dict[VariableName, VariableValue]
"""Environment variables."""

SecretRef = Annotated[
    str,
    Shape(
        "[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?(?:/[A-Za-z0-9_.-]{1,128})?",
        "the name of a secret in the environment's catalogue, with /field for a key of a JSON secret",
        "never write a secret itself; if one is in this file, it has to be changed where it is valid",
    ),
    Private(),
]


class Use(Model):
    """A resource of the environment's catalogue and what the function does with it."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [kind]} for kind in VERBS]})

    queue: Name | None = Field(default=None, description=f"A queue; verbs: {', '.join(VERBS['queue'])}.")
    bucket: Name | None = Field(default=None, description=f"A bucket; verbs: {', '.join(VERBS['bucket'])}.")
    table: Name | None = Field(default=None, description=f"A table; verbs: {', '.join(VERBS['table'])}.")
    topic: Name | None = Field(default=None, description=f"A topic; verbs: {', '.join(VERBS['topic'])}.")
    secret: Name | None = Field(default=None, description=f"A secret; verbs: {', '.join(VERBS['secret'])}.")
    key: Name | None = Field(default=None, description=f"A key; verbs: {', '.join(VERBS['key'])}.")
    function: Name | None = Field(
        default=None, description=f"Another function of the environment; verbs: {', '.join(VERBS['function'])}."
    )
    service: Name | None = Field(default=None, description=f"A service; verbs: {', '.join(VERBS['service'])}.")
    can: Annotated[list[str], Field(min_length=1, max_length=10)] = Field(
        description="Verbs; the exact permissions are derived from them.", examples=[["send"]]
    )

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.keys() - {*VERBS, "can"}:
            found = sorted(value.keys() & VERBS.keys())
            if len(found) != 1:
                raise mistake(
                    "one-kind",
                    f"must name exactly one of {', '.join(VERBS)}, found {' and '.join(found) or 'none'}",
                    "write an item for each",
                )
        return value

    @property
    def kind(self) -> str:
        """Kind of the resource."""
        return next(kind for kind in VERBS if getattr(self, kind) is not None)

    @property
    def name(self) -> str:
        """Its name in the catalogue; of a function, its own."""
        return str(getattr(self, self.kind))


class LambdaOptions(Model):
    """What only the Lambda target has."""

    layers: Annotated[
        list[
            Annotated[
                str, Shape(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]+:\d+", "a layer version's ARN")
            ]
        ],
        Field(max_length=5),
        AfterValidator(no_value_twice),
    ] = Field(default=[], description="ARNs of layer versions, at most 5.")
    ephemeral_storage: Annotated[int, Bounds(512, 10240, "MB")] = Field(
        default=512, description="Size of `/tmp` in MB."
    )
    snap_start: bool = Field(
        default=False, description="Whether published versions start from a snapshot; Python 3.12 or newer."
    )


class Rollout(Model):
    """How a new version takes over."""

    canary: Annotated[int, Bounds(1, 99, "percent")] = Field(
        description="Percent of calls that go to the new version until it is promoted."
    )


class Manifest(Model):
    """A function as its developers describe it."""

    model_config = ConfigDict(title="function.yaml")

    description: Annotated[str, Field(max_length=256)] = Field(
        default="", description="One line for people.", examples=["Takes an order"]
    )
    owner: Owner = Field(description="Team that answers for the function.", examples=["team-payments"])
    runtime: Literal["python3.11", "python3.12", "python3.13", "container"] = Field(
        description="Python version, or `container` for an image in any language.", examples=["python3.11"]
    )
    handler: (
        Annotated[
            str,
            Shape(
                r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*",
                "module:function, for example main:order",
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="`module:function` in the folder. One parameter: Functions Framework; two: plain Lambda.",
        examples=["main:order"],
    )
    image: ImageRef | None = Field(
        default=None,
        description="Image with digest, for `runtime: container`; without it, the folder's `Containerfile` is built.",
    )
    architecture: Literal["x86_64", "arm64"] = Field(default="x86_64", description="Processor architecture.")
    memory: Memory = Field(default=256, description="Memory in MB; processor time grows with it.")
    timeout: Timeout = Field(default=30, description="Seconds before a call is ended.")
    concurrency: Annotated[int, Bounds(1, 1000, "requests")] = Field(
        default=1,
        description="Requests that one instance takes at a time, at the most; on Lambda it is always one.",
    )
    scale: Scale = Field(default=Scale(), description="Number of instances.")
    environment: Variables = Field(
        default={},
        description="Environment variables, none of them secret; numbers and booleans in quotes.",
        examples=[{"LOG_LEVEL": "info"}],
    )
    envs: Variables = Field(default={}, description="The same as `environment`; use one of the two.")
    secrets: dict[VariableName, SecretRef] = Field(
        default={},
        description="Environment variables that come from secrets: name in the environment's catalogue, `/`, field.",
        examples=[{"DB_PASSWORD": "orders-db/password"}],
    )
    events: Annotated[list[Event], Field(max_length=100)] = Field(default=[], description="What calls the function.")
    uses: Annotated[list[Use], Field(max_length=100)] = Field(
        default=[], description="Resources of the environment's catalogue that it works with."
    )
    includes: Annotated[
        list[
            Annotated[
                str,
                Shape(
                    r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*/?",
                    "a file or folder by its path in functions/shared, for example templates/order.html",
                ),
            ]
        ],
        Field(max_length=50),
        AfterValidator(no_value_twice),
    ] = Field(
        default=[],
        description="Files and folders of `functions/shared` that travel with it, in `shared/`, beside the Python "
        "modules that it imports.",
        examples=[["templates"]],
    )
    lambda_: LambdaOptions = Field(
        default=LambdaOptions(), alias="lambda", description="What only the Lambda target has."
    )
    sinks: Annotated[list[Name], Field(min_length=1, max_length=10), AfterValidator(no_value_twice)] | None = Field(
        default=None,
        description="Log sinks that its logs go to; without it, all of the environment's that take them.",
        examples=[["central"]],
    )
    rollout: Rollout | None = Field(
        default=None,
        description="Gradual take-over of a new version; without it, a new version takes all calls at once.",
    )
    target: Target | None = Field(default=None, description="Where it runs; without it, the environment decides.")

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables under either of their two keys."""
        return {**self.environment, **self.envs}

    @property
    def http(self) -> list[HttpEvent]:
        """HTTP routes."""
        return [event.http for event in self.events if event.http is not None]

    @property
    def schedules(self) -> list[ScheduleEvent]:
        """Clocks."""
        return [event.schedule for event in self.events if event.schedule is not None]

    @property
    def subscriptions(self) -> list[BusEvent]:
        """Subscriptions to the environment's bus."""
        return [event.event for event in self.events if event.event is not None]

    @property
    def queues(self) -> list[QueueEvent]:
        """Queues that it takes messages from."""
        return [event.queue for event in self.events if event.queue is not None]
