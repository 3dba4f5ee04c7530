"""The targets of an environment, each behind the same interface, made when something is first asked of it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from slipway.aws.clients import Aws
from slipway.aws.runner import LambdaRunner
from slipway.core.errors import BadInputError
from slipway.kube.clients import Kube
from slipway.kube.runner import KnativeRunner

if TYPE_CHECKING:
    from pathlib import Path

    from slipway.core.settings import Settings
    from slipway.running.runner import Runner


class Targets:
    """The targets of one environment, by their names in `function.yaml`."""

    def __init__(self, settings: Settings, kubeconfig: Path | None = None) -> None:
        """Take the environment.

        Args:
            settings: Its settings.
            kubeconfig: Kubeconfig of the embedded cluster, used where the settings name no other.
        """
        self._settings = settings
        self._kubeconfig = kubeconfig

    def runner(self, target: str) -> Runner:
        """What runs functions on a target.

        Raises:
            BadInputError: There is no such target.
            EngineError: The environment's settings say nothing about it.
        """
        if target == "lambda":
            return self._lambda
        if target == "knative":
            return self._knative
        raise BadInputError(f"unknown target {target!r}; what to do: deploy the function again with this version")

    @functools.cached_property
    def _lambda(self) -> Runner:
        return LambdaRunner(Aws.of(self._settings), self._settings.prefix)

    @functools.cached_property
    def _knative(self) -> Runner:
        return KnativeRunner(Kube.of(self._settings, self._kubeconfig))
