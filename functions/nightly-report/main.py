"""Reports which days a night's run covers, as many as the schedule says."""

import datetime as dt
import logging
import os
import zoneinfo

from cloudevents.http import CloudEvent

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

ZONE = zoneinfo.ZoneInfo(os.environ.get("REPORT_TIMEZONE", "UTC"))
MOST_DAYS = 366


def report(event: CloudEvent) -> None:
    first, last = period(dt.datetime.fromisoformat(event["time"]), (event.data or {}).get("days", 1))
    log.info("nightly report", extra={"from": first.isoformat(), "to": last.isoformat(), "run": event["id"]})


def period(moment: dt.datetime, days: int) -> tuple[dt.datetime, dt.datetime]:
    """The last whole days before a moment: from midnight to midnight in the report's time zone.

    Raises:
        ValueError: Not a number of days from 1 to 366.
    """
    if not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        raise ValueError(f"data.days must be 1 to {MOST_DAYS}, found {days!r}")
    today = moment.astimezone(ZONE).date()
    return _midnight(today - dt.timedelta(days=days)), _midnight(today)


def _midnight(day: dt.date) -> dt.datetime:
    # Combined anew for each day: a night with a clock change is 23 or 25 hours long.
    return dt.datetime.combine(day, dt.time(), ZONE)
