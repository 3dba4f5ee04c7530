import datetime as dt

import pytest

from toolchain.embedded_aws.schedule_times import UnsupportedExpressionError, next_after


def seconds(text):
    return dt.datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("expression", "timezone", "moment", "expected"),
    [
        ("cron(0 6 * * ? *)", "UTC", "2026-11-22T06:00:00+00:00", "2026-11-23T06:00:00+00:00"),
        ("cron(0 6 * * ? *)", "Europe/Berlin", "2026-11-22T04:00:00+00:00", "2026-11-22T05:00:00+00:00"),
        ("cron(0 6 * * ? *)", "Europe/Berlin", "2026-07-01T00:00:00+00:00", "2026-07-01T04:00:00+00:00"),
        ("cron(0 6 ? * 2 *)", "UTC", "2026-11-22T00:00:00+00:00", "2026-11-23T06:00:00+00:00"),
        ("cron(0 6 ? * MON-FRI *)", "UTC", "2026-11-21T00:00:00+00:00", "2026-11-23T06:00:00+00:00"),
        ("cron(0 6 ? * 6L *)", "UTC", "2026-11-01T00:00:00+00:00", "2026-11-27T06:00:00+00:00"),
        ("cron(0 6 ? * 6#2 *)", "UTC", "2026-11-01T00:00:00+00:00", "2026-11-13T06:00:00+00:00"),
        ("cron(0 6 L * ? *)", "UTC", "2026-11-01T00:00:00+00:00", "2026-11-30T06:00:00+00:00"),
        ("cron(0/15 * * * ? *)", "UTC", "2026-11-22T10:16:00+00:00", "2026-11-22T10:30:00+00:00"),
        ("cron(0 6 1 1 ? 2030)", "UTC", "2026-11-22T00:00:00+00:00", "2030-01-01T06:00:00+00:00"),
        ("at(2026-12-24T18:00:00)", "Europe/Berlin", "2026-11-22T00:00:00+00:00", "2026-12-24T17:00:00+00:00"),
        ("rate(5 minutes)", "UTC", "2026-11-22T00:00:00+00:00", "2026-11-22T00:05:00+00:00"),
        ("rate(1 hour)", "UTC", "2026-11-22T02:30:00+00:00", "2026-11-22T03:00:00+00:00"),
    ],
)
def test_the_next_time(expression, timezone, moment, expected):
    start = seconds("2026-11-22T00:00:00+00:00")
    assert next_after(expression, timezone, start, seconds(moment)) == seconds(expected)


@pytest.mark.parametrize("expression", ["at(2026-01-01T00:00:00)", "cron(0 6 1 1 ? 2020)"])
def test_what_is_over_never_comes_again(expression):
    assert next_after(expression, "UTC", 0, seconds("2026-11-22T00:00:00+00:00")) is None


@pytest.mark.parametrize(
    ("expression", "timezone"),
    [
        ("every day", "UTC"),
        ("cron(0 6 15W * ? *)", "UTC"),
        ("cron(99 6 * * ? *)", "UTC"),
        ("cron(0 6 * * ? *)", "Moon/Base"),
    ],
)
def test_what_cannot_be_evaluated_is_named(expression, timezone):
    with pytest.raises(UnsupportedExpressionError) as refused:
        next_after(expression, timezone, 0, 0)
    assert expression in str(refused.value) or timezone in str(refused.value)
