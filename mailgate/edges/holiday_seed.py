"""Government holidays of Thailand, from the ``holidays`` package: a seed that the office's own table corrects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

import holidays

_LABOUR_DAY = "วันแรงงานแห่งชาติ"  # also as "ชดเชยวันแรงงานแห่งชาติ"


@cache
def of_year(year: int) -> Mapping[date, str]:
    """The holidays of a CE year with their Thai names; cabinet decisions of a later date are not known here."""
    # (public ∪ government) − Labour Day: government offices are open on it.
    days = holidays.country_holidays("TH", years=year, categories=("public", "government"), language="th")
    named = {day: "; ".join(n for n in names.split("; ") if _LABOUR_DAY not in n) for day, names in days.items()}
    return {day: name for day, name in sorted(named.items()) if name}


def name_of(day: date) -> str:
    """The Thai name of the holiday on which government offices are closed; "" if they are open by the seed."""
    return of_year(day.year).get(day, "")
