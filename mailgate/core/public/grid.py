"""A year as a table of counts, service by month, with its totals: what disclosure control works on.

Row ``rows`` is the total of the services, column ``columns`` that of the months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

RECEIVED, ACKNOWLEDGED, DECIDED = range(3)


class Place(NamedTuple):
    row: int
    column: int


Table = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Grid:
    """``counts``: per measure, a row per service, a column per month. ``approved``: of the decided, those that are
    published one by one. ``groups``: the channel that the letters of a cell came by, "" if it was more than one.
    ``carried``: per row, received before the first column and until then not acknowledged, not decided.
    ``complete``: the year is over, so its totals by service are published, too."""

    counts: Sequence[Table]
    approved: Table
    groups: Sequence[Sequence[str]]
    carried: Sequence[tuple[int, int]]
    complete: bool
    _totals: list[list[list[int]]] = field(init=False)
    _known: list[list[int]] = field(init=False)
    _slack: list[list[list[int]]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_totals", [_extended(table) for table in self.counts])
        object.__setattr__(self, "_known", _extended(self.approved))
        object.__setattr__(self, "_slack", [self._left(m) for m in (ACKNOWLEDGED, DECIDED)])

    @property
    def rows(self) -> int:
        return len(self.approved)

    @property
    def columns(self) -> int:
        return len(self.approved[0]) if self.approved else 0

    def value(self, measure: int, at: Place) -> int:
        """A count as it would be published."""
        return self._totals[measure][at.row][at.column]

    def least(self, measure: int, at: Place) -> int:
        """What everybody knows that it is at least: what is decided includes the permissions that are listed."""
        return self._known[at.row][at.column] if measure == DECIDED else 0

    def slack(self, measure: int, row: int, column: int) -> int:
        """From that month on, the fewest letters that were received and not (acknowledged, decided) yet.

        Nobody can be answered who has not written: so much may a sum be lowered before readers notice.
        """
        return self._slack[measure - ACKNOWLEDGED][row][column]

    def _left(self, measure: int) -> list[list[int]]:
        return [self._row_left(measure, row) for row in range(self.rows)]

    def _row_left(self, measure: int, row: int) -> list[int]:
        change = [r - d for r, d in zip(self.counts[RECEIVED][row], self.counts[measure][row], strict=True)]
        left = list(accumulate(change, initial=self.carried[row][measure - ACKNOWLEDGED]))[1:]
        return list(accumulate(reversed(left), min))[::-1]


def _extended(table: Table) -> list[list[int]]:
    """With a total behind each row and below each column."""
    rows = [[*row, sum(row)] for row in table]
    return [*rows, [sum(column) for column in zip(*rows, strict=True)]] if rows else [[0]]
