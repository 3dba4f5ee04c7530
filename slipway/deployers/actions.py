"""What the provider calls for each type of resource: the one table that rights of pipelines are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.deployers.compute import COMPUTE
from slipway.deployers.platform import PLATFORM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slipway.deployers.table import Type

TYPES: Mapping[str, Type] = {**PLATFORM, **COMPUTE}
"""Types of resources to what they need; a type that is not here is refused."""
