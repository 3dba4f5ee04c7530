"""Has on this machine what an environment needs: the engine's plugins, the embedded cluster, the embedded AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slipway.cli.session import Session


def prepare(session: Session) -> None:
    """Have the plugins of the engine that the environment needs; those for Lambda come with `make setup`.

    Raises:
        BadInputError: The machine lacks what is needed to get one.
        EngineError: One cannot be had.
    """
    if "knative" not in session.targets:
        return
    from slipway.cli.toolchain import install_for  # noqa: PLC0415 - only what needs it loads the installer
    from toolchain.purposes import Purpose  # noqa: PLC0415

    install_for(Purpose.KNATIVE)
