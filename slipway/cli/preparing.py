"""Has on this machine what an environment needs: the engine's plugins, the embedded cluster, the embedded AWS."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.cli import local
from slipway.core.errors import EngineError
from toolchain import record as records
from toolchain.embedded_aws import lifecycle

if TYPE_CHECKING:
    from slipway.cli.session import Session


def prepare(session: Session) -> None:
    """Have the programs that an update of the environment needs; most often `make setup` has brought those for Lambda.

    Raises:
        BadInputError: The machine lacks what is needed to get one.
        EngineError: One cannot be had.
    """
    containers = any(function.containerfile is not None for function in session.functions.values())
    if "lambda" in session.targets and "aws-provider" not in records.names(Path(sys.prefix)):
        from slipway.cli.toolchain import install_for  # noqa: PLC0415 - only what needs it loads the installer
        from toolchain.purposes import Purpose  # noqa: PLC0415

        install_for(Purpose.LOCAL)
    if "knative" not in session.targets and not containers:
        return
    from slipway.artifacts.images.containerfile import has_builder  # noqa: PLC0415 - Lambda alone does not need it
    from slipway.cli.toolchain import install_for  # noqa: PLC0415
    from toolchain.purposes import Purpose  # noqa: PLC0415

    install_for(Purpose.CONTAINERFILE if containers and not has_builder() else Purpose.KNATIVE)


def start_platforms(session: Session) -> dict[str, str]:
    """Start the embedded platforms that the environment is on, as far as they are this checkout's.

    Returns:
        What was done by the name of each platform; empty when the environment is on none.

    Raises:
        BadInputError: This machine cannot run one.
        EngineError: One does not start; the message says why.
    """
    done: dict[str, str] = {}
    if session.is_on_embedded_cluster:
        from slipway.cli import cluster  # noqa: PLC0415 - only what needs the cluster loads it

        found = cluster.bring_up(session.project, session.settings)
        if not found.healthy:
            ill = ", ".join(part.name for part in found.parts if part.state != "ok")
            raise EngineError(
                f"{session.environment}: the embedded cluster runs, but not all of it works ({ill}); what to do: "
                "`slipway cluster status` and `slipway cluster logs PART` tell more"
            )
        done["embedded cluster"] = "started" if found.started else "runs"
    if session.is_on_embedded_aws:
        with local.embedded_errors():
            aws = lifecycle.start(local.config_of(session.project))
        done["embedded AWS"] = "started" if aws.started else "runs"
    return done
