"""Figures: working time, medians, shares with bounds, results that protect each other."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from datetime import date, datetime, time, timedelta

import pytest

from mailgate.core.public import year
from mailgate.core.public.figures import OTHER, Cell, Month, median, month_of
from mailgate.core.public.working_time import WorkingTime
from mailgate.core.public.year import Figure, Subject, year_of
from mailgate.core.workdays import Workdays
from mailgate.edges import holiday_seed
from tests.builders import ZONE

CALENDAR = Workdays(ZONE, time(8, 30), time(16, 30), holiday_seed.name_of, half_days=frozenset({date(2026, 11, 24)}))


def counted(start: datetime, end: datetime) -> int:
    """Minute by minute, as slow as it is plain."""
    found, at = 0, start
    while at < end:
        day = at.astimezone(ZONE).date()
        if CALENDAR.is_working(day) and CALENDAR.hours(day)[0] <= at < CALENDAR.hours(day)[1]:
            found += 1
        at += timedelta(minutes=1)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_working_time_is_what_counting_minutes_gives(seed: int) -> None:
    chance, made = random.Random(seed), WorkingTime(CALENDAR)
    start = datetime(2026, 12, 20, tzinfo=ZONE) + timedelta(minutes=chance.randrange(30_000) - 40_000)
    end = start + timedelta(minutes=chance.randrange(25_000))
    assert made.minutes(int(start.timestamp()), int(end.timestamp())) == counted(start, end)


def test_working_time_over_years_is_the_sum_of_its_parts() -> None:
    made = WorkingTime(CALENDAR)
    marks = [int(datetime(y, 7, 1, 10, tzinfo=ZONE).timestamp()) for y in (2023, 2024, 2025, 2026)]
    parts = sum(made.minutes(a, b) for a, b in itertools.pairwise(marks))
    assert made.minutes(marks[0], marks[-1]) == parts > 3 * 200 * 480
    assert made.minutes(marks[1], marks[0]) == 0


def test_a_median_needs_five() -> None:
    assert median(Counter({10: 2, 20: 2}), 5) is None
    assert median(Counter({10: 2, 20: 3}), 5) == 20
    assert median(Counter({10: 3, 900: 3}), 5) == 10


def test_a_month_is_kept_as_json() -> None:
    made = Month(confidential=Counter(x=2), permissions=3, permitted="ab")
    made.cell("a").acknowledge(7)
    made.cell("a").decide("refused", 9, on_time=False)
    made.cell(OTHER).channels["email"] += 2

    assert month_of(json.loads(json.dumps(made.document()))) == made


def whole(cells: dict[str, Cell], confidential: dict[str, int] | None = None, *, complete: bool = True) -> year.Year:
    month = Month(cells, Counter(confidential or {}))
    return year_of(
        2568, {date(2025, 1, 1): month}, [Subject("a"), Subject(OTHER)], ["x"] if complete else None, complete, 5
    )


@pytest.mark.parametrize(
    ("on_time", "late", "shown"),
    [
        (90, 10, Figure(90)),
        (100, 0, Figure(96, "at_least")),  # none late looks like four late
        (96, 4, Figure(96, "at_least")),
        (3, 97, Figure(4, "at_most")),
        (4, 4, Figure(None, "suppressed")),
        (0, 0, Figure(None, "suppressed")),
    ],
)
def test_a_share_says_no_more_than_that_few_were_late(on_time: int, late: int, shown: Figure) -> None:
    total = on_time + late
    cell = Cell(Counter(email=200), 200, results=Counter(refused=total), on_time=on_time, late=late)
    assert whole({"a": cell}).speed["a"].on_time == shown


def test_a_share_is_not_shown_where_the_number_it_is_of_is_hidden() -> None:
    cell = Cell(Counter(email=200), 200, results=Counter(approved=10, refused=2), on_time=12)
    assert whole({"a": cell}).table["decided"][0][-1] == Figure(None, "suppressed")
    assert whole({"a": cell}).speed["a"].on_time == Figure(None, "suppressed")


def test_results_of_few_are_hidden_with_another() -> None:
    cell = Cell(channels=Counter(email=90), acknowledged=90, results=Counter(approved=50, refused=2, information=9))
    row = whole({"a": cell}).results["a"]
    assert row == {
        "approved": Figure(50),
        "refused": Figure(None, "suppressed"),
        "information": Figure(None, "suppressed"),
        "forwarded": Figure(0),
    }


def test_few_permissions_refer_to_the_list() -> None:
    cell = Cell(channels=Counter(email=90), acknowledged=90, results=Counter(approved=2, refused=20))
    assert whole({"a": cell}).results["a"]["approved"] == Figure(None, "listed")


def test_confidential_letters_are_a_number_of_a_whole_year() -> None:
    assert whole({}, {"x": 7}).confidential == {"x": Figure(7), OTHER: Figure(None, "fewer")}
    assert whole({}, {"x": 2}).confidential["x"] == whole({}, {}).confidential["x"]  # few look like none
    assert whole({}, {"x": 7}, complete=False).confidential == {}


def test_a_year_that_is_not_over_has_no_totals_by_service() -> None:
    cell = Cell(channels=Counter(email=50), acknowledged=50, results=Counter(approved=20))
    made = whole({"a": cell}, complete=False)
    assert made.table["received"][0] == [Figure(50), Figure(None, "later")]
    assert made.total("received") == Figure(50)
    assert made.results == {}
