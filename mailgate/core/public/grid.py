"""A year as a table of counts, service by month, with its totals: what disclosure control works on.

Row ``rows`` is the total of the services, column ``columns`` that of the months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
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
    ``complete``: the year is over, so its totals by service are published, too."""

    counts: Sequence[Table]
    approved: Table
    groups: Sequence[Sequence[str]]
    complete: bool
    _totals: list[list[list[int]]] = field(init=False)
    _known: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_totals", [_extended(table) for table in self.counts])
        object.__setattr__(self, "_known", _extended(self.approved))

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


def _extended(table: Table) -> list[list[int]]:
    """With a total behind each row and below each column."""
    rows = [[*row, sum(row)] for row in table]
    return [*rows, [sum(column) for column in zip(*rows, strict=True)]] if rows else [[0]]
