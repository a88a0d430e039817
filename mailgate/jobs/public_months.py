"""The figures of every month: from the registry's kept ones, and counted anew where something has happened since.

A month is computed from the registry's rows alone, so what is kept and what is counted are the same; ``mailgate publish
--check`` counts all of them and compares.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from dateutil.relativedelta import relativedelta

from mailgate import __version__
from mailgate.core.public.figures import OTHER, Month, month_of
from mailgate.core.public.working_time import WorkingTime
from mailgate.core.workdays import Workdays
from mailgate.edges.store.database import Row
from mailgate.edges.store.public import Snapshot
from mailgate.office import Office

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Months:
    """Every month from the first letter on, by its first day, up to that of the last event; ``fresh``: counted now."""

    by_first_day: Mapping[date, Month]
    fresh: frozenset[date]
    rules: str
    seq: int

    def documents(self) -> dict[str, str]:
        """What is to be kept of those that were counted."""
        return {_name(day): _text(self.by_first_day[day]) for day in sorted(self.fresh)}


def months(office: Office, snapshot: Snapshot, progress: Progress, *, anew: bool = False) -> Months:
    """All months. ``anew``: nothing that is kept is used."""
    workdays = office.workdays  # once: another thread may take in a changed calendar
    rules, (seq, _) = _rules(office, workdays), snapshot.chain.head()
    known, kept = (0, dict[str, str]()) if anew else snapshot.months(rules)
    changed = _changed(office, snapshot, known) if kept else set()
    counter, found, fresh = _Counter(office, snapshot, workdays), dict[date, Month](), set()
    for day in _all(office, snapshot):
        if _name(day) in kept and day not in changed:
            found[day] = month_of(json.loads(kept[_name(day)]))
        else:
            progress(f"counting {_name(day)}")
            found[day] = counter.month(day)
            fresh.add(day)
    return Months(found, frozenset(fresh), rules, seq)


def first_of_month(office: Office, moment: datetime | date) -> date:
    """The first day of the month that a moment, in the office's zone, or a day belongs to."""
    day = moment.astimezone(office.config.zone).date() if isinstance(moment, datetime) else moment
    return day.replace(day=1)


def _all(office: Office, snapshot: Snapshot) -> list[date]:
    first, last = snapshot.first(), snapshot.as_of()
    if first is None or last is None:
        return []
    day, end = first_of_month(office, first), first_of_month(office, last)
    count = (end.year - day.year) * 12 + end.month - day.month
    return [day + relativedelta(months=n) for n in range(count + 1)]


def _changed(office: Office, snapshot: Snapshot, seq: int) -> set[date]:
    return {first_of_month(office, moment) for moment in snapshot.touched(seq)}


def _rules(office: Office, workdays: Workdays) -> str:
    """What the figures depend on besides the registers: with other rules nothing that is kept holds."""
    config, table = office.config, workdays.table
    services = [(s.key, s.confidential) for s in config.services]
    days = [str(sorted(part)) for part in (config.calendar.add, config.calendar.remove, config.calendar.half_days)]
    told = [__version__, services, config.office.hours, config.office.timezone, table.version, days]
    told += [str(config.calendar.half_day_ends)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


class _Counter:
    """Counts a month. Law 9: what is confidential goes by its yearly number and no further."""

    def __init__(self, office: Office, snapshot: Snapshot, workdays: Workdays) -> None:
        self._zone = office.config.zone
        self._snapshot = snapshot
        self._time = WorkingTime(workdays)
        self._public = {s.key for s in office.config.services if not s.confidential}
        self._confidential = sorted(s.key for s in office.config.services if s.confidential)

    def month(self, day: date) -> Month:
        """All that is counted of the month that begins on this day."""
        made, after = Month(), day + relativedelta(months=1)
        span = (datetime.combine(day, time(), self._zone), datetime.combine(after, time(), self._zone))
        self._receive(made, self._snapshot.received(*span))
        self._acknowledge(made, self._snapshot.acknowledged(*span))
        self._decide(made, self._snapshot.decided(day, after))
        made.slots.update(self._snapshot.slots(*span))
        self._permit(made, self._snapshot.permitted(day, after, self._confidential))
        return made

    def _receive(self, made: Month, rows: list[Row]) -> None:
        for row in rows:
            if row["service"] in self._confidential:
                made.confidential[row["service"]] += row["n"]
            elif row["confidential"]:
                made.confidential[OTHER] += row["n"]
            else:
                made.cell(self._service(row)).channels[row["channel"]] += row["n"]

    def _acknowledge(self, made: Month, rows: list[Row]) -> None:
        for row in rows:
            if self._is_public(row):
                made.cell(self._service(row)).acknowledge(self._time.minutes(row["start"], row["until"]))

    def _decide(self, made: Month, rows: list[Row]) -> None:
        for row in rows:
            if self._is_public(row):
                on_time = row["dated"] <= row["due_on"] if row["due_on"] else None
                minutes = self._time.minutes(row["start"], row["until"])
                made.cell(self._service(row)).decide(row["result"], minutes, on_time)

    def _permit(self, made: Month, rows: list[Row]) -> None:
        told = hashlib.sha256(repr([tuple(row) for row in rows]).encode())
        made.permissions, made.permitted = len(rows), told.hexdigest() if rows else ""

    def _is_public(self, row: Row) -> bool:
        return not row["confidential"] and row["service"] not in self._confidential

    def _service(self, row: Row) -> str:
        return row["service"] if row["service"] in self._public else OTHER


def _name(day: date) -> str:
    return f"{day:%Y-%m}"


def _text(month: Month) -> str:
    return json.dumps(month.document(), sort_keys=True, separators=(",", ":"))
