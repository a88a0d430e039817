"""Mails of the office to its own people, inside the transaction of what they tell of."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailgate.config import Person
from mailgate.core import notice
from mailgate.core.notice import Notice
from mailgate.edges.store.contacts import key_of
from mailgate.edges.store.database import Row
from mailgate.model import Draft, Receipt
from mailgate.office import Office

_A_DAY = timedelta(days=1)
_MOST_A_DAY = 10  # to one officer about mails that did not count: who floods the office floods nobody through it


def tell(office: Office, said: Notice, letter_id: int | None, now: datetime) -> int:
    """Queue it. Returns the item."""

    def compose(item: int) -> Draft:
        return notice.mail(office.head, said, item, now)

    return office.store.cases.send(said.kind, letter_id, compose, now)


def may_warn(office: Office, address: str, now: datetime) -> bool:
    """Whether this officer may be told of one more mail that did not count."""
    tenth = office.store.contacts.nth_last("warned", _MOST_A_DAY, address=key_of(address)[0])
    return tenth is None or tenth <= now - _A_DAY


def warn(office: Office, said: Notice, letter_id: int | None, now: datetime) -> None:
    """Tell an officer of a mail that did not count, unless there have been too many of these."""
    if may_warn(office, said.recipient, now):
        office.store.contacts.note("warned", said.recipient, now)
        tell(office, said, letter_id, now)


def person(office: Office, address: str) -> Person:
    """Whose registered address this is; for one who has left, the address is the name."""
    found = next((p for p in office.config.staff if p.email.lower() == address.lower()), None)
    return found or Person(name=address, email=address)


def receipt_of(row: Row) -> Receipt | None:
    """The letter that an outbox item with its letter's number is about."""
    return Receipt(row["number"], row["year"]) if row["number"] else None
