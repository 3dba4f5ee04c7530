"""Building blocks of the models: each kind of field once, with its limits and the words that messages use for it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Literal

import annotated_types
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Model(BaseModel):
    """Base of everything that is read from YAML: strict types, no unknown keys, camelCase, immutable."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, alias_generator=to_camel, allow_inf_nan=False, defer_build=True
    )


@dataclasses.dataclass(frozen=True)
class Bounds(annotated_types.GroupedMetadata):
    """A number from `low` to `high`, both included, with the unit that messages name."""

    low: float
    high: float
    unit: str = ""

    def __iter__(self) -> Iterator[object]:
        yield annotated_types.Ge(self.low)
        yield annotated_types.Le(self.high)

    @property
    def form(self) -> str:
        """What is allowed, in words."""
        return f"{self.low}-{self.high} {self.unit}".rstrip()


@dataclasses.dataclass(frozen=True)
class Shape(annotated_types.GroupedMetadata):
    """Text of a certain form."""

    pattern: str
    """Regular expression for the whole text, without look-around."""
    form: str
    """What a right value looks like, in words."""
    remedy: str = ""
    """What to do about another one, when the form does not already say it."""

    def __iter__(self) -> Iterator[object]:
        yield StringConstraints(pattern=f"^(?:{self.pattern})$")


@dataclasses.dataclass(frozen=True)
class Private:
    """Marks values that are never shown, because somebody may have written a secret there."""


@dataclasses.dataclass(frozen=True)
class Later:
    """Marks keys that are known and described, but not served yet."""

    instead: str
    """What to do until then, as one clause."""


def mistake(rule: str, message: str, remedy: str = "") -> PydanticCustomError:
    """An error for validators of models to raise.

    Args:
        rule: Identifier of the finding; it must be a literal in the source.
        message: What is wrong, as a clause that follows the property's name.
        remedy: What to do about it.
    """
    return PydanticCustomError(rule, "{text}", {"text": message, "remedy": remedy})


def only_known(cls: type[Model], value: Any) -> bool:
    """Whether a mapping has no key that its model does not have.

    If something is misspelt, that is said and not what seems to be missing.

    Args:
        cls: The model.
        value: What stands in the file.
    """
    return isinstance(value, dict) and not value.keys() - {f.alias or name for name, f in cls.model_fields.items()}


def no_value_twice(values: list[str]) -> list[str]:
    """The same list, for validators of models.

    Raises:
        PydanticCustomError: It has a value twice.
    """
    if len(values) != len(set(values)):
        raise mistake("repeated-value", "has a value twice", "keep one")
    return values


def short_form(key: str, long_form: type[Model]) -> BeforeValidator:
    """Lets text stand for a mapping with one key: `queue: receipts` for `queue: {name: receipts}`.

    Args:
        key: The key that the text is the value of.
        long_form: The model of the mapping.
    """
    return BeforeValidator(
        lambda value: {key: value} if isinstance(value, str) else value, json_schema_input_type=str | long_form
    )


Name = Annotated[
    str,
    Shape(
        "[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?",
        "1-40 lower-case letters, digits and hyphens, with no hyphen first or last",
    ),
]
"""Name of a function or of an entry of the catalogue; 40 leaves room for prefix and environment in physical names."""

Owner = Annotated[str, Shape(r"[A-Za-z0-9][A-Za-z0-9 _.:/=+@-]{0,127}", "a team's name or address, 1-128 characters")]
"""Team that answers for a function."""

LogLevel = Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
"""Severity of a log record, the lowest first."""

_RESERVED_PREFIXES = ("AWS_", "FUNCTION_", "K_", "LAMBDA_", "SLIPWAY_")
_RESERVED = frozenset({"PORT"})


def _check_variable_name(name: str) -> str:
    if name in _RESERVED or name.startswith(_RESERVED_PREFIXES):
        raise mistake(
            "reserved-variable",
            "is a variable that the platform sets itself",
            f"choose another name than PORT, without {', '.join(_RESERVED_PREFIXES)} in front",
        )
    return name


# AWS Lambda API reference, `Environment`: names start with a letter and have two characters at least.
VariableName = Annotated[
    str,
    Shape("[A-Za-z][A-Za-z0-9_]+", "a letter, then at least one letter, digit or underscore"),
    AfterValidator(_check_variable_name),
]

# Values may be anything that is text; unquoted numbers and booleans are where YAML readers differ.
VariableValue = Annotated[str, Private()]

# AWS General Reference, "Tag naming limits": these characters are taken by every service.
TagValue = Annotated[str, Shape(r"[\w .:/=+@-]*", "letters, digits, spaces and _ . : / = + - @"), Field(max_length=256)]

Target = Literal["lambda", "knative"]
"""Where a function runs."""

ImageRef = Annotated[
    str, Shape(r"[a-z0-9][a-z0-9._:/-]{0,400}@sha256:[0-9a-f]{64}", "repository@sha256:<64 hex digits>")
]
"""An image by its digest, so that it is the same one tomorrow."""

Size = Annotated[str, Shape("[1-9][0-9]{0,5}(?:Mi|Gi|Ti)", "a size such as 500Mi or 1Gi")]
"""Size of a disk in Kubernetes' spelling."""

Memory = Annotated[int, Bounds(128, 10240, "MB")]
"""AWS Lambda quotas: function memory allocation."""

Timeout = Annotated[int, Bounds(1, 900, "seconds")]
"""AWS Lambda quotas: function timeout."""


class Scale(Model):
    """Number of instances."""

    min: Annotated[int, Bounds(0, 1000, "instances")] = Field(
        default=0, description="Instances that are always warm; provisioned concurrency on Lambda."
    )
    max: Annotated[int, Bounds(1, 10000, "instances")] | None = Field(
        default=None,
        description="Instances at the most, reserved concurrency on Lambda; without it, what account or cluster has.",
    )


class Throttle(Model):
    """Upper bounds of requests; more are answered with status 429."""

    # Amazon API Gateway quotas: 10,000 requests a second and a burst of 5,000 for an account in a region.
    rate: Annotated[float, Bounds(0.1, 10000, "requests a second")] = Field(
        description="Requests a second, on average."
    )
    burst: Annotated[int, Bounds(1, 5000, "requests")] = Field(description="Requests at once.")


def scale_mistake(scale: Scale) -> str | None:
    """What is wrong between the numbers of a scale, as a clause; None when nothing is."""
    if scale.max is not None and scale.min > scale.max:
        return f"min {scale.min} is above max {scale.max}"
    return None


# Pulumi writes plain values of the configuration back as text when it adds the key or salt of a new stack to the file.
Switch = Annotated[
    bool,
    BeforeValidator(
        lambda value: {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value,
        json_schema_input_type=bool | Literal["true", "false"],
    ),
]
