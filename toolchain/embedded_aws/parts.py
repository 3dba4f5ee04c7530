"""Composes the parts of the embedded AWS around moto."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from toolchain.embedded_aws import event_rules, firehose, lambda_backend, moto_gaps, queue_poller
from toolchain.embedded_aws.async_invoker import AsyncInvoker
from toolchain.embedded_aws.firehose import Firehose
from toolchain.embedded_aws.gateway import Gateway
from toolchain.embedded_aws.http_entry import HttpEntry
from toolchain.embedded_aws.invoke_api import InvokeApi
from toolchain.embedded_aws.invoker import Invoker
from toolchain.embedded_aws.keeper import Keeper
from toolchain.embedded_aws.pool import SandboxPool
from toolchain.embedded_aws.queue_poller import QueuePoller
from toolchain.embedded_aws.schedules import Schedules
from toolchain.embedded_aws.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolchain.embedded_aws.config import Config

_log = logging.getLogger(__name__)


class Parts:
    """Everything that runs inside the daemon."""

    def __init__(self, config: Config, moto: Any, status: Callable[[], dict[str, Any]]) -> None:
        self._config = config
        self.pool = SandboxPool(config)
        self.invoker = Invoker(config, self.pool)
        self.targets = Targets(config, self._accept)
        self.async_invoker = AsyncInvoker(config, self.invoker, self.targets)
        self.keeper = Keeper(config.state)
        self.queues = QueuePoller(config, self.invoker)
        self.schedules = Schedules(config, self.targets)
        self.firehose = Firehose(config, self.invoker, self.keeper)
        lambda_backend.install(self._accept, config.entry_url)
        event_rules.install(self.targets)
        queue_poller.install()
        firehose.install(self.firehose)
        moto_gaps.install()
        self.entry = HttpEntry(config, self.invoker)
        self.gateway = Gateway(
            moto, InvokeApi(config, self.invoker, self.async_invoker), self.schedules, self.keeper, status
        )

    def start(self) -> None:
        """Begin to serve queues, streams and schedules, and to save what changes."""
        self.keeper.start()
        self.queues.start()
        self.firehose.start()
        if self._config.schedules:
            self.schedules.start()

    def tidy(self) -> None:
        """Stop what nobody needs any more; called every few seconds."""
        self.pool.reap()

    def close(self) -> None:
        """End everything that runs."""
        self.schedules.close()
        self.queues.close()
        self.entry.close()
        self.async_invoker.close()
        self.firehose.close()
        self.pool.close()
        self.keeper.close()

    def _accept(self, arn: str, payload: bytes) -> None:
        region = arn.split(":")[3] if arn.startswith("arn:") else None
        function = self.invoker.find(arn, region=region)
        if function is None:
            raise LookupError(f"function {arn} does not exist")
        self.async_invoker.submit(function, payload)
