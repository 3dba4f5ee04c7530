"""The page about policies lists every rule as it is."""

import re
from pathlib import Path

import pytest

from policies.docs import generated, page, table
from policies.rules import all_rules

pytestmark = pytest.mark.unit
PAGE = page(Path(__file__).parents[3])


def test_the_page_is_up_to_date():
    text = PAGE.read_text(encoding="utf-8")
    assert generated(text) == text, "run `make generate`"


def test_the_page_lists_each_rule_once():
    listed = re.findall(r"^\| \w+ \| `([a-z0-9-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(rule.name for rule in all_rules())


def test_rows_stand_by_number_and_wildcards_stay_text():
    text = table([rule for rule in all_rules() if rule.id in {"F10", "F9", "Q3"}])
    assert [line.split(" | ")[0] for line in text.splitlines()[2:]] == ["| F9", "| F10", "| Q3", "| Q3"]
    assert "sqs:\\*" in text
