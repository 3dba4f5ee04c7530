import datetime as dt

import pytest

from tests.unit.runtime.aws_events import schedule_event


@pytest.fixture
def report(sample, monkeypatch):
    monkeypatch.setenv("REPORT_TIMEZONE", "Europe/Berlin")
    return sample("nightly-report", "report", "cloudevent")


def test_covers_the_days_that_the_schedule_says(report, caplog):
    adapter, _, _ = report
    caplog.set_level("INFO")
    adapter.handle(schedule_event(data={"days": 7}), None)
    [record] = [record for record in caplog.records if record.getMessage() == "nightly report"]
    assert getattr(record, "from") == "2026-11-15T00:00:00+01:00"
    assert record.to == "2026-11-22T00:00:00+01:00"


def test_a_day_with_a_clock_change_has_25_hours(report):
    _, module, _ = report
    first, last = module.period(dt.datetime(2026, 10, 26, 1, 15, tzinfo=dt.UTC), 1)
    assert last.astimezone(dt.UTC) - first.astimezone(dt.UTC) == dt.timedelta(hours=25)


@pytest.mark.parametrize("days", [0, 367, -1, "7", None, 1.5])
def test_other_numbers_of_days_are_refused(report, days):
    adapter, _, _ = report
    with pytest.raises(ValueError, match=r"data\.days must be 1 to 366"):
        adapter.handle(schedule_event(data={"days": days}), None)
