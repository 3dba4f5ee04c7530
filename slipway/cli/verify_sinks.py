"""`slipway verify sinks`: the delivery canary."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import click

from slipway.cli.options import functions_option, json_option, stack_option
from slipway.cli.runners import chosen, runner_of
from slipway.cli.session import Session
from slipway.cli.tables import print_json, print_table
from slipway.core.errors import EngineError, FindingsError
from slipway.core.sinks import sinks_of
from slipway.sinks import stores
from slipway.sinks.canary import LOST, Canary, Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.sinks.canary import Delivery

_COLUMNS = ("function", "sink", "sent", "arrived", "duplicated", "lost", "late p50", "late p99", "result")


@click.command("sinks")
@stack_option
@functions_option
@click.option(
    "--count",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    metavar="N",
    help="How many lines to send through each function's path.",
)
@click.option(
    "--within",
    "within_s",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long to wait for them. Default: twice what the slowest sink may collect, and a minute.",
)
@json_option
def command(*, stack: str, functions: Sequence[str], count: int, within_s: float | None, as_json: bool) -> None:
    """Send numbered lines through each function's path to its sinks, and count what arrives.

    Exit status: 0 all arrived, 1 lines are lost, 3 something could not be asked.
    """
    session = Session.open(stack)
    settings = session.settings
    deployed = session.deployed().get("functions") or {}
    names = [name for name in chosen(session, deployed, functions) if name in deployed and name in session.functions]
    if not names:
        raise EngineError(f"{stack}: none of these functions is deployed; what to do: run `slipway up -s {stack}`")
    subjects = [
        Subject(
            name=name,
            runner=runner_of(session, deployed[name]),
            sinks=sinks_of(session.functions[name], settings),
        )
        for name in names
    ]
    canary = Canary(
        stack,
        {name: deployed[name] for name in deployed},
        settings.sinks,
        functools.partial(stores.store_of, settings=settings),
        lambda text: None if as_json else click.echo(text, err=True),
    )
    found = canary.fly(subjects, count, within_s)
    _print(found, as_json=as_json)
    _judge(found, stack)


def _print(found: Sequence[Delivery], *, as_json: bool) -> None:
    if as_json:
        print_json({"deliveries": [delivery.to_json() for delivery in found]})
        return
    rows = [
        (d.function, d.sink, d.sent, d.arrived, d.duplicated, d.lost, _ms(d.p50_ms), _ms(d.p99_ms), d.result)
        for d in found
    ]
    print_table(_COLUMNS, rows)


def _ms(value: int | None) -> str | None:
    return None if value is None else f"{value} ms"


def _judge(found: Sequence[Delivery], stack: str) -> None:
    lost = _named(found, LOST)
    if lost:
        raise FindingsError(
            f"lines are lost, or later than was waited for: {', '.join(lost)}; what to do: run it again with a longer "
            f"--within; if it stays so, look at the state of the sink's agent or stream (docs/sinks.md) in {stack}"
        )
    failed = _named(found, "failed")
    if failed:
        raise EngineError(f"could not be tried: {', '.join(failed)}; the table says why")


def _named(found: Sequence[Delivery], result: str) -> Mapping[str, None]:
    return dict.fromkeys(f"{one.function} to {one.sink}" for one in found if one.result.partition(":")[0] == result)
