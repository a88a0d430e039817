"""Counts of a few persons' letters: somebody with everything that is published and a solver cannot tell them."""

from __future__ import annotations

import os
import random

import pytest

from mailgate.core.public.disclosure import Pattern, protect
from mailgate.core.public.grid import RECEIVED, Grid, Place
from tests.public.attacker import leaks, random_year, sensitive, until

YEARS = int(os.environ.get("MAILGATE_DISCLOSURE_YEARS", "240"))  # 10000 for the night
_PARTS = 8


@pytest.mark.timeout(max(120, YEARS))
@pytest.mark.parametrize("part", range(_PARTS))
def test_a_solver_with_all_published_numbers_finds_no_small_count(part: int) -> None:
    for seed in range(part, YEARS, _PARTS):
        grid, carried = random_year(random.Random(seed))
        assert leaks(grid, carried, protect(grid, 5)) == [], seed


def test_the_solver_would_find_what_is_badly_hidden() -> None:
    """Hiding the small counts and nothing else betrays them, so the test above is one."""
    found = 0
    for seed in range(20):
        grid, carried = random_year(random.Random(seed))
        alone = {at for _, at, _ in sensitive(grid, 5)}
        found += bool(leaks(grid, carried, Pattern(alone, set())))
    assert found > 10


@pytest.mark.parametrize("seed", range(30))
def test_comparing_the_editions_of_a_year_tells_nothing_more(seed: int) -> None:
    grid, _ = random_year(random.Random(seed))
    final = protect(grid, 5)
    for columns in range(1, grid.columns + 1):
        then = protect(until(grid, columns), 5)
        assert then.hidden == {at for at in final.hidden if at.column < columns}
        assert then.mixed == {column for column in final.mixed if column < columns}


def test_subtraction_from_the_total_finds_nothing() -> None:
    counts = [[3, 20, 30], [40, 50, 60]]
    pattern = protect(Grid([counts, counts, counts], [[0] * 3] * 2, [["email"] * 3] * 2, True), 5)
    assert {Place(0, 0), Place(1, 0)} <= pattern.hidden  # the other of its month, so that the month's total can stand
    assert Place(2, 0) not in pattern.hidden
    assert {Place(0, 3), Place(1, 3)} <= pattern.hidden  # and both totals of the year
    assert Place(2, 3) not in pattern.hidden


def test_large_counts_and_zeros_are_all_shown() -> None:
    counts = [[0, 20, 5], [40, 0, 60]]
    assert protect(Grid([counts] * 3, [[0] * 3] * 2, [["email"] * 3] * 2, True), 5).hidden == set()


def test_what_is_not_listed_among_the_decided_is_protected_too() -> None:
    received, decided, approved = [[50], [50]], [[10], [30]], [[8], [20]]
    grid = Grid([received, received, decided], approved, [["email"], ["email"]], False)
    assert Place(0, 0) in protect(grid, 5).hidden  # ten decided, eight of them listed: two refusals


def test_a_count_is_hidden_with_another_of_its_channel_where_there_is_one() -> None:
    counts = [[3], [40], [20]]
    grid = Grid([counts] * 3, [[0]] * 3, [["email"], ["email"], ["amss"]], False)
    pattern = protect(grid, 5)
    assert Place(1, 0) in pattern.hidden
    assert Place(2, 0) not in pattern.hidden
    assert pattern.mixed == set()


def test_channels_are_not_shown_where_only_another_channel_protects() -> None:
    counts = [[3], [20]]
    assert protect(Grid([counts] * 3, [[0]] * 2, [["email"], ["amss"]], False), 5).mixed == {0}


def test_the_smallest_count_shown_is_a_setting() -> None:
    counts = [[7, 50], [60, 70]]
    grid = Grid([counts] * 3, [[0, 0]] * 2, [["email"] * 2] * 2, False)
    assert protect(grid, 5).hidden == set()
    assert Place(0, 0) in protect(grid, 10).hidden
    assert grid.value(RECEIVED, Place(2, 2)) == 187
