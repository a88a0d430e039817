"""Working days, office hours, the legal receipt time and due dates.

Act on Electronic Performance of Public Administration B.E. 2565, s.10 para 1: a letter is received when it enters the
agency's system; outside working days or hours, at the start of the next working time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, rrule

_HORIZON = 366  # days; an office closed for longer than a year is a broken calendar


@dataclass(frozen=True, slots=True)
class Workdays:
    """The office's calendar. ``holiday`` tells whether a date is a holiday; ``add`` and ``remove`` overrule it."""

    zone: ZoneInfo
    opens: time
    closes: time
    holiday: Callable[[date], bool]
    add: frozenset[date] = frozenset()
    remove: frozenset[date] = frozenset()
    half_days: frozenset[date] = frozenset()
    half_day_ends: time = time(12)

    def is_working(self, day: date) -> bool:
        """Monday to Friday less holidays, as corrected by the office."""
        if day in self.remove:
            return True
        return day.weekday() < 5 and day not in self.add and not self.holiday(day)

    def hours(self, day: date) -> tuple[datetime, datetime]:
        """Opening and closing of a working day, in the office's zone."""
        closes = self.half_day_ends if day in self.half_days else self.closes
        return (self._at(day, self.opens), self._at(day, closes))

    def legal_receipt(self, arrived: datetime) -> datetime:
        """When a letter that arrived then counts as received (s.10). Raises ValueError if the calendar never opens."""
        local = arrived.astimezone(self.zone)
        for day in self._days_from(local.date()):
            opens, closes = self.hours(day)
            if local < closes:
                return max(local, opens)
        raise ValueError("the calendar has no working day within a year")

    def due(self, received: datetime, days: int, counted_in: Literal["calendar", "working"]) -> date:
        """The last day of a service time of ``days``, not counting the day of receipt."""
        start = received.astimezone(self.zone).date()
        if counted_in == "calendar":
            # Civil and Commercial Code s.193/8: a period that ends on a holiday ends on the next working day.
            return next(iter(self._days_from(start + timedelta(days=days))))
        working = self._days_from(start + timedelta(days=1), horizon=_HORIZON + 2 * days)
        return [day for _, day in zip(range(days), working, strict=False)][-1]

    def slot(self, now: datetime, times: Iterable[time]) -> datetime | None:
        """The mandated check that a check made now stands for: the last one due today, or None."""
        local = now.astimezone(self.zone)
        if not self.is_working(local.date()):
            return None
        due = [self._at(local.date(), t) for t in sorted(times)]
        return max((d for d in due if d <= local), default=None)

    def next_slot(self, now: datetime, times: Iterable[time]) -> datetime:
        """The next mandated check after now."""
        local = now.astimezone(self.zone)
        ordered = sorted(times)
        for day in self._days_from(local.date()):
            for moment in (self._at(day, t) for t in ordered):
                if moment > local:
                    return moment
        raise ValueError("the calendar has no working day within a year")

    def _at(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone)

    def _days_from(self, first: date, horizon: int = _HORIZON) -> Iterable[date]:
        start = datetime.combine(first, time())
        for moment in rrule(DAILY, dtstart=start, count=horizon):
            if self.is_working(moment.date()):
                yield moment.date()
