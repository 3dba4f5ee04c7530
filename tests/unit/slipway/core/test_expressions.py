"""The grammar of schedules."""

import pytest

from slipway.core.expressions import schedule_mistake


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(1 hour)",
        "rate(999 days)",
        "cron(0 6 * * ? *)",
        "cron(0/15 8-18 ? * MON-FRI *)",
        "cron(15 2 L * ? *)",
        "cron(15 2 LW * ? *)",
        "cron(0 0 15W * ? 2030-2040)",
        "cron(0 0 ? JAN,JUL 2#1 *)",
        "cron(0 0 ? * FRI#2 *)",
        "cron(0 0 ? * 6L *)",
        "cron(0,30 */2 1,15 1-12/3 ? 2024/2)",
        "cron(0 0 ? * fri-mon *)",
    ],
)
def test_right(expression):
    assert schedule_mistake(expression) is None


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("rate(1 minutes)", "write rate(1 minute)"),
        ("rate(5 minute)", "write rate(5 minutes)"),
        ("rate(05 minutes)", "write rate(5 minutes)"),
        ("rate(0 minutes)", "at least 1"),
        ("rate(5 seconds)", "units are"),
        ("rate(5minutes)", "units are"),
        ("rate(-1 minutes)", "units are"),
        ("every 5 minutes", "rate(5 minutes)"),
        ("", "rate(5 minutes)"),
        ("*/5 * * * *", "rate(5 minutes)"),
        ("cron(0 6 * * ?)", "found 5"),
        ("cron()", "found 0"),
        ("cron(0 6 * * * *)", "must have ?"),
        ("cron(0 6 ? * ? *)", "must have ?"),
        ("cron(60 6 * * ? *)", "'60' as minutes"),
        ("cron(0 24 * * ? *)", "'24' as hours"),
        ("cron(0 6 0 * ? *)", "'0' as day of month"),
        ("cron(0 6 * 13 ? *)", "'13' as month"),
        ("cron(0 6 ? * 8 *)", "'8' as day of week"),
        ("cron(0 6 ? * MO *)", "'MO' as day of week"),
        ("cron(0 6 * * ? 1969)", "'1969' as year"),
        ("cron(5-1 6 * * ? *)", "'5-1' as minutes"),
        ("cron(0/0 6 * * ? *)", "'0/0' as minutes"),
        ("cron(? 6 * * ? *)", "'?' as minutes"),
        ("cron(1,,2 6 * * ? *)", "'1,,2' as minutes"),
        ("cron(0 6 32W * ? *)", "'32W' as day of month"),
        ("cron(0 6 ? * 2#6 *)", "'2#6' as day of week"),
    ],
)
def test_wrong(expression, part):
    wrong = schedule_mistake(expression)
    assert wrong is not None
    assert part in "; ".join(wrong)
