"""The entry point: Firehose hands over records and gets as many back.

Facts: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
"""

from __future__ import annotations

import functools
import os
from typing import Any

from slipway_shipper.settings import Settings
from slipway_shipper.shipper import Shipper


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Transform a batch of records."""
    del context
    return {"records": [_shipper().transform(record) for record in event["records"]]}


@functools.cache
def _shipper() -> Shipper:
    return Shipper(Settings.of(os.environ))
