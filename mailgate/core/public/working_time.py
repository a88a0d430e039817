"""Working time between two moments, by the office's calendar: cheap enough to be asked a million times."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from mailgate.core.workdays import Workdays

_FIRST, _LAST = 1957, 2158  # CE years of the registers: Buddhist 2500 to 2700


class _Year(NamedTuple):
    """Of each working day, in order: when it opens and closes (seconds since 1970), and the seconds worked before."""

    opens: list[int]
    closes: list[int]
    before: list[int]
    total: int


class WorkingTime:
    """Seconds of office hours added up once per year; a question is two searches after that."""

    def __init__(self, workdays: Workdays) -> None:
        self._workdays = workdays
        self._starts = [self._midnight(date(year, 1, 1)) for year in range(_FIRST, _LAST)]
        self._years: dict[int, _Year] = {}

    def minutes(self, start: int, end: int) -> int:
        """Whole working minutes from one moment to another (seconds since 1970); 0 where the end is not later."""
        if end <= start:
            return 0
        first, last = bisect_right(self._starts, start), bisect_right(self._starts, end)
        between = sum(self._year(n).total for n in range(first, last))
        return (between + self._worked(last, end) - self._worked(first, start)) // 60

    def _worked(self, n: int, moment: int) -> int:
        """Seconds worked in a year until then."""
        year = self._year(n)
        day = bisect_right(year.opens, moment) - 1
        return year.before[day] + min(moment, year.closes[day]) - year.opens[day] if day >= 0 else 0

    def _year(self, n: int) -> _Year:
        if n not in self._years:
            self._years[n] = self._made(_FIRST + n - 1)
        return self._years[n]

    def _made(self, ce_year: int) -> _Year:
        days = (date(ce_year, 1, 1) + timedelta(days=n) for n in range(366))
        hours = [self._workdays.hours(day) for day in days if day.year == ce_year and self._workdays.is_working(day)]
        opens = [int(opened.timestamp()) for opened, _ in hours]
        closes = [int(closed.timestamp()) for _, closed in hours]
        before, total = [], 0
        for opened, closed in zip(opens, closes, strict=True):
            before.append(total)
            total += max(closed - opened, 0)
        return _Year(opens, closes, before, total)

    def _midnight(self, day: date) -> int:
        return int(datetime.combine(day, time(), self._workdays.zone).timestamp())
