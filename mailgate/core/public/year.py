"""What is shown of a Buddhist year: every figure with its protection already applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from mailgate.core.public.disclosure import Pattern, protect
from mailgate.core.public.figures import MEASURES, OTHER, Cell, Month, median, together
from mailgate.core.public.grid import Grid, Place

RESULTS = ("approved", "refused", "forwarded", "information")
SLOTS = ("done", "late", "missed")
SUPPRESSED, LISTED, LATER, FEWER, AT_LEAST, AT_MOST = "suppressed", "listed", "later", "fewer", "at_least", "at_most"


class Figure(NamedTuple):
    """A number, or why there is none: "suppressed" (protects persons), "listed" (see the list of permissions), "later"
    (once the year is over), "fewer" (than the smallest that is shown, or none). "at_least" and "at_most" are bounds."""

    value: int | None
    status: str = ""


HIDDEN = Figure(None, SUPPRESSED)


@dataclass(frozen=True)
class Subject:
    """A public service: its key and the channel it comes by."""

    key: str
    channel: str = ""


class Speed(NamedTuple):
    """Median working minutes to acknowledgement and to decision, and the share on time in whole percent."""

    acknowledged: Figure
    decided: Figure
    on_time: Figure


@dataclass
class Year:
    """``months``: those that are over, by first day. ``table``: per measure a row per service and one for all; per row
    a figure per month and one for the year. ``results``: of services by result; ``channels`` likewise by month."""

    year: int
    complete: bool
    months: list[date]
    services: list[str]
    table: dict[str, list[list[Figure]]]
    channels: dict[str, list[Figure]]
    speed: dict[str, Speed]
    speed_by_month: list[Speed]
    results: dict[str, dict[str, Figure]]
    slots: list[Mapping[str, int]]
    confidential: dict[str, Figure] = field(default_factory=dict)

    def total(self, measure: str) -> Figure:
        """Of the year so far, where it may be told."""
        row = self.table[measure][-1]
        if self.complete:
            return row[-1]
        values = [figure.value for figure in row[:-1]]
        return HIDDEN if None in values else Figure(sum(v for v in values if v is not None))

    @property
    def has_letters(self) -> bool:
        return any(figure != Figure(0) for row in self.table["received"] for figure in row[:-1])


def year_of(
    year: int,
    months: Mapping[date, Month],
    subjects: Sequence[Subject],
    confidential: Sequence[str] | None,
    complete: bool,
    smallest: int,
) -> Year:
    """``months``: those of the year that are told; ``subjects``: the public services, OTHER last; ``confidential``: the
    others, None while they are not told; ``complete``: totals by service are."""
    days, rows = sorted(months), [[months[day].cells.get(s.key, Cell()) for day in sorted(months)] for s in subjects]
    grid = _grid(rows, subjects, complete)
    pattern = protect(grid, smallest) if days else Pattern()
    keys = [subject.key for subject in subjects]
    table = {name: _shown(grid, pattern, measure) for measure, name in enumerate(MEASURES)}
    return Year(
        year, complete, days, keys, table,
        _channels(rows, pattern, complete, smallest),
        _speeds(keys, rows, table, complete, smallest),
        [_speed(list(column), False, smallest) for column in zip(*rows, strict=True)],
        _results(keys, rows, table, smallest) if complete else {},
        [{state: months[day].slots[state] for state in SLOTS} for day in days],
        _confidential(months, confidential, smallest) if confidential is not None else {},
    )  # fmt: skip


def _grid(rows: list[list[Cell]], subjects: Sequence[Subject], complete: bool) -> Grid:
    counts = [[[getattr(cell, name) for cell in row] for row in rows] for name in MEASURES]
    approved = [[cell.approved for cell in row] for row in rows]
    groups = [[_group(cell, s.channel) for cell in row] for s, row in zip(subjects, rows, strict=True)]
    return Grid(counts, approved, groups, complete)


def _group(cell: Cell, usual: str) -> str:
    """The one channel that a cell's letters came by; "" if by several."""
    found = [channel for channel, n in cell.channels.items() if n]
    return usual if not found else found[0] if len(found) == 1 else ""


def _shown(grid: Grid, pattern: Pattern, measure: int) -> list[list[Figure]]:
    return [
        [_figure(grid, pattern, measure, Place(r, c)) for c in range(grid.columns + 1)] for r in range(grid.rows + 1)
    ]


