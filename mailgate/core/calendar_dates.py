"""Dates, years and hours as people write them for the calendar. Each raises UsageError with a sentence."""

from __future__ import annotations

import re
from datetime import date, time

from mailgate.core.thai import BUDDHIST_OFFSET
from mailgate.errors import UsageError

_FIRST_BUDDHIST = 2400  # from here on a year is a Buddhist one; no register is older, no CE year so far away
LARGEST = 1 << 20  # bytes of a file of days; a century of holidays takes less
YEARS = range(2000, 2101)  # CE; the seed knows no later ones
_DATES = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})"),
)
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")


def day_of(text: str) -> date:
    """A date such as 2026-12-31, 2569-12-31 or 31/12/2569, in Thai digits too."""
    found = next((match for form in _DATES if (match := form.fullmatch(text.strip()))), None)
    if found is None:
        raise UsageError(f"{text!r} is not a date", "Write it as 2569-12-31 or 31/12/2569")
    try:
        return date(common_era(int(found["year"])), int(found["month"]), int(found["day"]))
    except ValueError:
        raise UsageError(f"{text!r} is a date that does not exist", "Check day, month and year") from None


def year_of(text: str) -> int:
    """A year such as 2569 or 2026, as a CE year."""
    if not re.fullmatch(r"\d{4}", text.strip()):
        raise UsageError(f"{text!r} is not a year", "Write it as 2569")
    return common_era(int(text))


def common_era(year: int) -> int:
    """The CE year of a Buddhist or CE one."""
    common = year - BUDDHIST_OFFSET if year >= _FIRST_BUDDHIST else year
    if common not in YEARS:
        first, last = YEARS[0] + BUDDHIST_OFFSET, YEARS[-1] + BUDDHIST_OFFSET
        raise UsageError(f"the calendar has no year {year}", f"It reaches from {first} to {last}")
    return common


def hours_of(opens: str, closes: str) -> tuple[time, time]:
    """Office hours of one day, such as 08:30 (or 08.30) and 12:00."""
    first, last = _time(opens), _time(closes)
    if first >= last:
        raise UsageError(f"a day cannot end at {closes.strip()} and open at {opens.strip()}", "Put the opening first")
    return first, last


def _time(text: str) -> time:
    found = _TIME.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        return time(int(found[1]), int(found[2]))
    except ValueError:
        raise UsageError(f"{text!r} is not a time of day", "Write it as 08:30") from None
