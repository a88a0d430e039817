"""Decisions that did not arrive, or may not have, come back to officer and clerk with the reason and the next step."""

from __future__ import annotations

from datetime import datetime

from mailgate.core import thai
from mailgate.core.notice import Notice
from mailgate.edges.store.database import Row
from mailgate.jobs.telling import person, receipt_of, tell
from mailgate.model import Receipt
from mailgate.office import Office

_PER_STEP = 50


def are_there(office: Office) -> bool:
    """Whether there is somebody to be told."""
    return bool(office.store.notices.ended_badly(1))


def step(office: Office) -> bool:
    """Tell of some; False if none is left. Runs on the registry's thread."""
    found = office.store.notices.ended_badly(_PER_STEP)
    for row in found:
        with office.store.db.immediate("undelivered"):
            _tell(office, row, office.clock.now())
    return bool(found)


def _tell(office: Office, row: Row, now: datetime) -> None:
    office.store.notices.told(row, now)
    dispatch = office.store.dispatches.by_id(row["dispatch_id"])
    assert dispatch is not None
    shown = {
        "book_no": thai.digits(dispatch["book_no"]) if office.config.office.thai_digits else dispatch["book_no"],
        "dispatch": str(Receipt(dispatch["number"], dispatch["year"])),
        "recipient": row["recipient"],
        "state": row["state"],
        "said": _said(office, row),
        "item": row["id"],
    }
    for address in _people(office, row):
        to = person(office, address)
        notice = Notice("notice", "undelivered", to.email, to.name, receipt_of(row), shown)
        tell(office, notice, row["letter_id"], now)


def _people(office: Office, row: Row) -> list[str]:
    named = (row["officer"] or "").split(", ")
    officers = [p.email for p in office.config.staff if p.name in named]
    return list(dict.fromkeys([*officers, office.config.office.clerk.email]))


def _said(office: Office, row: Row) -> str:
    """The last words of the other server, in one line: a report's where there is one."""
    reports = [r for r in office.store.dispatches.reports(row["id"]) if r["action"] == "failed"]
    if reports:
        last = reports[-1]
        return thai.tidy(f"{last['status']} {last['diagnostic']}", 300)
    attempts = office.store.dispatches.attempts(row["id"])
    return thai.tidy(f"{attempts[-1]['code'] or ''} {attempts[-1]['text'] or ''}", 300) if attempts else ""
