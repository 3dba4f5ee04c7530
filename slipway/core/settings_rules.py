"""What must hold between the keys of one environment's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.core.catalogue import VERBS
from slipway.core.document import property_name
from slipway.core.explain import Mistake
from slipway.core.findings import Severity
from slipway.core.settings import PREFIX
from slipway.core.settings_parts import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slipway.core.document import PropertyPath
    from slipway.core.settings import Settings


def settings_mistakes(settings: Settings) -> Iterator[Mistake]:
    """What is wrong between the keys of an environment's settings.

    Args:
        settings: Settings whose single keys are right.

    Yields:
        Mistakes, with paths into the settings.
    """
    if settings.target != "lambda":
        yield Mistake(
            path=("target",),
            rule="not-served",
            message=f"slipway:target {settings.target!r} is not served by this version",
            remedy="set it to lambda",
        )
    yield from _aws(settings)
    yield from _tokens(settings)
    yield from _scales(settings)
    for path, arn in _arns(settings).items():
        yield from _arn(settings, path, arn)


def _aws(settings: Settings) -> Iterator[Mistake]:
    aws = settings.aws
    if aws.partition not in {None, aws.region_partition}:
        yield Mistake(
            path=("aws", "partition"),
            rule="wrong-partition",
            message=f"slipway:aws.partition must be {aws.region_partition} for region {aws.region}, "
            f"found {aws.partition!r}",
            remedy="remove it",
        )
    local = aws.endpoint is not None and is_loopback(aws.endpoint)
    for name, value in (("accessKey", aws.access_key), ("secretKey", aws.secret_key)):
        if value is not None and not local:
            yield Mistake(
                path=("aws", name),
                rule="credentials-in-file",
                message=f"slipway:aws.{name} is only for an endpoint on this machine (loopback)",
                remedy="remove it, and revoke it if it is real; credentials come from profile, role or variables",
                at_key=True,
            )
    if (aws.access_key is None) != (aws.secret_key is None):
        missing = "secretKey" if aws.secret_key is None else "accessKey"
        yield Mistake(
            path=("aws", missing),
            rule="missing-key",
            message=f"slipway:aws.{missing} is missing",
            remedy="give both keys or none",
        )
    if aws.http_entry is not None and aws.endpoint is None:
        yield Mistake(
            path=("aws", "httpEntry"),
            rule="unused-key",
            message="slipway:aws.httpEntry is only for an embedded AWS",
            remedy="remove it, or set endpoint",
            at_key=True,
        )


def _tokens(settings: Settings) -> Iterator[Mistake]:
    tokens = settings.http.tokens
    if tokens is not None and not (tokens.issuer.startswith("https://") or is_loopback(tokens.issuer)):
        yield Mistake(
            path=("http", "tokens", "issuer"),
            rule="insecure-address",
            message="slipway:http.tokens.issuer must be an https address",
            remedy="keys that verify tokens must not travel in the clear",
        )


def _scales(settings: Settings) -> Iterator[Mistake]:
    for name, override in settings.functions.items():
        scale = override.scale
        if scale is not None and scale.max is not None and scale.min > scale.max:
            yield Mistake(
                path=("functions", name, "scale", "min"),
                rule="out-of-range",
                message=f"slipway:functions.{name}.scale.min {scale.min} is above max {scale.max}",
                remedy="lower it",
            )


def _arns(settings: Settings) -> Mapping[PropertyPath, str]:
    """Every ARN in the settings, by its path."""
    arns: dict[PropertyPath, str | None] = {
        ("encryption", "key"): settings.encryption.key if settings.encryption else None,
        ("guardrails", "permissionBoundary"): settings.guardrails.permission_boundary,
        ("alarms", "topic"): settings.alarms.topic if settings.alarms else None,
    }
    profiles = settings.code_signing.profiles if settings.code_signing else []
    arns.update({("codeSigning", "profiles", index): arn for index, arn in enumerate(profiles)})
    for kind in VERBS:
        for name, entry in settings.catalogue(kind).items():
            arns["resources", kind, name, "arn"] = entry.arn
            arns["resources", kind, name, "key"] = entry.key
    return {path: arn for path, arn in arns.items() if arn is not None}


def _arn(settings: Settings, path: PropertyPath, arn: str) -> Iterator[Mistake]:
    _, partition, _, region, account, *_ = arn.split(":")
    aws = settings.aws
    expected = {"partition": aws.partition or aws.region_partition, "region": aws.region, "account": aws.account}
    found = {"partition": partition, "region": region, "account": account}
    for part, value in found.items():
        if value in {"", expected[part]}:
            continue
        # Other accounts may share what they own; roles, however, take boundaries of their own account only.
        shared = part == "account" and path[0] != "guardrails"
        yield Mistake(
            path=path,
            rule=f"other-{part}",
            message=f"{PREFIX}{property_name(path)} is in {part} {value}, this environment is in {expected[part]}",
            remedy=f"the owner's policy must allow account {aws.account}" if shared else "use one of this environment",
            severity=Severity.WARNING if shared else Severity.ERROR,
        )
