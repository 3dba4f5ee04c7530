"""Where the resources of an environment live, as far as recovery has to ask there."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.aws.clients import readable_errors
from slipway.engine import finders, kube_finders

if TYPE_CHECKING:
    from slipway.aws.clients import Aws
    from slipway.engine.finders import Wanted
    from slipway.kube.clients import Kube


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clouds:
    """The platforms of an environment.

    Attributes:
        environment: Name of the environment, for messages.
        aws: Its AWS account, if it has one.
        kube: Its cluster, if it has one.
    """

    environment: str
    aws: Aws | None = None
    kube: Kube | None = None

    def know(self, type_token: str) -> bool:
        """Whether `find` can tell of resources of a type."""
        if kube_finders.covers(type_token):
            return self.kube is not None
        return self.aws is not None and type_token in finders.KNOWN_TYPES

    def find(self, wanted: Wanted, who: str) -> tuple[str, dict[str, Any]] | None:
        """The id of a resource if it may exist, and outputs that its inputs do not tell; None when it does not exist.

        Args:
            wanted: The resource.
            who: Its name, for messages.

        Raises:
            EngineError: The platform cannot be asked.
            KeyError: It cannot be told; ask `know` before.
        """
        if kube_finders.covers(wanted.type):
            if self.kube is None:
                raise KeyError(wanted.type)
            return kube_finders.find(self.kube, wanted)
        if self.aws is None:
            raise KeyError(wanted.type)
        with readable_errors(self.environment, who):
            found = finders.find(self.aws, wanted)
        return None if found is None else (found, {})
