"""Uploads packages to an environment's bucket: only what is missing there, with a checksum, from several threads."""

from __future__ import annotations

import base64
import threading
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from slipway.artifacts.store import file_sha256
from slipway.core.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from slipway.artifacts.inputs import PackageInputs

PREFIX = "packages/"
"""Where packages lie in the bucket: `packages/{function}/{digest}.zip`."""

_REMEDIES = {
    "AccessDenied": "the role needs s3:ListBucket, s3:PutObject and s3:GetObject on this bucket",
    "AllAccessDisabled": "the role needs s3:ListBucket, s3:PutObject and s3:GetObject on this bucket",
    "AuthorizationHeaderMalformed": "the bucket lies in another region than the environment's settings say",
    "ExpiredToken": "the credentials have expired; sign in again and run the same command again",
    "ExpiredTokenException": "the credentials have expired; sign in again and run the same command again",
    "IllegalLocationConstraintException": "the bucket lies in another region than the environment's settings say",
    "InvalidAccessKeyId": "AWS does not know these credentials; check AWS_PROFILE and the AWS_* variables",
    "NoSuchBucket": "the bucket does not exist; run `pulumi refresh`, then the same command again",
    "PermanentRedirect": "the bucket lies in another region than the environment's settings say",
    "RequestTimeTooSkewed": "the clock of this machine is wrong; set it",
    "SignatureDoesNotMatch": "AWS does not accept these credentials; check AWS_PROFILE and the AWS_* variables",
    "SlowDown": "AWS asked to slow down and still did after all retries; run the same command again",
    "TooManyRequestsException": "AWS asked to slow down and still did after all retries; run the same command again",
    "Throttling": "AWS asked to slow down and still did after all retries; run the same command again",
    "429": "AWS asked to slow down and still did after all retries; run the same command again",
    "InternalError": "S3 failed on its side and still did after all retries; run the same command again",
    "ServiceUnavailable": "S3 failed on its side and still did after all retries; run the same command again",
    "500": "S3 failed on its side and still did after all retries; run the same command again",
    "503": "S3 failed on its side and still did after all retries; run the same command again",
    "NoCredentialsError": "no credentials were found; set AWS_PROFILE or sign in",
    "EndpointConnectionError": "S3 cannot be reached; check the network and the environment's endpoint",
}
# The object is there already, or someone else is writing the same one at this moment: both hold the same bytes.
_THERE_ALREADY = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


def package_key(inputs: PackageInputs) -> str:
    """Where the package of these inputs lies in the bucket, known before the package exists."""
    return f"{PREFIX}{inputs.function}/{inputs.digest}.zip"


class Publisher:
    """Brings packages into one bucket; safe to use from several threads.

    How often a failed request is tried again is the client's own retry configuration.

    Args:
        bucket: Name of the bucket, which exists.
        s3_client_factory: Makes a boto3 S3 client for the environment; called once, when first needed.
    """

    def __init__(self, bucket: str, s3_client_factory: Callable[[], Any]) -> None:
        self._bucket = bucket
        self._factory = s3_client_factory
        self._lock = threading.Lock()
        self._client: Any = None
        self._keys: set[str] | None = None

    def ensure(
        self, digest: str, key: str, build: Callable[[], Path], *, function: str = "", commit: str = "unknown"
    ) -> bool:
        """Have the package lie in the bucket under its key.

        Args:
            digest: Digest of the package's inputs, kept in the object's metadata.
            key: `packages/{function}/{digest}.zip`.
            build: Returns the package's path, building it if need be; called only if the bucket lacks the key.
            function: Name of the function, for metadata and messages.
            commit: Commit that last changed it, for metadata.

        Returns:
            Whether it was uploaded now.

        Raises:
            EngineError: S3 refused or failed; the message names function, bucket, cause and remedy.
        """
        with self._lock:
            if self._client is None:
                self._client = self._calling(function, self._factory)
            client: Any = self._client
            if self._keys is None:
                self._keys = self._calling(function, self._list)
            if key in self._keys:
                return False
        path = build()
        metadata = {"commit": commit, "digest": digest, "function": function}
        self._calling(function, lambda: self._upload(client, key, path, metadata))
        with self._lock:
            self._keys.add(key)
        return True

    def _list(self) -> set[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX)
        return {entry["Key"] for page in pages for entry in page.get("Contents", ())}

    def _upload(self, client: Any, key: str, path: Path, metadata: dict[str, str]) -> None:
        checksum = base64.b64encode(bytes.fromhex(file_sha256(path))).decode()
        with path.open("rb") as body:
            try:
                client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    ContentType="application/zip",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=checksum,
                    IfNoneMatch="*",
                    Metadata=metadata,
                )
            except ClientError as error:
                if _code(error) not in _THERE_ALREADY:
                    raise

    def _calling(self, function: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (BotoCoreError, ClientError) as error:
            code = _code(error)
            who = f"function {function!r}" if function else "packages"
            said = f"{who}: the package cannot be published to bucket {self._bucket}: {error}"
            remedy = _REMEDIES.get(code) or _REMEDIES.get(_status(error))
            raise EngineError(f"{said}; {remedy}" if remedy else said) from error


def _code(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def _status(error: BotoCoreError | ClientError) -> str:
    response: Any = error.response if isinstance(error, ClientError) else {}
    return str(response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
