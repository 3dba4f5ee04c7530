"""Examples of settings and records in the documentation are what validation and the schema take."""

import json
import re
from pathlib import Path

import pytest

from slipway.core.envelope import Envelope
from slipway.core.findings import errors_in
from slipway.core.redaction import PATTERNS

DOCS = Path(__file__).parents[4] / "docs"
PAGE = (DOCS / "sinks.md").read_text(encoding="utf-8")
WHOLE = (DOCS / "environments.md").read_text(encoding="utf-8")


def blocks(language, page=PAGE):
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", [text for text in blocks("yaml", WHOLE) if "config:" in text])
def test_whole_environments_are_right(box, manifest, text):
    for name in ("orders", "nightly-report"):
        box.function(name, manifest("events: [event: {type: a}]"))
    box.stack("dev", text.replace("<64 hex digits>", "0" * 64), sinks="")
    assert [finding.render() for finding in errors_in(box.load().findings)] == []


@pytest.mark.parametrize("text", blocks("yaml"))
def test_settings_on_the_page_are_right(box, manifest, text):
    account = 'slipway:target: lambda\nslipway:aws: {account: "123456789012", region: eu-central-1}\n'
    box.function("receipts", manifest("events: [event: {type: a}]", owner="team-payments"))
    box.stack("dev", "config:\n" + "".join(f"  {line}\n" for line in (account + text).splitlines()))
    assert "slipway:sinks:" in text
    assert box.lines() == []


def test_the_envelope_on_the_page_is_one():
    [text] = blocks("json")
    assert set(Envelope.model_validate(json.loads(text)).model_dump(exclude_none=True)) == set(
        Envelope.model_fields
    ) - {
        "commit",
        "cut",
    }


def test_the_page_tells_of_each_pattern():
    assert re.findall(r"^\| `([a-z-]+)` \| .* \|$", PAGE.partition("| Pattern |")[2], re.MULTILINE) == list(PATTERNS)
