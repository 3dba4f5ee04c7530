"""Variables whose values are fetched from Secrets Manager when the function starts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slipway_runtime.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

VARIABLE = "SLIPWAY_SECRETS"
"""Holds JSON `{"DB_PASSWORD": {"arn": "arn:aws:...", "field": "password"}}`; field null takes the whole value."""

_CONNECT_S = 2
_READ_S = 5
_ATTEMPTS = 3


def load(environ: MutableMapping[str, str]) -> dict[str, str]:
    """Fetch each secret that `SLIPWAY_SECRETS` names, once, and set the variables.

    Args:
        environ: The process environment; read for `SLIPWAY_SECRETS`, changed in place.

    Returns:
        The variables that were set.

    Raises:
        StartupError: A secret cannot be read or does not hold what was asked for. The message names variable and
            secret, never a value.
    """
    wanted = json.loads(environ.get(VARIABLE) or "{}")
    if not wanted:
        return {}
    fetch = _fetcher()
    values: dict[str, str] = {}
    found: dict[str, str] = {}
    for variable, secret in wanted.items():
        arn, field = secret["arn"], secret.get("field")
        where = f"variable {variable}: secret {arn}"
        if arn not in values:
            values[arn] = fetch(arn, where)
        value = values[arn] if field is None else _field(values[arn], field, where)
        if "\0" in value:
            raise StartupError(f"{where} holds a NUL character, which no variable can hold; store it as text")
        found[variable] = value
    environ.update(found)
    return found


def _fetcher() -> Callable[[str, str], str]:
    # boto3 comes with the Lambda runtime; importing it costs a third of a second, so only functions with secrets pay.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    retries: Any = {"total_max_attempts": _ATTEMPTS, "mode": "standard"}
    config = Config(connect_timeout=_CONNECT_S, read_timeout=_READ_S, retries=retries)
    client = boto3.client("secretsmanager", config=config)

    def fetch(arn: str, where: str) -> str:
        try:
            answer = client.get_secret_value(SecretId=arn)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise StartupError(f"{where} cannot be read: {code}: {_remedy(code)}") from None
        except BotoCoreError as error:
            raise StartupError(f"{where} cannot be read: {error}") from None
        if "SecretString" not in answer:
            raise StartupError(f"{where} is binary; only text secrets can become variables")
        return answer["SecretString"]

    return fetch


def _remedy(code: str) -> str:
    if code == "ResourceNotFoundException":
        return "it does not exist or has no current value; create it, or correct its ARN in stacks/"
    if code in {"AccessDeniedException", "KMSAccessDeniedException"}:
        return "the function's role may not read or decrypt it; deploy again, or allow it in the key's policy"
    return "see the code in the AWS Secrets Manager documentation"


def _field(value: str, field: str, where: str) -> str:
    try:
        document = json.loads(value)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        # Not chained: the parser's error carries the value.
        raise StartupError(f"{where} is not a JSON object, so it has no field {field!r}; leave out the field") from None
    if field not in document:
        raise StartupError(f"{where} has no field {field!r}; it has: {', '.join(sorted(map(str, document))) or 'none'}")
    found = document[field]
    return found if isinstance(found, str) else json.dumps(found)
