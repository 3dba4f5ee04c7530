"""From a session to what runs its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slipway.core.errors import BadInputError
from slipway.running.inventory import target_of
from slipway.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slipway.cli.session import Session
    from slipway.running.runner import Runner


def targets_of(session: Session) -> Targets:
    """The targets of a session's environment."""
    return Targets(session.settings, session.project.kubeconfig)


def runner_of(session: Session, output: Mapping[str, Any]) -> Runner:
    """What runs a deployed function: where it was deployed to counts, not what its manifest says by now."""
    return targets_of(session).runner(target_of(output))


def chosen(session: Session, deployed: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    """Names of functions that options ask for: all of the project and all that are deployed, unless some are named.

    Raises:
        BadInputError: There is none of that name, or none at all.
    """
    known = sorted({*session.functions, *deployed})
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise BadInputError(f"--function: no function {', '.join(unknown)}; known: {', '.join(known) or 'none'}")
    if not known:
        raise BadInputError(f"{session.environment}: no functions; what to do: add functions/NAME/function.yaml")
    return sorted(set(wanted)) or known
