"""What an environment says about the rules: levels, what to do about unknown values, waivers."""

from __future__ import annotations

import dataclasses
import datetime as dt
import fnmatch
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.judge.rule import AnyRule, Level
    from policies.judge.values import Resource

_LEVELS = frozenset({"mandatory", "advisory", "disabled"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waiver:
    """Leave to break one rule, for some resources, for some time.

    Attributes:
        rule: Id of the rule.
        resource: Shell-style pattern of logical names, physical names or URNs.
        reason: Why.
        owner: Who answers for it.
        expires: Last day on which it holds, in UTC.
    """

    rule: str
    resource: str
    reason: str
    owner: str
    expires: dt.date

    def covers(self, rule: AnyRule, resource: Resource) -> bool:
        """Whether it is about this rule and this resource, expired or not."""
        names = (resource.name, resource.urn, resource.physical_name)
        return rule.id == self.rule and any(
            name is not None and fnmatch.fnmatchcase(name, self.resource) for name in names
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """The key `policy` of an environment's settings.

    Attributes:
        unknown: Whether a mandatory rule fails when a value is not known yet, or only reports it.
        rules: Levels by the rules' ids; the rest keep their own.
        waivers: Waivers, in the order in which they are written.
    """

    unknown: Literal["fail", "report"] = "fail"
    rules: Mapping[str, Level] = dataclasses.field(default_factory=dict)
    waivers: Sequence[Waiver] = ()

    @classmethod
    def read(cls, policy: Mapping[str, Any] | None, *, protect: bool) -> Settings:
        """Settings from the values of the environment's file, which `slipway validate` has checked.

        Args:
            policy: Value of `slipway:policy`; None where the file has none.
            protect: Value of `slipway:protect`.

        Raises:
            ValueError: They are not of that form.
        """
        values = dict(policy or {})
        waivers = [_waiver(item) for item in values.pop("waivers", None) or ()]
        levels: dict[str, Level] = values.pop("rules", None) or {}
        unknown = values.pop("unknown", None) or ("fail" if protect else "report")
        if (
            values
            or unknown not in {"fail", "report"}
            or not set(levels.values())
            <= {
                "mandatory",
                "advisory",
                "disabled",
            }
        ):
            raise ValueError("slipway:policy is not valid; run `slipway validate`, which says where")
        fails = unknown == "fail" or (unknown is None and protect)
        return cls(unknown="fail" if fails else "report", rules=levels, waivers=tuple(waivers))

    def level(self, rule: AnyRule) -> Level:
        """What a failure of a rule does in this environment."""
        return self.rules.get(rule.id, rule.level)


def _waiver(item: Mapping[str, Any]) -> Waiver:
    try:
        values = dict(item)
        day = values.pop("expires")
        expires = day if isinstance(day, dt.date) else dt.date.fromisoformat(str(day))
        return Waiver(**values, expires=expires)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("a waiver of slipway:policy is not valid; run `slipway validate`, which says where") from error
