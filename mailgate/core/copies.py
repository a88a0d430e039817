"""Which copies of the registry are kept when a new one was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

_MONTHS = 12


def kept(made: Iterable[datetime], newest: int) -> set[datetime]:
    """Of copies made at these times (office's zone): the newest, the last of each of twelve months, of every year.

    The years' last ones stay for good: a register is closed at the end of its year, and kept.
    """
    ordered = sorted(made, reverse=True)
    months = _last_of(ordered, lambda at: (at.year, at.month))[:_MONTHS]
    years = _last_of(ordered, lambda at: at.year)
    return {*ordered[:newest], *months, *years}


def _last_of(ordered: list[datetime], period: Callable[[datetime], object]) -> list[datetime]:
    """The last of each period, newest first."""
    found: dict[object, datetime] = {}
    for at in ordered:
        found.setdefault(period(at), at)
    return list(found.values())
