"""The spans of time that digests tell of, in the office's zone.

slot    since the check before, until the end of this one
day     since the closing of the working day before, until this day's closing: one day's span begins where the last ends
week    Monday to Sunday          month   the calendar month
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mailgate.config_public import Period
from mailgate.core import thai
from mailgate.core.workdays import Workdays

_LONGEST_ABSENCE = 40  # days without a working day; a digest looks back no further


@dataclass(frozen=True, slots=True)
class Told:
    """A span of time, and what it is called (Thai)."""

    period: Period
    since: datetime
    until: datetime
    name: str


def slot(due: datetime, since: datetime, until: datetime, *, thai_digits: bool = True) -> Told:
    """What a mandated check brought."""
    hour = thai.clock_time(due, thai_digits=thai_digits)
    return Told("slot", since, until, f"รอบ {hour} วันที่ {thai.long_date(due.date(), thai_digits=thai_digits)}")


def day(workdays: Workdays, on: date, now: datetime, *, thai_digits: bool = True) -> Told:
    """A day: until its closing if it is a working day, else until its end; never beyond now."""
    name = f"ประจำวัน{thai.WEEKDAYS[on.weekday()]}ที่ {thai.long_date(on, thai_digits=thai_digits)}"
    return Told("day", end_of(workdays, before(workdays, on)), min(end_of(workdays, on), now), name)


def week(workdays: Workdays, on: date, now: datetime, *, thai_digits: bool = True) -> Told:
    """The week, Monday to Sunday, that a day is in."""
    monday = on - timedelta(days=on.weekday())
    sunday = monday + timedelta(days=6)
    first, last = (thai.long_date(d, thai_digits=thai_digits) for d in (monday, sunday))
    return _whole("week", workdays, monday, sunday, now, f"ประจำสัปดาห์ {first} ถึง {last}")


def month(workdays: Workdays, on: date, now: datetime, *, thai_digits: bool = True) -> Told:
    """The month that a day is in."""
    first = on.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    name = f"ประจำเดือน{thai.MONTHS[on.month - 1]} {thai.buddhist_year(on)}"
    return _whole("month", workdays, first, last, now, thai.digits(name) if thai_digits else name)


def is_over(workdays: Workdays, now: datetime) -> bool:
    """Whether today is a working day that has closed."""
    today = now.astimezone(workdays.zone).date()
    return workdays.is_working(today) and now >= workdays.hours(today)[1]


def before(workdays: Workdays, on: date) -> date:
    """The working day before; a day far back where there is none."""
    days = (on - timedelta(days=n) for n in range(1, _LONGEST_ABSENCE))
    return next((d for d in days if workdays.is_working(d)), on - timedelta(days=_LONGEST_ABSENCE))


def end_of(workdays: Workdays, on: date) -> datetime:
    """The closing of a working day; the end of another."""
    if workdays.is_working(on):
        return workdays.hours(on)[1]
    return datetime.combine(on + timedelta(days=1), time(), workdays.zone)


def _whole(period: Period, workdays: Workdays, first: date, last: date, now: datetime, name: str) -> Told:
    begins = datetime.combine(first, time(), workdays.zone)
    ends = datetime.combine(last + timedelta(days=1), time(), workdays.zone)
    return Told(period, begins, min(ends, now), name)
