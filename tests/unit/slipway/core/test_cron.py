"""Schedules as Unix cron: the same moments or none."""

import datetime as dt

import pytest
from croniter import croniter

from slipway.core.cron import NoCronError, unix_cron
from slipway.core.expressions import schedule_mistake


@pytest.mark.parametrize(
    ("expression", "feature", "why"),
    [
        ("rate(7 minutes)", "schedule.rate", "every 7 minutes"),
        ("rate(90 minutes)", "schedule.rate", "every 90 minutes"),
        ("rate(5 hours)", "schedule.rate", "every 5 hours"),
        ("rate(2 days)", "schedule.rate", "every 2 days"),
        ("rate(14 days)", "schedule.rate", "every 14 days"),
        ("cron(0 6 L * ? *)", "schedule.calendar", "the last day (L)"),
        ("cron(0 6 LW * ? *)", "schedule.calendar", "the last day (L)"),
        ("cron(0 6 15W * ? *)", "schedule.calendar", "the nearest weekday (W)"),
        ("cron(0 6 ? * 2#1 *)", "schedule.calendar", "a numbered weekday"),
        ("cron(0 6 ? * FRI#2 *)", "schedule.calendar", "a numbered weekday"),
        ("cron(0 6 ? * 6L *)", "schedule.calendar", "the last day (L)"),
        ("cron(0 6 1 1 ? 2030)", "schedule.calendar", "its year 2030"),
        ("cron(0 6 1 1 ? 2024/2)", "schedule.calendar", "its year 2024/2"),
    ],
)
def test_what_unix_cron_cannot_say(expression, feature, why):
    assert schedule_mistake(expression) is None
    with pytest.raises(NoCronError) as caught:
        unix_cron(expression)
    assert caught.value.feature == feature
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "cron"),
    [
        ("rate(1 minute)", "* * * * *"),
        ("rate(5 minutes)", "*/5 * * * *"),
        ("rate(60 minutes)", "0 * * * *"),
        ("rate(1 hour)", "0 * * * *"),
        ("rate(120 minutes)", "0 */2 * * *"),
        ("rate(12 hours)", "0 */12 * * *"),
        ("rate(24 hours)", "0 0 * * *"),
        ("rate(1 day)", "0 0 * * *"),
        ("rate(7 days)", "0 0 * * 0"),
        ("cron(15 2 * * ? *)", "15 2 * * *"),
        ("cron(0/15 8-18 ? * MON-FRI *)", "0/15 8-18 * * 1-5"),
        ("cron(0 6 ? * 1 *)", "0 6 * * 0"),
        ("cron(0 6 ? * 2-6/2 *)", "0 6 * * 1-5/2"),
        ("cron(0 6 ? * wed,sat *)", "0 6 * * 3,6"),
        ("cron(0 6 ? * FRI-MON *)", "0 6 * * 5,6,0,1"),
        ("cron(0 6 1,15 NOV-FEB/2 ? *)", "0 6 1,15 11,1 *"),
        ("cron(0 6 1 JUL ? *)", "0 6 1 7 *"),
    ],
)
def test_five_fields(expression, cron):
    assert schedule_mistake(expression) is None
    assert unix_cron(expression) == cron


def test_rates_are_even():
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    for expression, minutes in (("rate(15 minutes)", 15), ("rate(8 hours)", 480), ("rate(1 day)", 1440)):
        moments = croniter(unix_cron(expression), start)
        first, *others = (moments.get_next(dt.datetime) for _ in range(200))
        for moment in others:
            assert moment - first == dt.timedelta(minutes=minutes)
            first = moment
