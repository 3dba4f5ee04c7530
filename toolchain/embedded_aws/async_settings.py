"""What is deployed for a function's asynchronous invocations: retries, age, destinations, dead letters."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from moto.awslambda.utils import get_backend

from toolchain.embedded_aws.functions import split_reference

if TYPE_CHECKING:
    from toolchain.embedded_aws.functions import DeployedFunction

_DEFAULT_RETRIES = 2
_DEFAULT_AGE_S = 6 * 3600


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class AsyncSettings:
    """Settings of a function version; ARNs are empty where nothing is deployed.

    Attributes:
        retries: How often a failed invocation is repeated.
        max_age_s: Seconds after which an event is given up.
        on_success: Where the record of a success goes.
        on_failure: Where the record of a failure goes.
        dead_letter: Queue or topic that receives the event itself after a failure.
    """

    retries: int = _DEFAULT_RETRIES
    max_age_s: int = _DEFAULT_AGE_S
    on_success: str = ""
    on_failure: str = ""
    dead_letter: str = ""


def read(function: DeployedFunction) -> AsyncSettings:
    """The settings that hold for calls of this version under the qualifier it was asked for."""
    backend: Any = get_backend(function.account, function.region)
    _, qualifier = split_reference(function.arn)
    model = backend.get_function(function.name, qualifier)
    config = backend.event_invoke_settings(function.name, qualifier)
    destinations = config.get("DestinationConfig") or {}
    return AsyncSettings(
        retries=config.get("MaximumRetryAttempts", _DEFAULT_RETRIES),
        max_age_s=config.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_S),
        on_success=(destinations.get("OnSuccess") or {}).get("Destination", ""),
        on_failure=(destinations.get("OnFailure") or {}).get("Destination", ""),
        dead_letter=(getattr(model, "dead_letter_config", None) or {}).get("TargetArn", ""),
    )
