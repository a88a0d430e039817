"""Working days, office hours, the legal receipt time, due dates and the mandated checks.

Act on Electronic Performance of Public Administration B.E. 2565, s.10 para 1: a letter is received when it enters the
agency's system; outside working days or hours, at the start of the next working time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, rrule

from mailgate.core.special_days import DayTable, Special, is_open
from mailgate.errors import ConfigError

_YEAR = timedelta(days=366)  # an office closed for longer has a broken calendar
_INSTANT = timedelta.resolution
_CLOSED = "วันหยุดตามที่สำนักงานกำหนด"  # configuration has no names


@dataclass(frozen=True, slots=True)
class Workdays:
    """The office's calendar, by the strongest that says anything about a day.

    1. ``remove`` (open), then ``add`` (closed), and ``half_days``, of the configuration;
    2. ``table``, kept in the registry; a year it knows is all in it;
    3. ``holiday``, for other years: the Thai name of a seeded holiday, or "";
    4. Monday to Friday.
    """

    zone: ZoneInfo
    opens: time
    closes: time
    holiday: Callable[[date], str]
    add: frozenset[date] = frozenset()
    remove: frozenset[date] = frozenset()
    half_days: frozenset[date] = frozenset()
    half_day_ends: time = time(12)
    table: DayTable = field(default_factory=DayTable)

    def noted(self, day: date) -> Special | None:
        """What the table or the seed says of a day, without the configuration; None for a day like any other."""
        if day.year in self.table.years:
            return self.table.days.get(day)
        name = self.holiday(day)
        return Special("holiday", name, "seed") if name else None

    def special(self, day: date) -> Special | None:
        """What is particular about a day; None for one that goes by its weekday and the usual hours."""
        found = self._corrected(day)
        if day in self.half_days and is_open(day, found):
            return Special("hours", found.name if found else "", "config", self.opens, self.half_day_ends)
        return found

    def is_working(self, day: date) -> bool:
        """Monday to Friday less holidays, as corrected by the office."""
        return is_open(day, self._corrected(day))

    def name(self, day: date) -> str:
        """The holiday's name, or what an unusual working day is called (Thai); "" for a day like any other."""
        found = self.special(day)
        return found.name if found else ""

    def hours(self, day: date) -> tuple[datetime, datetime]:
        """Opening and closing of a working day, in the office's zone."""
        opens, closes = self._own_hours(day) or (self.opens, self.closes)
        return (self._at(day, opens), self._at(day, closes))

    def legal_receipt(self, arrived: datetime) -> datetime:
        """When a letter that arrived then counts as received (s.10). Raises ConfigError if the office never opens."""
        local = arrived.astimezone(self.zone)
        working = map(self.hours, self._days_from(local.date()))
        return next(max(local, opens) for opens, closes in working if local < closes)

    def due(self, received: datetime, days: int, counted_in: Literal["calendar", "working"]) -> date:
        """The last day of a service time of ``days`` (at least 1), not counting the day of receipt.

        Raises ConfigError if the office never opens.
        """
        start = received.astimezone(self.zone).date()
        if counted_in == "calendar":
            # Civil and Commercial Code s.193/8: a period that ends on a holiday ends on the next working day.
            return next(self._days_from(start + timedelta(days=days)))
        return next(islice(self._days_from(start + timedelta(days=1)), days - 1, None))

    def mandated(self, after: datetime, until: datetime, times: Iterable[time]) -> list[datetime]:
        """Every mandated check due in (after, until], in order and in the office's zone.

        On a day with hours of its own, such as a half day, only times within them (closing included) are mandated:
        clause 3 of the order binds the office while it is open. On other days the times hold as they are set.
        """
        first, last = after.astimezone(self.zone), until.astimezone(self.zone)
        wanted = sorted(times)
        days = rrule(DAILY, dtstart=_midnight(first.date()), until=_midnight(last.date()))
        due = (moment for day in days for moment in self._checks(day.date(), wanted))
        return [moment for moment in due if first < moment <= last]

    def slot(self, now: datetime, times: Iterable[time]) -> datetime | None:
        """The mandated check that a check made now stands for: the last one due today, or None."""
        midnight = self._at(now.astimezone(self.zone).date(), time())
        return max(self.mandated(midnight - _INSTANT, now, times), default=None)

    def next_slot(self, now: datetime, times: Iterable[time]) -> datetime:
        """The next mandated check after now. Raises ConfigError if the office never opens."""
        local, wanted = now.astimezone(self.zone), sorted(times)
        due = (moment for day in self._days_from(local.date()) for moment in self._checks(day, wanted))
        return next(moment for moment in due if moment > local)

    def _corrected(self, day: date) -> Special | None:
        """What is particular about a day, half days of the configuration aside."""
        found = self.noted(day)
        if day in self.remove:
            return found if found and found.kind != "holiday" else Special("working", "", "config")
        if day in self.add:
            return Special("holiday", found.name if found and found.kind == "holiday" else _CLOSED, "config")
        return found

    def _own_hours(self, day: date) -> tuple[time, time] | None:
        found = self.special(day)
        return (found.opens, found.closes) if found and found.opens and found.closes else None

    def _checks(self, day: date, ordered: Iterable[time]) -> list[datetime]:
        """The mandated checks of one day."""
        if not self.is_working(day):
            return []
        opens, closes = self._own_hours(day) or (time.min, time.max)
        return [self._at(day, at) for at in ordered if opens <= at <= closes]

    def _at(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone)

    def _days_from(self, first: date) -> Iterator[date]:
        """Working days from then on, without end. Raises ConfigError where none comes for a year."""
        last = first
        for moment in rrule(DAILY, dtstart=_midnight(first)):
            day = moment.date()
            if self.is_working(day):
                last = day
                yield day
            elif day - last > _YEAR:
                hint = "See: mailgate calendar show; and [calendar] of config.toml"
                raise ConfigError(f"the calendar has no working day within a year after {last}", hint=hint)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
