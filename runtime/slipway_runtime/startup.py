"""Start-up of a function: on Lambda secrets first, then everywhere the developer's module and the framework's app."""

from __future__ import annotations

import os

from flask import Flask
from functions_framework import create_app
from functions_framework.exceptions import FunctionsFrameworkException

from slipway_runtime import logs, masking, secrets
from slipway_runtime.adapter import Adapter
from slipway_runtime.errors import StartupError

_SIGNATURES = ("http", "cloudevent")


def start() -> Adapter:
    """Load the function that the environment names, for Lambda.

    Variables: `FUNCTION_TARGET` (function), `FUNCTION_SOURCE` (file, default `main.py`), `FUNCTION_SIGNATURE_TYPE`
    (`http` or `cloudevent`) and `SLIPWAY_SECRETS`.

    Returns:
        What serves the invocations.

    Raises:
        StartupError: A secret, the file or the function is missing, or the file fails when it is imported. The
            traceback of the latter is in the log.
    """
    logs.add_function_name()
    masking.install(secrets.load(os.environ))
    return Adapter(*load_app())


def load_app() -> tuple[Flask, str]:
    """Load the function that the environment names, whatever serves it.

    Returns:
        The framework's app, and its signature: `http` or `cloudevent`.

    Raises:
        StartupError: As `start` says, but for secrets.
    """
    source = os.environ.get("FUNCTION_SOURCE") or "main.py"
    target = os.environ.get("FUNCTION_TARGET")
    if not target:
        raise StartupError("the variable FUNCTION_TARGET is not set; it names the function in the source file")
    signature = os.environ.get("FUNCTION_SIGNATURE_TYPE") or "http"
    if signature not in _SIGNATURES:
        raise StartupError(f"FUNCTION_SIGNATURE_TYPE must be one of {', '.join(_SIGNATURES)}; found {signature}")
    return _load(source, target, signature)


def _load(source: str, target: str, signature: str) -> tuple[Flask, str]:
    try:
        app = create_app(target, source, signature)  # type: ignore[no-untyped-call]
    except FunctionsFrameworkException as error:
        raise StartupError(str(error)) from None
    except ModuleNotFoundError as error:
        logs.log.exception("%s cannot be imported", source)
        raise StartupError(_missing(source, error)) from None
    except Exception as error:  # noqa: BLE001 - a module may fail with anything when it is imported
        logs.log.exception("%s cannot be imported", source)
        raise StartupError(f"{source} cannot be imported: {type(error).__name__}: {error}") from None
    if not isinstance(app, Flask):
        raise StartupError(_NO_ASGI.format(source=source))
    # A decorator in the source file may say otherwise than the variable, and wins in the framework.
    return app, os.environ["FUNCTION_SIGNATURE_TYPE"]


_NO_ASGI = "{source} uses functions_framework.aio, which no target serves; write a plain `def` instead"


def _missing(source: str, error: ModuleNotFoundError) -> str:
    if (error.name or "").partition(".")[0] == "starlette":
        return _NO_ASGI.format(source=source)
    return (
        f"{source} cannot be imported: there is no module {error.name!r} in the package; add it to requirements.in "
        "and lock again, or put it into functions/shared"
    )
