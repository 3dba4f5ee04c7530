"""`slipway invoke`: calls a deployed function."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import click

from slipway.cli import calls
from slipway.cli.options import json_option, stack_option
from slipway.cli.runners import runner_of
from slipway.cli.session import Session
from slipway.cli.tables import print_json
from slipway.core.errors import BadInputError, EngineError
from slipway.running import log_text
from slipway.running.calls import Call, Request
from slipway.running.inventory import find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slipway.core.loaded import LoadedFunction
    from slipway.running.calls import Answer

_NOT_HTTP = "--method, --path, --header and --query are for functions whose first event is http"


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Said:
    """What the command line says about the call."""

    data: str | None
    method: str | None
    path: str | None
    headers: Sequence[str]
    queries: Sequence[str]


@click.command()
@click.argument("name")
@stack_option
@click.option("--data", metavar="JSON|@FILE|-", help="Body of the request, or data of the event.")
@click.option("--example", is_flag=True, help="Call it with its example.json; the default when nothing is given.")
@click.option("--method", help="HTTP method; GET, or POST with --data.")
@click.option("--path", help="HTTP path, with a query if you like; default: the function's first route.")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="HTTP header; may be repeated.")
@click.option("--query", "queries", multiple=True, metavar="NAME=VALUE", help="Query parameter; may be repeated.")
@click.option("--async", "asynchronous", is_flag=True, help="Queue the event and do not wait for the answer.")
@json_option
def command(
    *,
    name: str,
    stack: str,
    data: str | None,
    example: bool,
    method: str | None,
    path: str | None,
    headers: tuple[str, ...],
    queries: tuple[str, ...],
    asynchronous: bool,
    as_json: bool,
) -> None:
    """Call the live version of function NAME once, and print its answer.

    Exit status: 0 it answered, 3 it failed, or answered with a server error.
    """
    given = any((data, method, path, headers, queries))
    if example and given:
        raise BadInputError("--example: cannot be combined with --data, --method, --path, --header or --query")
    session = Session.open(stack)
    deployed = find(session.deployed(), name, stack)
    function = _function(session, name)
    if given:
        call = _given(function, _Said(data=data, method=method, path=path, headers=headers, queries=queries))
    else:
        call = dataclasses.replace(calls.from_example(function), status=None)
    answer = runner_of(session, deployed).invoke(name, deployed, call, asynchronous=asynchronous)
    reason = None if asynchronous else call.failure(answer)
    if as_json:
        print_json(answer.to_json())
    else:
        _print(answer, asynchronous=asynchronous, failed=reason is not None)
    if reason is not None:
        raise EngineError(f"{name}: {reason}; what to do: `slipway logs {name} -s {stack}` shows what it logged")


def _function(session: Session, name: str) -> LoadedFunction:
    if name not in session.functions:
        raise BadInputError(
            f"{name}: deployed, but functions/{name}/function.yaml is gone or switched off in {session.environment}; "
            f"what to do: run `slipway up -s {session.environment}`"
        )
    return session.functions[name]


def _given(function: LoadedFunction, said: _Said) -> Call:
    value = calls.read_data(said.data) if said.data is not None else None
    first = calls.first_route(function)
    if first is None:
        if said.method or said.path or said.headers or said.queries:
            raise BadInputError(f"{function.name}: {_NOT_HTTP}, its first event is none; what to do: use --data")
        return calls.event(function, value)
    path, _, query = (said.path or first.path).partition("?")
    if not path.startswith("/"):
        raise BadInputError(f"--path: must start with /, found {path!r}")
    pairs = [_pair(item, "=", "--query") for item in said.queries]
    request = Request(
        method=(said.method or ("GET" if said.data is None else "POST")).upper(),
        path=path,
        query=(*parse_qsl(query, keep_blank_values=True), *pairs),
        headers=dict(_pair(item, ":", "--header") for item in said.headers),
    ).with_body(value)
    return calls.http_call(function, request)


def _pair(text: str, separator: str, option: str) -> tuple[str, str]:
    name, found, value = text.partition(separator)
    if not found or not name.strip():
        raise BadInputError(f"{option}: must be NAME{separator}VALUE, found {text!r}")
    return name.strip(), value.strip()


def _print(answer: Answer, *, asynchronous: bool, failed: bool) -> None:
    if asynchronous:
        click.echo("queued", err=True)
        return
    version = f", version {answer.version}" if answer.version else ""
    # Lambda's own status of an invocation is 200 also when the function failed.
    said = f"status {answer.status}" if answer.error is None else "failed"
    click.echo(f"{said}, {answer.duration_ms:.0f} ms{version}", err=True)
    logged = log_text.of_function(answer.log) if failed else ""
    if logged:
        click.echo(logged, err=True)
    if answer.error is None:
        _print_body(answer.body)


def _print_body(body: Any) -> None:
    if isinstance(body, bytes):
        sys.stdout.buffer.write(body)
    elif isinstance(body, str):
        click.echo(_indented(body))
    elif body is not None:
        click.echo(json.dumps(body, indent=2, ensure_ascii=False))


def _indented(text: str) -> str:
    """JSON indented, other text as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
