"""Service times that stand still while the citizen gathers documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from mailgate.core.workdays import Workdays

Counted = Literal["calendar", "working"]


@dataclass(frozen=True, slots=True)
class Turn:
    """The clock of a letter was stopped or started."""

    at: datetime
    started: bool


def due(
    workdays: Workdays, received: datetime, days: int, counted_in: Counted, turns: Sequence[Turn], *, anew: bool
) -> date | None:
    """The due date of a letter; None while its clock stands still.

    ``turns`` alternate, oldest first. The day on which the clock is stopped counts, the one on which it starts does
    not, as the day of receipt does not. After a stop the days that were left go on, at least one; ``anew``: all of
    them. Raises ConfigError if the office never opens.
    """
    begun, left = received, days
    for turn in turns:
        if turn.started:
            begun = max(begun, turn.at)  # started before the legal receipt, it runs from that
        elif not anew:
            left = max(1, left - _used(workdays, begun, turn.at, counted_in))
    if turns and not turns[-1].started:
        return None
    return workdays.due(begun, left, counted_in)


def _used(workdays: Workdays, begun: datetime, until: datetime, counted_in: Counted) -> int:
    """Days of the service time that are over, the day it began on not counted."""
    first, last = (t.astimezone(workdays.zone).date() for t in (begun, until))
    days = (first + timedelta(n) for n in range(1, (last - first).days + 1))
    return sum(1 for day in days if counted_in == "calendar" or workdays.is_working(day))
