"""The service time of a letter whose clock was stopped and started: no day is lost, and none counts twice."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core import reminder
from mailgate.core.clocks import Counted, Turn, due
from tests.core.test_workdays import ZONE, at, days

OFFICE = days()
MONDAY = at("2026-11-23 09:00")
COUNTED: tuple[Counted, ...] = ("calendar", "working")


def turns(*moments: str) -> list[Turn]:
    """Stopped, started, stopped … at these moments."""
    return [Turn(at(text), n % 2 == 1) for n, text in enumerate(moments)]


@pytest.mark.parametrize(
    ("counted_in", "number", "when", "expected"),
    [
        ("calendar", 30, (), "2026-12-23"),
        ("calendar", 30, ("2026-11-25 10:00",), None),
        ("calendar", 30, ("2026-11-25 10:00", "2026-12-01 10:00"), "2026-12-29"),
        ("calendar", 30, ("2026-11-25 10:00", "2026-11-25 11:00"), "2026-12-23"),  # a mistake undone on the same day
        ("calendar", 30, ("2026-11-23 10:00", "2026-12-01 10:00"), "2027-01-04"),  # 31 December is a holiday
        ("calendar", 5, ("2026-12-15 10:00", "2026-12-17 10:00"), "2026-12-18"),  # overdue: one day is left
        ("calendar", 10, ("2026-11-25 10:00", "2026-11-30 10:00", "2026-12-02 10:00", "2026-12-07 10:00"),
         "2026-12-14"),  # 13 December is a Sunday
        ("calendar", 10, ("2026-11-25 10:00", "2026-11-30 10:00", "2026-12-02 10:00"), None),
        ("working", 5, (), "2026-11-30"),
        ("working", 5, ("2026-11-24 10:00", "2026-12-04 10:00"), "2026-12-11"),  # 10 December is a holiday
        ("working", 5, ("2026-11-28 10:00", "2026-11-29 10:00"), "2026-11-30"),  # stopped over a weekend only
        ("working", 5, ("2026-11-22 20:00", "2026-11-22 21:00"), "2026-11-30"),  # both before the legal receipt
    ],
)  # fmt: skip
def test_the_days_that_were_left_go_on(
    counted_in: Counted, number: int, when: tuple[str, ...], expected: str | None
) -> None:
    found = due(OFFICE, MONDAY, number, counted_in, turns(*when), anew=False)
    assert (found.isoformat() if found else None) == expected


def test_the_time_begins_anew_where_the_office_wants_it() -> None:
    stopped = turns("2026-11-25 10:00", "2026-12-01 10:00")
    assert due(OFFICE, MONDAY, 9, "calendar", stopped, anew=True) == date(2026, 12, 11)  # the 10th is a holiday
    assert due(OFFICE, MONDAY, 9, "calendar", stopped[:1], anew=True) is None


def by_the_day(received: datetime, number: int, counted_in: Counted, changes: list[Turn]) -> date:
    """The same, a day after the other: each counts on whose midnight the clock was running."""
    day, left = received.date(), number
    last = changes[-1].at.date() if changes else day
    while True:
        day += timedelta(days=1)
        midnight = datetime.combine(day, time(), ZONE)
        before = [turn for turn in changes if turn.at < midnight]
        if before and not before[-1].started:
            continue
        left -= counted_in == "calendar" or OFFICE.is_working(day)
        if left <= 0 and day > last and (counted_in == "calendar" or OFFICE.is_working(day)):
            break
    return OFFICE.due(datetime.combine(day - timedelta(days=1), time(), ZONE), 1, "calendar")


@given(
    st.integers(1, 40),
    st.sampled_from(COUNTED),
    st.lists(st.integers(0, 24 * 30), max_size=6).filter(lambda steps: len(steps) % 2 == 0),
)
def test_every_day_counts_once_while_the_clock_runs_and_none_while_it_stands(
    number: int, counted_in: Counted, steps: list[int]
) -> None:
    changes, moment = [], MONDAY
    for n, hours in enumerate(steps):
        moment += timedelta(hours=hours, minutes=1)
        changes.append(Turn(moment, n % 2 == 1))
    found = due(OFFICE, MONDAY, number, counted_in, changes, anew=False)
    assert found == by_the_day(MONDAY, number, counted_in, changes)


@given(
    st.integers(0, 60),
    st.sets(st.integers(0, 70), min_size=2),
    st.sets(st.integers(-20, 20), min_size=1),
)
def test_every_date_of_a_reminder_falls_into_one_run(due_in: int, runs: set[int], shifts: set[int]) -> None:
    """Runs are days apart by weekends and by days on which the machine was off."""
    day = date(2026, 11, 23)
    until = day + timedelta(days=due_in)
    ordered = [day + timedelta(days=n) for n in sorted(runs)]
    before, after = {s for s in shifts if s >= 0}, {-s for s in shifts if s < 0}
    hits = [
        sum(first < until <= last for first, last in reminder.windows(earlier, later, before, after))
        for earlier, later in pairwise(ordered)
    ]
    dates = {until - timedelta(days=shift) for shift in shifts}
    assert sum(hits) == sum(ordered[0] < d <= ordered[-1] for d in dates)
