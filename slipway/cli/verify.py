"""`slipway verify`: invokes each function once and tells how it answered."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from slipway.aws import http
from slipway.aws.invoke import invoke
from slipway.cli import calls
from slipway.cli.options import functions_option, json_option, stack_option
from slipway.cli.session import Session
from slipway.cli.tables import print_json, print_table
from slipway.core.errors import BadInputError, EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.core.loaded import LoadedFunction


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Row:
    name: str
    target: str
    url: str | None
    via: str
    status: int | None
    latency_ms: float | None
    result: str


@click.command()
@stack_option
@functions_option
@json_option
def command(stack: str, functions: Sequence[str], as_json: bool) -> None:
    """Invoke each deployed function once with its example.json and tell how it answered.

    Functions with a public route are called by their real address, all others by Lambda's Invoke.
    Exit status: 0 all answered as their examples promise, 3 one did not.
    """
    session = Session.open(stack)
    deployed: Mapping[str, Mapping[str, Any]] = session.deployed().get("functions") or {}
    names = _names(session, deployed, functions)
    rows = [_verify(session, name, deployed.get(name)) for name in names]
    if as_json:
        print_json({"functions": [dataclasses.asdict(row) for row in rows]})
    else:
        print_table(
            ("name", "target", "url", "status", "latency", "result"),
            [
                (
                    row.name,
                    row.target,
                    row.url or row.via,
                    row.status,
                    None if row.latency_ms is None else f"{row.latency_ms:.0f} ms",
                    row.result,
                )
                for row in rows
            ],
        )
    failed = [row.name for row in rows if row.result != "ok"]
    if failed:
        raise EngineError(
            f"{len(failed)} of {len(rows)} functions failed: {', '.join(failed)}; what to do: "
            f"`slipway logs NAME -s {stack}` shows what one logged"
        )


def _names(session: Session, deployed: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    known = sorted({*session.functions, *deployed})
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise BadInputError(f"--function: no function {', '.join(unknown)}; known: {', '.join(known) or 'none'}")
    if not known:
        raise BadInputError(f"{session.environment}: no functions; what to do: add functions/NAME/function.yaml")
    return sorted(set(wanted)) or known


def _verify(session: Session, name: str, deployed: Mapping[str, Any] | None) -> _Row:
    target = str(deployed.get("target", "lambda")) if deployed else "-"
    row = _Row(name=name, target=target, url=None, via="invoke", status=None, latency_ms=None, result="")
    function = session.functions.get(name)
    if deployed is None:
        return dataclasses.replace(row, result=f"failed: not deployed; run `slipway up -s {session.environment}`")
    if function is None:
        return dataclasses.replace(row, result="failed: deployed, but its function.yaml is gone; run `slipway up`")
    url = deployed.get("url")
    try:
        call = calls.from_example(session.aws, function)
        auth = _public_auth(function) if url else None
        row = dataclasses.replace(row, url=str(url) if url else None, via="real address" if auth else "invoke")
        if auth is None or call.request is None:
            answer = invoke(session.aws, name, str(deployed["arn"]), call.payload)
        else:
            base = _base(function, str(url))
            answer = http.call(session.aws, name, base, call.request, signed=auth == "iam")
    except (EngineError, BadInputError) as error:
        return dataclasses.replace(row, result=f"failed: {error}")
    reason = calls.failure(call, answer.status, answer.body, answer.error)
    return dataclasses.replace(
        row,
        # Lambda's own status of an invocation is 200 also when the function failed.
        status=answer.status if answer.error is None else None,
        latency_ms=answer.duration_ms,
        result="ok" if reason is None else f"failed: {reason}",
    )


def _public_auth(function: LoadedFunction) -> str | None:
    """How the first event's public route is guarded; None when there is none that can be called from here.

    A route with `auth: token` wants a token of the environment's issuer, which Slipway has none of: it is invoked.
    """
    first = calls.first_route(function)
    if first is None or first.visibility != "public" or first.auth == "token":
        return None
    return first.auth


def _base(function: LoadedFunction, url: str) -> str:
    """The address of the public entry in the address of a function's first route."""
    first = calls.first_route(function)
    return url.removesuffix(first.path) if first is not None else url
