"""The example request or event of a function: `functions/<name>/example.json`."""

import json
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, JsonValue, ValidationError

from slipway.core.document import property_name
from slipway.core.fields import Bounds, Model, Shape
from slipway.core.files import UnreadableError, read_text

if TYPE_CHECKING:
    from pathlib import Path

FILE = "example.json"
"""Name of the file in the function's folder."""

# AWS Lambda quotas: payload of an asynchronous invocation, which events are.
_LIMIT_BYTES = 1024 * 1024


class Example(Model):
    """An example request, or the data of an example event; `slipway invoke` sends it when nothing else is given."""

    method: Annotated[str, Shape("GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE", "an HTTP method in capitals")] = Field(
        default="GET", description="HTTP method."
    )
    path: Annotated[str, Shape("/[!-~]{0,2047}", "a path that starts with /")] | None = Field(
        default=None, description="Path with its query; without it, the path of the first route."
    )
    headers: dict[str, str] = Field(default={}, description="Request headers.")
    body: JsonValue = Field(default=None, description="Body: text as it is, anything else as JSON.")
    status: Annotated[int, Bounds(100, 599)] = Field(default=200, description="Status that `slipway verify` expects.")
    data: JsonValue = Field(default=None, description="Data of an event; for functions without HTTP routes.")


class ExampleError(Exception):
    """An example that cannot be used.

    Attributes:
        rule: Identifier of the finding.
        message: What is wrong, as one clause.
        at: Line and column, if known.
    """

    def __init__(self, rule: str, message: str, at: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.rule, self.message, self.at = rule, message, at


def read_example(directory: "Path") -> Example | None:
    """The example of a function, or None when its folder holds none.

    Args:
        directory: The function's folder.

    Raises:
        ExampleError: The file cannot be read, is not JSON, or says something else than an example.
    """
    path = directory / FILE
    if not path.exists() and not path.is_symlink():
        return None
    try:
        return Example.model_validate(json.loads(read_text(path, inside=directory, limit=_LIMIT_BYTES)))
    except UnreadableError as error:
        raise ExampleError(error.rule, error.message) from None
    except json.JSONDecodeError as error:
        raise ExampleError("bad-json", f"is not valid JSON: {error.msg}", (error.lineno, error.colno)) from None
    except (RecursionError, ValueError) as error:
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False)[0]
            name = property_name(first["loc"]) or "the file"
            known = ", ".join(Example.model_fields)
            raise ExampleError("bad-example", f"{name}: {first['msg'].lower()}; keys are {known}") from None
        raise ExampleError("bad-json", "is not valid JSON: nested too deep or a number too long") from None
