"""The clerk's digest: what a check brought, what was not answered and why, what needs a person.

Confidential letters stand in it as a number only (law 9).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from mailgate.core import thai
from mailgate.jobs import views
from mailgate.jobs.status import status
from mailgate.model import Fate
from mailgate.office import Office

TEMPLATE = "digest.txt"


def digest(office: Office, since: datetime) -> str:
    """The text of the digest over everything seen since then."""
    return office.head.render(TEMPLATE, context(office, since))


def context(office: Office, since: datetime) -> dict[str, Any]:
    """What the digest's template may use."""
    zone, now = office.config.zone, office.clock.now()
    mails = [views.mail(row, zone) for row in office.store.reports.mails_since(since)]
    receipts = {m["receipt"] for m in mails if m["fate"] == Fate.REGISTERED}
    rows = office.store.reports.letters_since(since)
    letters = [_readable(office, d) for d in (views.letter(row, zone) for row in rows) if d["receipt"] in receipts]
    state = status(office)
    return {
        "office": office.config.office.name,
        "now": thai.long_moment(now, thai_digits=office.config.office.thai_digits),
        "letters": letters,
        "silent": [d for d in letters if not d["acknowledgement"]],
        "others": [m for m in mails if m["fate"] != Fate.REGISTERED],
        "status": state,
        "mask": views.MASK,
    }


def _readable(office: Office, letter: dict[str, Any]) -> dict[str, Any]:
    """Number and due date as the office writes them."""
    thai_digits = office.config.office.thai_digits
    due = date.fromisoformat(letter["due_on"]) if letter["due_on"] else None
    shown = thai.digits(letter["receipt"]) if thai_digits else letter["receipt"]
    return letter | {"shown": shown, "due": thai.long_date(due, thai_digits=thai_digits) if due else ""}
