"""AWS clients for an environment: the embedded AWS by its address, the real one by the usual credentials chain."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import threading
from typing import TYPE_CHECKING, Any

import boto3
import botocore.config
import botocore.exceptions

from slipway.aws.causes import AWS_CAUSES
from slipway.core.errors import EngineError
from slipway.running.causes import advice, first_cause, with_advice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slipway.core.settings import Settings

# Clients may be used by several threads at once, but not be made.
_MAKING = threading.Lock()
_CONNECT_TIMEOUT_S = 10
_READ_TIMEOUT_S = 60
# An invocation lasts 900 s at the most; repeating it would run the function twice.
_INVOKE_TIMEOUT_S = 910


@dataclasses.dataclass(frozen=True, kw_only=True)
class Aws:
    """The AWS account of an environment and how to reach it.

    Attributes:
        environment: Name of the environment, for messages.
        account: Account number, 12 digits.
        region: Region.
        endpoint: Address of all services of an embedded AWS; None for the real one.
        http_entry: Address at which an embedded AWS serves the deployed HTTP routes; None for the real one.
        access_key: Access key of an embedded AWS only.
        secret_key: Secret key of an embedded AWS only.
    """

    environment: str
    account: str
    region: str
    endpoint: str | None = None
    http_entry: str | None = None
    access_key: str | None = None
    secret_key: str | None = dataclasses.field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Aws:
        """The account that an environment's settings name.

        Raises:
            EngineError: They name none.
        """
        aws = settings.aws
        if aws is None:
            where = f"stacks/Pulumi.{settings.environment}.yaml"
            raise EngineError(f"{settings.environment}: has no AWS account; what to do: set slipway:aws in {where}")
        return cls(
            environment=settings.environment,
            account=aws.account,
            region=aws.region,
            endpoint=aws.endpoint,
            http_entry=aws.http_entry,
            access_key=aws.access_key,
            secret_key=aws.secret_key,
        )

    @functools.cached_property
    def session(self) -> boto3.session.Session:
        """The session that all clients share."""
        if self.endpoint is None:
            return boto3.session.Session(region_name=self.region)
        return boto3.session.Session(
            aws_access_key_id=self.access_key, aws_secret_access_key=self.secret_key, region_name=self.region
        )

    def client(self, service: str) -> Any:
        """A client of a service, with botocore's standard retries."""
        return self._client(service, read_timeout=_READ_TIMEOUT_S, attempts=5)

    def invoker(self) -> Any:
        """A Lambda client that waits as long as a function may run and never calls it twice."""
        return self._client("lambda", read_timeout=_INVOKE_TIMEOUT_S, attempts=1)

    def check_account(self) -> None:
        """Make sure that the credentials belong to the environment's account.

        Raises:
            EngineError: They belong to another one, or AWS cannot be asked.
        """
        with readable_errors(self.environment, f"account {self.account}"):
            found = self.client("sts").get_caller_identity()["Account"]
        if found != self.account:
            raise EngineError(
                f"{self.environment}: these credentials belong to account {found}, the environment is in "
                f"{self.account}; what to do: use that account's credentials (AWS_PROFILE, `aws sso login`)"
            )

    def _client(self, service: str, *, read_timeout: int, attempts: int) -> Any:
        config = botocore.config.Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=read_timeout,
            # An embedded AWS is on loopback, which no proxy reaches.
            proxies={} if self.endpoint else None,
        )
        with _MAKING:
            return self.session.client(service, endpoint_url=self.endpoint, config=config)  # type: ignore[call-overload]


@contextlib.contextmanager
def readable_errors(environment: str, who: str) -> Iterator[None]:
    """Turn AWS's and botocore's errors into messages that say who, what AWS said, and what to do.

    Args:
        environment: Name of the environment, for the advice.
        who: What was being worked on, a function for example.

    Raises:
        EngineError: Instead of those errors.
    """
    try:
        yield
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise EngineError(message_of(error, environment, who)) from error


def message_of(error: Exception, environment: str, who: str) -> str:
    """An error of botocore as `who: what AWS said; meaning; what to do: ...`."""
    return with_advice(AWS_CAUSES, str(error), environment, who)


def unreached(error: botocore.exceptions.BotoCoreError, environment: str) -> str:
    """An error of botocore before any answer: what it means and what to do, without the address of the one call."""
    known = first_cause(AWS_CAUSES, str(error))
    return str(error) if known is None else advice(known, environment)


def error_code(error: botocore.exceptions.ClientError) -> str:
    """AWS's name of an error, for example `ResourceNotFoundException`."""
    return str(error.response.get("Error", {}).get("Code", ""))
