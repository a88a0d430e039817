"""A person has a sender told the receipt number after all, where the screening had decided to be silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

from mailgate.edges.store.database import Row, moment
from mailgate.errors import MailgateError
from mailgate.jobs import deciding, letters, pausing, reading
from mailgate.model import Draft, Enclosures, Receipt, Receiving, State, Stub
from mailgate.model_entry import Entry
from mailgate.office import Office


def acknowledge(office: Office, receipt: Receipt, address: str = "") -> int:
    """Queue the acknowledgement of a letter that has none, to its sender or to ``address``. Returns the item.

    Raises MailgateError for one that has been told its number or is to be, is void, or has nobody to answer.
    """
    row, now = letters.not_void(office, receipt), office.clock.now()
    entry = _entry(office, row, address)
    held = pausing.hold(office)
    with office.store.db.immediate("acknowledge"):
        _refuse_second(office, receipt, row)
        compose = partial(_compose, office, entry, receipt)
        state = State.HELD if held else State.QUEUED
        return office.store.cases.acknowledge(row["id"], entry.screening.destination, compose, now, state, held)


def _entry(office: Office, row: Row, address: str) -> Entry:
    """The letter's mail as it was, answered; the register's times and service stand."""
    mail = office.store.reports.mail(row["mail_id"]) if row["mail_id"] else None
    if mail is None:
        raise MailgateError("this letter did not come by e-mail", "Answer it by the way it came")
    arrived, received, registered = (moment(row[n]) for n in ("arrived_at", "legally_received_at", "registered_at"))
    assert arrived
    assert received
    assert registered
    stub = Stub(mail["uidvalidity"], mail["uid"], mail["size"], arrived)
    if row["sealed"]:
        return _of_sealed(office, row, stub, Receiving(arrived, received, registered, _due(row)), address)
    entry = deciding.decide(office, reading.of_archive(office, row["sha256"], stub), office.clock.now(), "letter")
    sender = entry.mail.sender.address if entry.mail.sender else ""
    destination = address or entry.screening.destination or sender
    if destination.lower() in office.config.own_addresses:
        raise MailgateError("this letter bears the office's own address", "Give another address: --to ADDRESS")
    if not destination:
        raise MailgateError("this letter names nobody to answer", "Give an address: --to ADDRESS")
    return replace(
        entry,
        screening=replace(entry.screening, destination=destination),
        receiving=Receiving(arrived, received, registered, _due(row)),
        service=row["service"],
        confidential=bool(row["confidential"]),
    )


def _of_sealed(office: Office, row: Row, stub: Stub, times: Receiving, address: str) -> Entry:
    """Who wrote it is known to its officer alone, so a person names the address."""
    if not address:
        raise MailgateError("this letter is encrypted: its sender is not known here", "Give the address: --to ADDRESS")
    unread = deciding.unread(office, stub)
    return replace(
        unread,
        screening=replace(unread.screening, destination=address),
        sha256=row["sha256"],
        enclosures=Enclosures((0,) * row["enclosures"]),
        receiving=times,
        service=row["service"],
        confidential=True,
    )


def _due(row: Row) -> date | None:
    return date.fromisoformat(row["due_on"]) if row["due_on"] else None


def _refuse_second(office: Office, receipt: Receipt, row: Row) -> None:
    """Law 4: one acknowledgement per letter."""
    told = office.store.cases.told_to(row["id"])
    if told:
        raise MailgateError(
            f"the number of letter {receipt} has been told, or is to be", f"See: mailgate letter show {receipt}"
        )


def _compose(office: Office, entry: Entry, receipt: Receipt, item: int) -> Draft:
    draft = deciding.composer(office)(entry, receipt, item)
    if draft is None:
        raise MailgateError("no mail can be written to this address", "Give another: --to ADDRESS")
    return draft
