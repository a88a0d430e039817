"""A month as evidence that clause 3 of the order was kept: every mandated check, when it was made, and why not."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta

from mailgate.core import thai
from mailgate.edges.store.database import Row, moment
from mailgate.errors import UsageError
from mailgate.office import Office

TEMPLATE = "month.html"
STATES = {
    "done": "ตรวจตามเวลา",
    "late": "ตรวจล่าช้า",
    "missed": "มิได้ตรวจ",
    "open": "ค้างตรวจ",
    "upcoming": "ยังไม่ถึงเวลา",
    "unrecorded": "ไม่มีบันทึก",
    "before": "ก่อนเริ่มใช้ระบบ",
}
_MONTH = re.compile(r"(\d{4})-(\d{1,2})\Z")


def month_of(text: str) -> date:
    """The first day of "2569-11" (Buddhist) or "2026-11". Raises UsageError."""
    found = _MONTH.match(text)
    try:
        if found is None:
            raise ValueError
        year, month = int(found[1]), int(found[2])
        return date(year - 543 if year >= 2400 else year, month, 1)
    except ValueError:
        raise UsageError(f"{text!r} is not a month", "Write it as 2569-11") from None


def month(office: Office, first: date) -> dict[str, Any]:
    """Every day of the month with its mandated checks, and how many came to what. Times in the office's zone."""
    zone = office.config.zone
    start = datetime.combine(first, time(), zone)
    after = datetime.combine(first + relativedelta(months=1), time(), zone)
    rows = {moment(row["due_at"]): row for row in office.store.slots.between(start, after)}
    mandated = office.workdays.mandated(start - timedelta(microseconds=1), after, office.config.checks.times)
    dues = sorted({*(d.astimezone(zone) for d in rows if d), *(d for d in mandated if d < after)})
    checks = [_check(office, due, rows.get(due)) for due in dues]
    seq, head = office.store.chain.head()
    return {
        "month": f"{first.year + 543}-{first.month:02d}",
        "office": office.config.office.name,
        "generated_at": office.clock.now().isoformat(timespec="seconds"),
        "times": [t.strftime("%H:%M") for t in sorted(office.config.checks.times)],
        "grace_minutes": office.config.checks.grace,
        "days": [_day(office, first + timedelta(n), checks) for n in range((after.date() - first).days)],
        "totals": {state: sum(c["state"] == state for c in checks) for state in STATES},
        "events": seq,
        "chain_head": head,
    }


def _check(office: Office, due: datetime, row: Row | None) -> dict[str, Any]:
    """One mandated check."""
    shown: dict[str, Any] = {"due": due.isoformat(), "state": _state(office, due, row)}
    for name in ("started_at", "ended_at", "closed_at"):
        at = moment(row[name]) if row else None
        shown[name] = at.astimezone(office.config.zone).isoformat(timespec="seconds") if at else None
    for name in ("seen", "registered", "failed"):
        shown[name] = row[name] if row else None
    return shown | {"reason": row["reason"] if row else ""}


def _state(office: Office, due: datetime, row: Row | None) -> str:
    if row is not None:
        return str(row["state"])
    if due > office.clock.now():
        return "upcoming"
    first, known = office.store.slots.first(), office.store.slots.known_until()
    if first is None or known is None or due < first:
        return "before"
    return "open" if due > known else "unrecorded"  # nobody has been here since it fell due


def _day(office: Office, day: date, checks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "date": day.isoformat(),
        "working": office.workdays.is_working(day),
        "name": office.workdays.name(day),
        "checks": [c for c in checks if c["due"].startswith(day.isoformat())],
    }


def html(office: Office, document: dict[str, Any]) -> str:
    """The month as a page for the file, in Thai. Raises ConfigError for a template that cannot be used."""
    thai_digits = office.config.office.thai_digits

    def number(value: object) -> str:
        return thai.digits(str(value)) if thai_digits else str(value)

    first = date.fromisoformat(document["days"][0]["date"])
    made = datetime.fromisoformat(document["generated_at"])
    values = {
        "document": document,
        "states": STATES,
        "month": f"{thai.MONTHS[first.month - 1]} {number(first.year + 543)}",
        "made": thai.long_moment(made, thai_digits=thai_digits),
        "number": number,
        "day": lambda text: thai.long_date(date.fromisoformat(text), thai_digits=thai_digits),
        "clock": lambda text: thai.clock_time(datetime.fromisoformat(text), thai_digits=thai_digits) if text else "",
    }
    return office.head.render(TEMPLATE, values)
