"""Environment variables that are the same on every target."""

from __future__ import annotations

from collections.abc import Mapping

from components.function.args import FunctionArgs


def framework_variables(args: FunctionArgs) -> Mapping[str, str]:
    """What tells the Functions Framework which function to serve; nothing for containers and plain handlers."""
    if args.handler is None or args.signature == "lambda":
        return {}
    module, _, attribute = args.handler.partition(":")
    return {
        "FUNCTION_SOURCE": module.replace(".", "/") + ".py",
        "FUNCTION_TARGET": attribute,
        "FUNCTION_SIGNATURE_TYPE": args.signature,
    }


def variable_of(kind: str, name: str, suffix: str = "") -> str:
    """Name of a variable that tells of an entry of the catalogue: `QUEUE_ORDERS_URL`.

    Args:
        kind: Kind of the entry.
        name: Its name.
        suffix: What the variable tells; nothing means the physical name.
    """
    return "_".join(part for part in (kind, name.replace("-", "_"), suffix) if part).upper()
