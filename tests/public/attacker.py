"""Somebody who has every published number of a year, the list of permissions, and a solver."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

from mailgate.core.public.disclosure import Pattern
from mailgate.core.public.grid import ACKNOWLEDGED, DECIDED, RECEIVED, Grid, Place

MEASURES = (RECEIVED, ACKNOWLEDGED, DECIDED)
CHANNELS = ("email", "website", "amss")
Carried = list[tuple[int, int]]  # by service, before the year: received and not acknowledged, and not decided


def random_year(chance: random.Random) -> tuple[Grid, Carried]:
    """A year of a small office: services of very different size, some months empty, every backlog."""
    rows, columns = chance.randrange(1, 7), chance.choice((1, 2, 3, 6, 12, 12, 12))
    usual = [chance.choice(CHANNELS) for _ in range(rows)]
    means = [chance.choice((0, 0.3, 1, 2, 4, 8, 20, 100)) for _ in range(rows)]
    received = [[_around(chance, mean) for _ in range(columns)] for mean in means]
    pace = chance.choice((0.2, 0.6, 1.0))
    acknowledged = [list(_answered(chance, row, 0.97)) for row in received]
    decided = [list(_answered(chance, row, pace)) for row in received]
    share = chance.choice((0.0, 0.5, 0.8, 1.0))
    approved = [[sum(chance.random() < share for _ in range(n)) for n in row] for row in decided]
    groups = [[usual[r] if chance.random() < 0.97 else "" for _ in range(columns)] for r in range(rows)]
    carried = [(chance.choice((0, 0, 3)), chance.choice((0, 0, 3, 50))) for _ in range(rows)]
    return Grid([received, acknowledged, decided], approved, groups, chance.random() < 0.7), carried


def _around(chance: random.Random, mean: float) -> int:
    return max(0, round(chance.gauss(mean, mean**0.5 + 0.3))) if mean else 0


def _answered(chance: random.Random, row: list[int], pace: float) -> Iterator[int]:
    """How many of what has come are answered, month by month; never more than came."""
    waiting = 0
    for n in row:
        waiting += n
        done = sum(chance.random() < pace for _ in range(waiting))
        waiting -= done
        yield done


class Attacker:
    """Unknown: every count of every service, month and measure. What is shown, and what all know, are equations."""

    def __init__(self, grid: Grid, carried: Carried, pattern: Pattern) -> None:
        self._grid, self._carried, self._pattern = grid, carried, pattern
        self._inside = [Place(r, c) for r in range(grid.rows) for c in range(grid.columns)]
        self._number = {(m, at): n for n, (m, at) in enumerate((m, at) for m in MEASURES for at in self._inside)}
        self._equal: list[tuple[list[tuple[int, int]], int]] = []
        self._at_most: list[tuple[list[tuple[int, int]], int]] = []
        self._read_tables()
        self._read_channels()
        self._nobody_answered_before_writing()

    def most(self, measure: int, at: Place, less: int = 0) -> int:
        """The largest value that a count (less what is listed) may have for all the attacker knows."""
        cost = np.zeros(len(self._number))
        for n in self._parts(measure, at):
            cost[n] = -1
        bounds = [(self._grid.least(m, place), None) for m, place in self._number]
        left, right = _matrix(self._equal, len(self._number))
        above, limit = _matrix(self._at_most, len(self._number))
        found = linprog(cost, A_ub=above, b_ub=limit, A_eq=left, b_eq=right, bounds=bounds, method="highs")
        assert found.status in (0, 3), found.message
        return 10**9 if found.status == 3 else int(round(-found.fun, 6)) - less

    def _parts(self, measure: int, at: Place) -> list[int]:
        rows = range(self._grid.rows) if at.row == self._grid.rows else [at.row]
        columns = range(self._grid.columns) if at.column == self._grid.columns else [at.column]
        return [self._number[measure, Place(r, c)] for r in rows for c in columns]

    def _read_tables(self) -> None:
        last = self._grid.columns + self._grid.complete
        for at in (Place(r, c) for r in range(self._grid.rows + 1) for c in range(last)):
            if at not in self._pattern.hidden:
                for m in MEASURES:
                    self._equal.append(([(n, 1) for n in self._parts(m, at)], self._grid.value(m, at)))

    def _read_channels(self) -> None:
        """What came by each channel, in the months where that is published; each service comes by its own."""
        for c in (c for c in range(self._grid.columns) if c not in self._pattern.mixed):
            for channel in CHANNELS:
                rows = [r for r in range(self._grid.rows) if self._grid.groups[r][c] == channel]
                total = sum(self._grid.value(RECEIVED, Place(r, c)) for r in rows)
                self._equal.append(([(self._number[RECEIVED, Place(r, c)], 1) for r in rows], total))

    def _nobody_answered_before_writing(self) -> None:
        for r in range(self._grid.rows):
            for m in (ACKNOWLEDGED, DECIDED):
                for c in range(self._grid.columns):
                    until = [Place(r, n) for n in range(c + 1)]
                    row = [(self._number[m, at], 1) for at in until]
                    row += [(self._number[RECEIVED, at], -1) for at in until]
                    self._at_most.append((row, self._carried[r][m - ACKNOWLEDGED]))


def _matrix(rows: list[tuple[list[tuple[int, int]], int]], width: int) -> tuple[object, object]:
    if not rows:
        return None, None
    made = lil_matrix((len(rows), width))
    for n, (row, _) in enumerate(rows):
        for column, factor in row:
            made[n, column] += factor
    return made.tocsr(), np.array([limit for _, limit in rows])


def sensitive(grid: Grid, smallest: int) -> Iterator[tuple[int, Place, int]]:
    """Every count that nobody may learn to be small: measure, place, and what of it is listed anyway."""
    for r in range(grid.rows + 1):
        for c in range(grid.columns + grid.complete):
            for m in MEASURES:
                at = Place(r, c)
                for less in {0, grid.least(m, at)}:
                    if 0 < grid.value(m, at) - less < smallest:
                        yield m, at, less


def leaks(grid: Grid, carried: Carried, pattern: Pattern, smallest: int = 5) -> list[tuple[int, Place, int, int]]:
    """The counts of 1 to 4 that the attacker knows to be below 5, with the most they may be."""
    attacker, found = Attacker(grid, carried, pattern), []
    for m, at, less in sensitive(grid, smallest):
        assert at in pattern.hidden
        most = attacker.most(m, at, less)
        if most < smallest:
            found.append((m, at, less, most))
    return found


def until(grid: Grid, columns: int) -> Grid:
    """The year as it stood when so many of its months were over."""
    tables = [[row[:columns] for row in table] for table in (*grid.counts, grid.approved)]
    groups = [row[:columns] for row in grid.groups]
    return Grid(tables[:3], tables[3], groups, False)
