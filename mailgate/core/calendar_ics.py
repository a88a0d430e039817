"""Whole-day events of an iCalendar file (RFC 5545) as holidays."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from mailgate.core.calendar_dates import common_era
from mailgate.core.special_days import LONGEST_NAME, Special
from mailgate.core.thai import tidy
from mailgate.errors import UsageError

_LONGEST = 31  # days; no holiday lasts longer, so this is a slip in the year
_REPEATS = ("RRULE", "RDATE")
# The library says ValueError for what it finds wrong; in the ruins of a damaged file it stumbles over the others.
_BROKEN = (ValueError, AttributeError, TypeError, LookupError, ArithmeticError)


def days(text: str) -> tuple[dict[date, Special], list[str]]:
    """Holidays by date, and what cannot be taken, each with the number and name of its event."""
    names: dict[date, list[str]] = {}
    problems: list[str] = []
    try:
        events = [event for event in Calendar.from_ical(text).walk("VEVENT") if isinstance(event, Event)]
    except _BROKEN as e:
        return {}, [f"it is no whole iCalendar file: {tidy(str(e), 200)}"]
    for number, event in enumerate(events, 1):
        name = _name(event)
        try:
            for day in _span(event, name):
                names.setdefault(day, []).append(name)
        except (UsageError, *_BROKEN) as e:
            problems.append(f"event {number} ({name}): {tidy(str(e), 200)}")
    # Two holidays may fall on one day; a file may also have one of them twice.
    return {day: Special("holiday", _joined(found)) for day, found in names.items()}, problems


def _name(event: Event) -> str:
    summary = event.get("SUMMARY")
    return tidy(summary, LONGEST_NAME) if isinstance(summary, str) else ""


def _joined(names: list[str]) -> str:
    return tidy("; ".join(dict.fromkeys(names)), LONGEST_NAME)


def _span(event: Event, name: str) -> list[date]:
    """The days of an event. Raises UsageError, or one of ``_BROKEN`` for a property that is."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return []
    for where, what in event.errors:
        raise UsageError(f"{where or 'a line'} cannot be read: {what}")
    if any(key in event for key in _REPEATS):
        raise UsageError("it repeats, and the cabinet decides anew each year", "Give each year its own event")
    if not name:
        raise UsageError("it has no name", "Give it one SUMMARY")
    first, end = event.start, event.end  # RFC 5545 3.6.1: the end is the day after the last
    if isinstance(first, datetime) or isinstance(end, datetime):
        raise UsageError("it is no whole day", "Shorter office hours can be imported as CSV")
    return _days(first.replace(year=common_era(first.year)), max((end - first).days, 1))


def _days(first: date, count: int) -> list[date]:
    if count > _LONGEST:
        raise UsageError(f"it lasts {count} days", f"A holiday of more than {_LONGEST} days is taken for a slip")
    return [first + timedelta(days=n) for n in range(count)]
