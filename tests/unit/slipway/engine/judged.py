"""Reports of the policy pack, made by the pack's own code: what it writes is what Slipway must read."""

import datetime as dt
import json

from policies.judge.judge import Judge
from policies.judge.report import report
from policies.judge.rule import PASS, Rule, fail, unknown
from policies.judge.settings import Settings
from policies.judge.values import UNKNOWN, Resource
from slipway.engine.policies import read_report

FUNCTION = "urn:pulumi:prod::shop::slipway:index:Environment$slipway:index:Function::orders"
QUEUE = "urn:pulumi:prod::shop::slipway:index:Environment$slipway:index:Function$t:m:T::{}"
SHARED = "urn:pulumi:prod::shop::slipway:index:Environment$t:m:T::{}"
PARENTS = {
    QUEUE.format("open"): FUNCTION,
    QUEUE.format("closed"): FUNCTION,
    QUEUE.format("later"): FUNCTION,
    FUNCTION: "urn:pulumi:prod::shop::slipway:index:Environment::prod",
    SHARED.format("shared"): "urn:pulumi:prod::shop::slipway:index:Environment::prod",
}


def _check(resource):
    found = resource.get("open")
    return unknown("open") if found is UNKNOWN else fail("open", "open must be false") if found else PASS


def _rule(id_, name, level="mandatory", types=("t:m:T",)):
    return Rule(
        id=id_,
        name=name,
        title=f"{name} holds",
        sources=(f"CKV_{id_}",),
        severity="high",
        remedy="close it",
        types=types,
        check=_check,
        level=level,
    )


def written(tmp_path, resources, **policy):
    """The report on resources (URN to whether it is open), read back from the file that the pack would write."""
    rules = (_rule("F9", "closed"), _rule("K10", "advised", "advisory"), _rule("S1", "elsewhere", types=("t:m:Other",)))
    judge = Judge(rules, Settings.read(policy, protect=True), dt.date(2026, 11, 26))
    for urn, is_open in resources.items():
        name = urn.rpartition("::")[2]
        judge.resource(Resource(urn=urn, type="t:m:T", name=name, props={"open": is_open}))
    file = tmp_path / "report.json"
    file.write_text(json.dumps(report(judge, "prod", complete=True)))
    return read_report(file)
