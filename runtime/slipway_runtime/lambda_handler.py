"""The Lambda handler: `slipway_runtime.lambda_handler.handle`. Importing this module starts the function."""

from __future__ import annotations

from slipway_runtime.startup import start

handle = start().handle
