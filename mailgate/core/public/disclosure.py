"""Disclosure control: which counts of a year are not shown, so that no count of a few persons' letters can be had.

A count of 1 to 4 (``smallest`` is a setting) is sensitive; zeros are shown. To hide it is not enough, since totals are
shown: others must be hidden with it. For each sensitive count there is a *certificate*: other numbers that could stand
in the hidden places, agree with everything shown, and make the count 5 or more. So nobody can tell that it is small.

A month is published once, when it is over, and its pattern never changes afterwards: a reader who kept last month's
edition learns nothing by comparing. Hence two stages:

1. each month by itself: the letters that are moved to the sensitive count come from another service of that month
   (or the month's total is hidden);
2. when the year is over and totals by service join: the same number moves back in another place where both services
   are hidden anyway, or else in the totals, which are hidden then.

The same places are hidden for all measures, which nearly equal each other. A certificate moves whole letters, received,
acknowledged and decided: whoever adds up that nobody is answered before they wrote finds nothing amiss.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mailgate.core.public.grid import ACKNOWLEDGED, DECIDED, RECEIVED, Grid, Place

_ALL = (RECEIVED, ACKNOWLEDGED, DECIDED)
_NEVER = 1_000_000


@dataclass
class Pattern:
    """Places that are not shown; months in which a certificate mixes channels, so that nothing is shown by channel."""

    hidden: set[Place] = field(default_factory=set)
    mixed: set[int] = field(default_factory=set)


def protect(grid: Grid, smallest: int) -> Pattern:
    """What is not to be shown of a year."""
    work = _Work(grid, smallest)
    for column in range(grid.columns):
        work.month(column)
    if grid.complete:
        work.year()
    return work.pattern


class _Work:
    def __init__(self, grid: Grid, smallest: int) -> None:
        self._grid = grid
        self._smallest = smallest
        self._partners: list[set[int]] = [set() for _ in range(grid.rows + 1)]
        self.pattern = Pattern()

    def month(self, column: int) -> None:
        """Stage 1: the counts of one month, and its total."""
        places = [Place(row, column) for row in range(self._grid.rows + 1)]
        needs = {at: need for at in places if (need := self._need(at))}
        self.pattern.hidden.update(needs)
        for at, need in needs.items():
            other = min(self._others(at.row), key=lambda row: self._cost(at, need, row))
            self._pair(at, other)

    def _others(self, row: int) -> list[int]:
        return [other for other in range(self._grid.rows + 1) if other != row]

    def _cost(self, at: Place, need: int, row: int) -> tuple[int, ...]:
        """What it costs to take the letters from that row: little where it is hidden anyway, or often with this one."""
        other = Place(row, at.column)
        if not self._possible(need, ((at, 1), (other, -1))):
            return (_NEVER,)
        total, new = row == self._grid.rows, other not in self.pattern.hidden
        strange = not total and at.row != self._grid.rows and not self._same_channel(at, other)
        familiar = row in self._partners[at.row]
        return (total and new, strange, new, not familiar, self._grid.value(RECEIVED, other), row)

    def _pair(self, at: Place, row: int) -> None:
        other = Place(row, at.column)
        self.pattern.hidden.add(other)
        self._partners[at.row].add(row)
        self._partners[row].add(at.row)
        if self._grid.rows in (at.row, row) or not self._same_channel(at, other):
            self.pattern.mixed.add(at.column)

    def year(self) -> None:
        """Stage 2: the totals by service, and of the year."""
        grid = self._grid
        places = [Place(r, c) for r in range(grid.rows + 1) for c in range(grid.columns + 1)]
        needs = {at: need for at in places if (need := self._need(at))}
        self.pattern.hidden.update(needs)
        for at, need in needs.items():
            # One there always is: what was hidden for it in a month, with the totals of both services.
            self.pattern.hidden.update(min(self._rectangles(at, need))[1])

    def _rectangles(self, at: Place, need: int) -> Iterator[tuple[int, tuple[Place, ...]]]:
        """Ways to balance a move in rows and columns, by how many totals they hide."""
        for row in self._others(at.row):
            for column in (c for c in range(self._grid.columns + 1) if c != at.column):
                corners = (at, Place(row, at.column), Place(at.row, column), Place(row, column))
                cost = sum(self._price(corner) for corner in corners)
                if cost >= _NEVER or not self._channels_agree(corners):
                    continue
                if self._possible(need, tuple(zip(corners, (1, -1, -1, 1), strict=True))):
                    yield cost, corners

    def _price(self, at: Place) -> int:
        """Only totals of the year may still be hidden: what stands in a month has been published."""
        if at in self.pattern.hidden:
            return 0
        if at.column < self._grid.columns:
            return _NEVER
        return 1 if at.row < self._grid.rows else 10

    def _channels_agree(self, corners: tuple[Place, ...]) -> bool:
        """Whether nobody notices by channel: where it is published, both services must come by the same one."""
        first, second, third, fourth = corners
        pairs = [(one, other) for one, other in ((first, second), (third, fourth)) if one.column < self._grid.columns]
        return all(one.column in self.pattern.mixed or self._same_channel(one, other) for one, other in pairs)

    def _same_channel(self, one: Place, other: Place) -> bool:
        if self._grid.rows in (one.row, other.row):
            return False
        groups = self._grid.groups
        return groups[one.row][one.column] == groups[other.row][other.column] != ""

    def _need(self, at: Place) -> int:
        """By how much the counts of a place must be able to be larger; 0 where none of them is sensitive."""
        short = [0]
        for measure in _ALL:
            value = self._grid.value(measure, at)
            unlisted = value - self._grid.least(measure, at)
            short += [self._smallest - n for n in (value, unlisted) if 0 < n < self._smallest]
        return max(short)

    def _possible(self, need: int, corners: tuple[tuple[Place, int], ...]) -> bool:
        """Whether so many letters can be moved, up (1) and down (-1), and every count stays what it may be."""
        down = [at for at, sign in corners if sign * (-1 if self._is_total(corners[0][0], at) else 1) < 0]
        return all(self._grid.value(m, at) - need >= self._grid.least(m, at) for m in _ALL for at in down)

    def _is_total(self, first: Place, at: Place) -> bool:
        """Totals move with what they add up: a corner across the edge of the table moves the other way."""
        edge_row = (at.row == self._grid.rows) != (first.row == self._grid.rows)
        edge_column = (at.column == self._grid.columns) != (first.column == self._grid.columns)
        return edge_row != edge_column
