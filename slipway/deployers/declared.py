"""What a program declares, and where its environment lies: all that rights of a pipeline follow from."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from slipway.core.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The shortest limits of names are 63 and 64 characters; what is longer is cut there and ends with a hash of 9.
_LONGEST = 50


@dataclasses.dataclass(frozen=True, kw_only=True)
class Declared:
    """One resource of a program.

    Attributes:
        type: Its type, `aws:sqs/queue:Queue`.
        name: Its name in the program.
        inputs: What it is given, as far as it is known before anything exists.
    """

    type: str
    name: str
    inputs: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """Where an environment lies.

    Attributes:
        partition: Partition of AWS.
        region: Region.
        account: Account.
        prefix: First part of every name.
        environment: Name of the environment.
        key: ARN of its key, where operators named one.
    """

    partition: str
    region: str
    account: str
    prefix: str
    environment: str
    key: str | None = None

    def __post_init__(self) -> None:
        if len(self.base) > _LONGEST:
            raise BadInputError(
                f"{self.environment}: prefix and environment are {len(self.base)} characters long, at most {_LONGEST} "
                "can be told apart in names that AWS cuts; shorten slipway:prefix"
            )

    @property
    def base(self) -> str:
        """What the names of everything in it begin with."""
        return f"{self.prefix}-{self.environment}"

    def pattern(self, name: str) -> str:
        """A name as a policy says it: all of the environment's, or the one that it has beside them."""
        beginnings = (f"{self.base}-", f"/slipway/{self.environment}/")
        return next((f"{beginning}*" for beginning in beginnings if name.startswith(beginning)), name)

    def fill(self, template: str, name: str = "", boundary: str = "") -> str:
        """A template of the table with everything in its place."""
        return template.format(
            partition=self.partition,
            region=self.region,
            account=self.account,
            environment=self.environment,
            base=self.base,
            name=name,
            boundary=boundary,
        )
