"""The dispatch register by hand: letters that answer none, voided numbers, paper, posting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from mailgate.core import thai
from mailgate.edges.store.database import Row
from mailgate.errors import MailgateError, UsageError
from mailgate.jobs import clocks, decisions
from mailgate.jobs.dispatching import ON_PAPER, existing
from mailgate.model import Receipt, State
from mailgate.model_dispatch import Enclosed, Outbound, Result, Way
from mailgate.office import Office

_POSTAL_NUMBER = re.compile(r"[A-Z0-9]{0,30}")


def outbound(
    office: Office,
    files: Sequence[Enclosed],
    *,
    addressee: str,
    subject: str,
    addresses: Sequence[str],
    text: str,
    circular: bool,
    postal_address: str,
    note: str,
    by: str,
) -> Outbound:
    """A letter of the office that answers none. Raises MailgateError."""
    name = decisions.words(addressee, "--addressee")
    title = decisions.words(subject, "--subject")
    if not name or not title:
        raise UsageError("a dispatch has an addressee and a subject")
    return Outbound(
        way=Way.EMAIL if addresses else Way.PAPER,
        addressee=name,
        greeting=name,
        subject=title,
        text=decisions.words(text, "--text", several=True),
        files=files,
        addresses=list(dict.fromkeys(map(decisions.address, addresses))),
        decided_by=decisions.words(by, "--by") or office.config.office.clerk.name,
        circular=circular,
        remarks=decisions.words(note, "--note"),
        postal_address=decisions.words(postal_address, "--post-to", several=True),
    )


def void(office: Office, receipt: Receipt, reason: str) -> Row:
    """Void a dispatch: its number stays with the reason; what has not gone out never does. Raises MailgateError."""
    row, why = _standing(office, receipt), decisions.words(reason, "--reason")
    if not why:
        raise UsageError("a dispatch is voided with a reason")
    with office.store.db.immediate("void"):
        now = office.clock.now()
        for mail in office.store.dispatches.mails(row["id"]):
            if mail["state"] in (State.QUEUED, State.HELD):
                office.store.outbox.end(mail, State.CANCELLED, "ยกเลิกหนังสือส่ง", now)
        office.store.dispatches.change(row, "dispatch void", now, state="void", action=f"ยกเลิก: {why}")
        _reopen(office, row, now)
    return existing(office, receipt)


def to_paper(office: Office, receipt: Receipt, postal_address: str = "") -> Row:
    """A dispatch whose mail did not arrive goes on paper instead. Raises MailgateError."""
    row, where = _standing(office, receipt), decisions.words(postal_address, "--post-to", several=True)
    with office.store.db.immediate("dispatch"):
        now = office.clock.now()
        office.store.dispatches.change(row, "on paper", now, action=ON_PAPER, posted_to=where)
    return existing(office, receipt)


def posted(office: Office, receipt: Receipt, on: date, number: str) -> Row:
    """Note that a dispatch was posted, with the number of the post. Raises MailgateError."""
    row, ems = _standing(office, receipt), number.replace(" ", "").upper()
    if not _POSTAL_NUMBER.fullmatch(ems):
        raise UsageError(
            f"{number!r} is no number of the post", "It has letters and digits only, such as EX123456789TH"
        )
    if on > office.clock.now().date():
        raise UsageError(f"{on.isoformat()} is in the future")
    day = thai.long_date(on, thai_digits=office.config.office.thai_digits)
    said = f"{ON_PAPER} ส่งทางไปรษณีย์วันที่ {day}" + (f" เลขที่ {ems}" if ems else "")
    with office.store.db.immediate("posted"):
        changes = {"posted_on": on.isoformat(), "posted_number": ems, "action": said}
        office.store.dispatches.change(row, "posted", office.clock.now(), **changes)
    return existing(office, receipt)


def _standing(office: Office, receipt: Receipt) -> Row:
    row = existing(office, receipt)
    if row["state"] == "void":
        raise MailgateError(f"dispatch {receipt} is void")
    return row


def _reopen(office: Office, row: Row, now: datetime) -> None:
    """The letter that a void dispatch had answered is to be answered again, if nothing else answered it."""
    letter = office.store.reports.letter_by_id(row["letter_id"]) if row["letter_id"] else None
    left = [r for r in office.store.dispatches.of_letter(letter["id"]) if r["state"] == "open"] if letter else []
    if letter is None or left:
        return
    if letter["state"] == "closed":
        office.store.cases.close(letter, "open", "", now)
    elif row["result"] == Result.MORE_DOCUMENTS:  # nobody was asked for anything, so nothing is waited for
        clocks.start(office, letter, now, f"ยกเลิกหนังสือขอเอกสารเพิ่มเติม ที่ {row['book_no']}", now)
