"""The calendar of working days as the registry keeps it: seeded, corrected, confirmed.

A year is seeded once, when it begins to matter or somebody touches it; from then on the table alone is right for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from mailgate.core.calendar_dates import YEARS
from mailgate.core.special_days import DayTable, Special, is_open, is_same
from mailgate.core.thai import BUDDHIST_OFFSET
from mailgate.edges import holiday_seed
from mailgate.errors import UsageError
from mailgate.jobs import views
from mailgate.office import Office

_SEEN_AHEAD = 12  # the month from which the next year is seeded, and should be confirmed
_UNCONFIRMED = "ยังไม่มีผู้ยืนยันปฏิทินวันทำการ พ.ศ. {year} (mailgate calendar confirm {year})"

Noted = Special | None  # None: the day goes by its weekday


@dataclass(frozen=True, slots=True)
class Change:
    """What an act changed: by day, as it was and as it is now.

    ``open_letters``: how many open letters are due on the first day that opens or closes by it, or later; their due
    dates stay. ``overruled``: days of which config.toml says otherwise, and is stronger.
    """

    days: Mapping[date, tuple[Noted, Noted]]
    open_letters: int
    overruled: list[date]

    def document(self) -> dict[str, Any]:
        return {
            "changes": [
                {"date": day.isoformat(), "was": _document(old), "is": _document(new)}
                for day, (old, new) in self.days.items()
            ],
            "open_letters_due_later": self.open_letters,
            "overruled_by_config": [day.isoformat() for day in self.overruled],
        }


def refresh(office: Office) -> bool:
    """A step of the registry: seed what is missing, take in what others changed. Returns whether anything was."""
    matter = _years_that_matter(office, office.clock.now())
    if _unknown(office, matter):
        with office.store.db.immediate("calendar_seeded"):
            _seed(office, matter)
    return office.reload_calendar()


def change(office: Office, act: str, wanted: Mapping[date, Noted], *, past: bool = False, dry: bool = False) -> Change:
    """Make these days so, all or none. ``act`` names it in the event; ``dry``: only tell what would change.

    Raises UsageError for a day that has passed, unless ``past``: what was mandated then stays as it is on record.
    """
    if dry:
        return _compared(office, wanted, past)
    with office.store.db.immediate("calendar_changed"):
        office.reload_calendar()
        made = _compared(office, wanted, past)
        if made.days:
            _seed(office, {day.year for day in made.days})
            rows = {day: (_document(old), _document(new)) for day, (old, new) in made.days.items()}
            office.store.calendar.change(act, rows, office.clock.now())
    office.reload_calendar()
    return made


def confirm(office: Office, year: int, by: str) -> None:
    """Note that ``by`` has compared a CE year with the cabinet's decisions; "" takes that back. Raises UsageError."""
    row = office.store.calendar.year(year)
    if not by and not (row and row["confirmed_at"]):
        raise UsageError(f"the calendar of {year + BUDDHIST_OFFSET} is not confirmed", "See: mailgate calendar show")
    with office.store.db.immediate("calendar_confirmed"):
        _seed(office, [year])
        office.store.calendar.confirm(year, by, office.clock.now())
    office.reload_calendar()


def show(office: Office, year: int) -> dict[str, Any]:
    """A CE year: its special days, the configuration's among them, how many are worked, whether it is confirmed."""
    row, workdays = office.store.calendar.year(year), office.workdays
    first = date(year, 1, 1)
    every = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    at = views.local(row["confirmed_at"], office.config.zone) if row else None
    return {
        "year": year,
        "buddhist_year": year + BUDDHIST_OFFSET,
        "seeded": row is not None,
        "confirmed": at is not None,
        "confirmed_at": at,
        "confirmed_by": row["confirmed_by"] if row else "",
        "working_days": sum(map(workdays.is_working, every)),
        "days": [{"date": day.isoformat()} | found.document() for day in every if (found := workdays.special(day))],
    }


def warnings(office: Office, now: datetime) -> list[str]:
    """Years whose calendar somebody should have confirmed by now, as sentences in Thai."""
    rows = {year: office.store.calendar.year(year) for year in _years_that_matter(office, now)}
    return [
        _UNCONFIRMED.format(year=year + BUDDHIST_OFFSET)
        for year, row in rows.items()
        if row is None or row["confirmed_at"] is None
    ]


def _today(office: Office, now: datetime) -> date:
    return now.astimezone(office.config.zone).date()


def _years_that_matter(office: Office, now: datetime) -> list[int]:
    today = _today(office, now)
    return [today.year, today.year + 1] if today.month >= _SEEN_AHEAD else [today.year]


def _unknown(office: Office, years: Iterable[int]) -> list[int]:
    """Those of the years that the table does not have yet."""
    return sorted(set(years).intersection(YEARS).difference(office.store.calendar.years()))


def _seed(office: Office, years: Iterable[int]) -> None:
    """Inside a transaction: take those of the years into the table that it does not have yet."""
    for year in _unknown(office, years):
        named = holiday_seed.of_year(year).items()
        rows = {day: Special("holiday", name, "seed").document() for day, name in named}
        office.store.calendar.seed(year, rows, office.clock.now())


def _compared(office: Office, wanted: Mapping[date, Noted], past: bool) -> Change:
    """What would change. Raises UsageError."""
    noted = office.workdays.noted
    days = {day: (noted(day), new) for day, new in sorted(wanted.items()) if not is_same(noted(day), new)}
    _refuse_past([] if past else [day for day in days if day < _today(office, office.clock.now())])
    moved = [day for day, (old, new) in days.items() if is_open(day, old) != is_open(day, new)]
    letters = office.store.calendar.open_letters(moved[0]) if moved else 0
    return Change(days, letters, [day for day, new in wanted.items() if _is_overruled(office, day, new)])


def _is_overruled(office: Office, day: date, new: Noted) -> bool:
    """Whether, with ``new`` in the table, the configuration still opens, closes or shortens the day otherwise."""
    table = DayTable({day: new} if new else {}, frozenset({day.year}))
    return _opening(day, replace(office.workdays, table=table).special(day)) != _opening(day, new)


def _opening(day: date, special: Noted) -> tuple[bool, time | None, time | None]:
    return (is_open(day, special), special.opens if special else None, special.closes if special else None)


def _refuse_past(days: list[date]) -> None:
    if days:
        shown = ", ".join(map(str, days[:5])) + (" …" if len(days) > 5 else "")
        raise UsageError(
            f"{len(days)} day(s) to be changed have passed ({shown})",
            "What was mandated then stays on record; change them all the same with --past",
        )


def _document(special: Noted) -> dict[str, str | None] | None:
    return special.document() if special else None
