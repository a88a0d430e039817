"""What an officer proposed for a letter that needs no such answer any more."""

from __future__ import annotations

from datetime import datetime

from mailgate.core.notice import Notice
from mailgate.edges.store.database import Row
from mailgate.edges.store.proposals import receipt_of
from mailgate.jobs.telling import person, tell
from mailgate.model import State
from mailgate.model_dispatch import THAI_RESULTS, Result
from mailgate.office import Office


def withdraw(office: Office, letter_id: int, why: str, now: datetime) -> None:
    """End the proposal that waits for this letter, if one does; inside a transaction."""
    row = office.store.proposals.waiting_for(letter_id)
    if row is not None:
        end(office, row, why, now)


def end(office: Office, row: Row, why: str, now: datetime) -> None:
    """End a proposal unsent, and tell the officer why, with a token for another; inside a transaction."""
    item = office.store.outbox.get(row["item_id"])
    office.store.outbox.end(item, State.CANCELLED, why, now)
    office.store.proposals.end(row, "rejected", why, now)
    told(office, row, {"sent": False, "why": why, "book_no": "", "paper": False}, now)


def told(office: Office, row: Row, shown: dict[str, object], now: datetime) -> None:
    """Tell the officer what became of a proposal; inside a transaction."""
    to = person(office, row["officer"])
    values = shown | {"result": THAI_RESULTS[Result(row["result"])]}
    notice = Notice("notice" if shown["sent"] else "referral", "outcome", to.email, to.name, receipt_of(row), values)
    tell(office, notice, row["letter_id"], now)
