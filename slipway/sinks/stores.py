"""From the settings of a sink to the store behind it, as far as that can be read from here."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from slipway.aws.clients import Aws, readable_errors
from slipway.aws.http import Signing
from slipway.core.errors import BadInputError, EngineError
from slipway.core.explain import nearest
from slipway.core.names import sink_bucket
from slipway.core.sinks import sinks_of
from slipway.sinks.loki import LokiStore
from slipway.sinks.opensearch import OpenSearchStore
from slipway.sinks.s3 import S3Store
from slipway.sinks.web import Web, token_variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.core.loaded import LoadedFunction
    from slipway.core.settings import Settings
    from slipway.core.settings_sinks import S3, Loki, OpenSearch
    from slipway.sinks.store import Store

# Those that answer soonest first.
_READABLE = ("loki", "opensearch", "s3")
_TENANT = "X-Scope-OrgID"
# What stores that speak S3 and have no regions are asked with.
_REGION = "us-east-1"


def sinks_for(name: str, function: LoadedFunction | None, settings: Settings) -> list[str]:
    """Names of sinks in which records of a function may lie, those that are read soonest first.

    Args:
        name: Name of the function.
        function: The function; None when it is not in the project any more, or not deployed here.
        settings: Settings of the environment.
    """
    if function is not None:
        found = sinks_of(function, settings)
    else:
        # Who owned it is not known any more.
        found = [key for key, sink in settings.sinks.items() if sink.functions is None or name in sink.functions]
    kinds = {key: settings.sinks[key].kind for key in found}
    return sorted(found, key=lambda key: (_READABLE.index(kinds[key]) if kinds[key] in _READABLE else 9, key))


def is_readable(sink: str, settings: Settings) -> bool:
    """Whether a sink's store can be read from here."""
    return settings.sinks[sink].kind in _READABLE


def require_sink(sink: str, settings: Settings) -> None:
    """Make sure that there is a sink of that name.

    Raises:
        BadInputError: There is none.
    """
    if sink not in settings.sinks:
        known = ", ".join(sorted(settings.sinks)) or "none"
        raise BadInputError(
            f"--sink: {settings.environment} has no sink {sink!r}{nearest(sink, settings.sinks)}; there: {known}; what "
            f"to do: name one of these, or add it to slipway:sinks in stacks/Pulumi.{settings.environment}.yaml"
        )


def store_of(sink: str, settings: Settings, environ: Mapping[str, str] = os.environ) -> Store:
    """The store of a sink.

    Args:
        sink: Name of the sink.
        settings: Settings of its environment.
        environ: Where tokens are.

    Raises:
        BadInputError: It cannot be read from here.
        EngineError: AWS, asked where it is, refused or failed.
    """
    described = settings.sinks[sink]
    token = environ.get(token_variable(sink))
    if described.s3 is not None:
        return _bucket(sink, described.s3, settings)
    if described.loki is not None:
        return _loki(sink, described.loki, settings, token)
    if described.opensearch is not None:
        return _opensearch(sink, described.opensearch, settings, token)
    raise BadInputError(
        f"sink {sink}: kind {described.kind} only takes records, and which store is behind it is not known here; what "
        "to do: read it with that store's own tools, or name with --sink one of kind s3, loki or opensearch"
    )


def _bucket(sink: str, at: S3, settings: Settings) -> Store:
    partition = settings.sinks[sink].partition
    if at.bucket is None:
        aws = Aws.of(settings)
        bucket = sink_bucket(settings.prefix, settings.environment, sink, aws.account, aws.region)
        return S3Store(sink, bucket, prefix=at.prefix, partition=partition, client=lambda: aws.client("s3"))
    region = at.region or (settings.aws.region if settings.aws else _REGION)
    if settings.aws is not None and at.endpoint is None:
        aws = dataclasses.replace(Aws.of(settings), region=region)
    else:
        aws = Aws(environment=settings.environment, account="", region=region, endpoint=at.endpoint)
    return S3Store(sink, at.bucket, prefix=at.prefix, partition=partition, client=lambda: aws.client("s3"))


def _loki(sink: str, at: Loki, settings: Settings, token: str | None) -> Store:
    address = at.address or (settings.knative.log_store if settings.knative else None)
    if address is None:
        raise EngineError(
            f"sink {sink}: has no address; what to do: give slipway:sinks.{sink}.loki.address in "
            f"stacks/Pulumi.{settings.environment}.yaml"
        )
    return LokiStore(Web(sink, address, token=token, headers={_TENANT: at.tenant} if at.tenant else None))


def _opensearch(sink: str, at: OpenSearch, settings: Settings, token: str | None) -> Store:
    if at.address is not None:
        return OpenSearchStore(Web(sink, at.address, token=token), at.index)
    assert at.arn is not None
    region, domain = at.arn.split(":")[3], at.arn.rpartition("/")[2]
    aws = dataclasses.replace(Aws.of(settings), region=region)
    who = f"sink {sink} ({at.arn})"
    with readable_errors(settings.environment, who):
        about = aws.client("opensearch").describe_domain(DomainName=domain)["DomainStatus"]
    host = about.get("Endpoint") or (about.get("Endpoints") or {}).get("vpc")
    if not host:
        raise EngineError(f"{who}: has no endpoint yet; what to do: wait until the domain is active")
    return OpenSearchStore(Web(sink, f"https://{host}", auth=Signing(aws, who, "es")), at.index)
