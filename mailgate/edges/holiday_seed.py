"""Government holidays of Thailand, from the ``holidays`` package: a seed that the office's own table corrects."""

from __future__ import annotations

from datetime import date
from functools import cache

import holidays

_LABOUR_DAY = "National Labor Day"  # also as "National Labor Day (in lieu)"


@cache
def _year(year: int) -> frozenset[date]:
    # (public ∪ government) − Labour Day: government offices are open on it.
    days = holidays.country_holidays("TH", years=year, categories=("public", "government"), language="en_US")
    return frozenset(d for d, names in days.items() if any(not n.startswith(_LABOUR_DAY) for n in names.split("; ")))


def is_holiday(day: date) -> bool:
    """Whether government offices are closed on this date; cabinet decisions of a later date are not known here."""
    return day in _year(day.year)
