"""The example request or event of a function: `functions/<name>/example.json`."""

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, JsonValue

from slipway.core.document import Document
from slipway.core.explain import check
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


@dataclasses.dataclass(frozen=True, slots=True)
class ExampleMistake:
    """What is wrong with an example.

    Attributes:
        rule: Identifier of the finding.
        message: What is wrong, as one clause.
        remedy: What to do about it.
        at: Line and column, if known.
    """

    rule: str
    message: str
    remedy: str = ""
    at: tuple[int, int] | None = None


class ExampleError(Exception):
    """An example that cannot be used.

    Attributes:
        mistakes: Everything that is wrong with it.
    """

    def __init__(self, *mistakes: ExampleMistake) -> None:
        super().__init__("; ".join(mistake.message for mistake in mistakes))
        self.mistakes = mistakes


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
        value = json.loads(read_text(path, inside=directory, limit=_LIMIT_BYTES))
    except UnreadableError as error:
        raise ExampleError(ExampleMistake(error.rule, error.message)) from None
    except json.JSONDecodeError as error:
        at = (error.lineno, error.colno)
        raise ExampleError(ExampleMistake("bad-json", f"is not valid JSON: {error.msg}", at=at)) from None
    except (RecursionError, ValueError):
        message = "is not valid JSON: nested too deep or a number too long"
        raise ExampleError(ExampleMistake("bad-json", message)) from None
    if not isinstance(value, dict):
        known = ", ".join(Example.model_fields)
        raise ExampleError(ExampleMistake("bad-example", "is not a JSON object", f"its keys are {known}"))
    checked = check(Example, Document(file=FILE, data=value), {})
    if checked.model is None or checked.findings:
        raise ExampleError(*(ExampleMistake(one.rule, one.message, one.remedy or "") for one in checked.findings))
    return checked.model
