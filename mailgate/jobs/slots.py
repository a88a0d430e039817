"""The mandated checks of the office's days: which have fallen due, which are fulfilled, late, missed or overdue.

open_due   a row for each that fell due, as soon as somebody is there to see it
settle     those of earlier days that were never made: missed
fulfil     with the end of a check: the open ones of its day
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from mailgate.core import slots as core
from mailgate.edges.store.database import Row, moment
from mailgate.model import CheckReport
from mailgate.office import Office

# A longer absence is not filled up with rows: an office that did not use mailgate did not miss its checks.
_LOOK_BACK = timedelta(days=31)


class Overdue(NamedTuple):
    """A mandated check that is not done although its grace has passed; why, if it is known (Thai)."""

    due: datetime
    reason: str


def grace(office: Office) -> timedelta:
    return timedelta(minutes=office.config.checks.grace)


def open_due(office: Office, away_since: datetime | None = None) -> None:
    """Note what has fallen due. ``away_since``: until when somebody was at work, where that was not until now."""
    now = office.clock.now()
    dues = _new(office, now)
    if dues or office.store.slots.known_until() is None:
        reasons = {due: core.why_opened_late(due, now, grace(office), away_since) for due in dues}
        office.store.slots.open(reasons, now, now)


def settle(office: Office) -> int:
    """Close what was due on earlier days and never done; how many are missed."""
    now = office.clock.now()
    rows = [row for row in _open(office, now) if row[0].date() < now.date()]
    closings = [c for row in rows for c in core.missed([row], now, _problem(office, row[0]))]
    if closings:
        office.store.slots.give_up(closings, now)
    return len(closings)


def fulfil(office: Office, check: int, started: datetime, report: CheckReport) -> None:
    """A check came to its end: close it, and what it fulfils, in one transaction."""
    now, rows = office.clock.now(), _open(office, office.clock.now())
    problem = _problem(office, rows[0][0]) if rows else ""
    closings = core.fulfilled(rows, started, now, grace(office), problem)
    with office.store.db.immediate("check_ended"):
        office.store.ledger.end(check, report, now)
        office.store.slots.close(closings, now, check=check, started=started, report=report)


def overdue(office: Office, now: datetime) -> list[Overdue]:
    """What should be done by now; reads only, and is right even where nobody has opened the rows."""
    late = now - grace(office)
    rows = _open(office, now) + [(due, "") for due in _new(office, now)]
    return [Overdue(due, reason or _problem(office, due)) for due, reason in rows if due <= late]


def recently_missed(office: Office, since: datetime) -> list[Row]:
    """Rows of the ledger that were closed as missed since then."""
    return office.store.slots.missed_since(since)


def is_check_due(office: Office) -> datetime | None:
    """The mandated time of today that no check has followed yet, or None."""
    now = office.clock.now()
    slot = office.workdays.slot(now, office.config.checks.times)
    return slot if slot and office.store.ledger.succeeded(slot, now) is None else None


def also_since(office: Office) -> datetime | None:
    """From when a further check is due, within office hours, where [checks] also_every asks for them; else None."""
    every, now = office.config.checks.also_every, office.clock.now()
    if every is None or not office.workdays.is_working(now.date()):
        return None
    opens, closes = office.workdays.hours(now.date())
    last = office.store.ledger.succeeded(opens, now)
    due = opens if last is None else last + every
    return due if due <= now < closes else None


def _new(office: Office, now: datetime) -> list[datetime]:
    """What has fallen due and has no row yet. The duty begins with what is not late when the program first runs."""
    known = office.store.slots.known_until()
    since = now - grace(office) if known is None else max(min(known, now), now - _LOOK_BACK)
    return office.workdays.mandated(since, now, office.config.checks.times)


def _open(office: Office, now: datetime) -> list[tuple[datetime, str]]:
    zone = office.config.zone
    rows = [(moment(row["due_at"]), row["reason"]) for row in office.store.slots.open_rows(now)]
    return [(due.astimezone(zone), reason) for due, reason in rows if due]


def _problem(office: Office, due: datetime) -> str:
    """Why checks of that day failed after it was due."""
    midnight = due.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return office.store.ledger.problem(due, midnight)
