"""Cases of the rules: resources that pass, fail or are unknown, one file per rule.

```yaml
pass | fail | unknown | none:            # none: the rule has nothing to say
  what the case shows:
    - {type: TOKEN, name: NAME, props: {...}, property: PATH}   # property: which one decides; only where it is judged
```
`sources` says which resources, by `TOKEN::NAME` or anything else, a property's value comes from; `inputs` what the program
declares; `parent` whom it belongs to.
`!unknown` stands for a value that is not known before the update. A case's outcome is the worst verdict on its resources.
"""

import dataclasses
from pathlib import Path

import yaml

from policies.judge.rule import Rule, worst
from policies.judge.values import UNKNOWN, Resource
from policies.rules import all_rules

FOLDER = Path(__file__).parent / "fixtures"
OUTCOMES = ("pass", "fail", "unknown", "none")


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_constructor("!unknown", lambda loader, node: UNKNOWN)


@dataclasses.dataclass(frozen=True)
class Case:
    rule: object
    outcome: str
    title: str
    resources: tuple
    properties: tuple

    @property
    def id(self):
        return f"{self.rule.id}-{self.outcome}-{self.title}".replace(" ", "_")

    def verdicts(self):
        if isinstance(self.rule, Rule):
            said = [self.rule.check(one) for one in self.resources if one.type in self.rule.types]
            return [verdict for verdict in said if verdict is not None]
        return [verdict for _, verdict in self.rule.check(self.resources)]

    def verdict(self):
        found = self.verdicts()
        return worst(found) if found else None


def read(rule):
    path = FOLDER / f"{rule.name}.yaml"
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader) if path.exists() else {}


def cases(rules=None):
    for rule in rules or all_rules():
        for outcome, group in read(rule).items():
            for title, listed in (group or {}).items():
                yield Case(
                    rule, outcome, title, tuple(_resources(listed)), tuple(one.get("property") for one in listed)
                )


def _resources(listed):
    for number, one in enumerate(listed):
        name = one.get("name", f"r{number}")
        urn = f"urn:pulumi:test::proj::{one['type']}::{name}"
        yield Resource(
            urn=urn,
            type=one["type"],
            name=name,
            props=one["props"],
            parent=one.get("parent", ""),
            inputs=one.get("inputs"),
            sources={
                key: [f"urn:pulumi:test::proj::{of}" for of in used] for key, used in one.get("sources", {}).items()
            },
        )