def _figure(grid: Grid, pattern: Pattern, measure: int, at: Place) -> Figure:
    if at.column == grid.columns and not grid.complete:
        return Figure(None, LATER)
    return HIDDEN if at in pattern.hidden else Figure(grid.value(measure, at))


def _channels(rows: list[list[Cell]], pattern: Pattern, complete: bool, smallest: int) -> dict[str, list[Figure]]:
    """What was received by each channel, in the months where that betrays nothing about a service."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    names = sorted({channel for row in rows for cell in row for channel in cell.channels})
    told = [n not in pattern.mixed and all(_safe(cell, smallest) for cell in c) for n, c in enumerate(columns)]
    found = {}
    for name in names:
        counts = [sum(cell.channels[name] for cell in column) for column in columns]
        months = [Figure(n) if shown else HIDDEN for n, shown in zip(counts, told, strict=True)]
        year = Figure(sum(counts)) if all(told) else HIDDEN
        found[name] = [*months, year if complete else Figure(None, LATER)]
    return found


def _safe(cell: Cell, smallest: int) -> bool:
    """Whether the letters of a service that came by several channels are none or enough by each."""
    parts = [n for n in cell.channels.values() if n]
    return len(parts) < 2 or min(parts) >= smallest


def _speeds(
    keys: list[str], rows: list[list[Cell]], table: Mapping[str, list[list[Figure]]], complete: bool, smallest: int
) -> dict[str, Speed]:
    """By service. A share tells of how many it is one, so it is not shown where the number of decisions is not."""
    found = {}
    for key, row, decided in zip(keys, rows, table["decided"], strict=False):
        speed = _speed(row, complete, smallest)
        found[key] = speed._replace(on_time=HIDDEN) if complete and decided[-1].value is None else speed
    return found


def _speed(cells: list[Cell], complete: bool, smallest: int) -> Speed:
    whole = together(cells)
    times = (median(whole.acknowledged_times, smallest), median(whole.decided_times, smallest))
    first, second = (HIDDEN if minutes is None else Figure(minutes) for minutes in times)
    return Speed(first, second, _share(whole, smallest) if complete else Figure(None, LATER))


def _share(cell: Cell, smallest: int) -> Figure:
    """Percent decided on time. Few, or none, on one side look the same: a bound that says "at most 4 of them"."""
    total = cell.on_time + cell.late
    few, most = smallest - 1, 100
    if total < 2 * smallest:
        return HIDDEN
    if cell.late < smallest:
        return Figure(most * (total - few) // total, AT_LEAST)
    if cell.on_time < smallest:
        return Figure(-(-most * few // total), AT_MOST)
    return Figure(round(most * cell.on_time / total))


def _results(
    keys: list[str], rows: list[list[Cell]], table: Mapping[str, list[list[Figure]]], smallest: int
) -> dict[str, dict[str, Figure]]:
    """By service and result; only of services whose number of decisions is shown. No totals by result."""
    found = {}
    for key, row, decided in zip(keys, rows, table["decided"], strict=False):
        if decided[-1].value:
            found[key] = _result_row(together(row), smallest)
    return found


def _result_row(cell: Cell, smallest: int) -> dict[str, Figure]:
    """Permissions are listed one by one, so the others must protect each other: what is hidden adds up to 5 or more."""
    others = [name for name in RESULTS if name != "approved"]
    hidden = {name for name in others if 0 < cell.results[name] < smallest}
    rest = sorted((name for name in others if cell.results[name] >= smallest), key=lambda name: cell.results[name])
    while hidden and rest and sum(cell.results[name] for name in hidden) < smallest:
        hidden.add(rest.pop(0))
    row = {name: HIDDEN if name in hidden else Figure(cell.results[name]) for name in others}
    listed = 0 < cell.approved < smallest
    return {"approved": Figure(None, LISTED) if listed else Figure(cell.approved)} | row


def _confidential(months: Mapping[date, Month], keys: Sequence[str], smallest: int) -> dict[str, Figure]:
    """Letters of the year by confidential service; few and none look the same, so that no letter shows."""
    counts = {key: sum(month.confidential[key] for month in months.values()) for key in (*keys, OTHER)}
    return {key: Figure(n) if n >= smallest else Figure(None, FEWER) for key, n in counts.items()}
