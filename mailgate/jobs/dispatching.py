"""Sending by a person's decision: one transaction numbers the dispatch, queues its mails and ends the letter's case.

files: copied, looked into, kept and fsynced ─▶ ONE transaction: number, register, mails frozen, letter ─▶ outbox
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path

from mailgate.core import decision, enclosing, thai
from mailgate.core.decision import Matter
from mailgate.edges import pdf_files
from mailgate.edges.store.database import Row, moment
from mailgate.edges.store.dispatches import Mailed, numbered
from mailgate.errors import ArchiveError, MailgateError
from mailgate.jobs import clocks, deciding, decisions, withdrawing
from mailgate.model import Draft, Receipt
from mailgate.model_dispatch import THAI_RESULTS, Enclosed, Numbered, Outbound, Result, Way
from mailgate.office import Office

ON_PAPER = "ส่งเป็นเอกสาร"


def looked_into(office: Office, paths: Sequence[Path]) -> list[Enclosed]:
    """The files as they would go out; nothing is kept yet. Raises MailgateError for one that is no sound PDF."""
    found = []
    for path in paths:
        try:
            decisions.examined(office, [(path.name, path.stat().st_size)])
            content = path.read_bytes()
        except OSError as e:
            raise MailgateError(f"{path} cannot be read: {e.strerror}") from None
        if problem := pdf_files.check(path):
            raise MailgateError(f"{path} cannot go out: {problem}", "Make it a PDF without a password")
        found.append(Enclosed(path.name, hashlib.sha256(content).hexdigest(), len(content)))
    return found


def keep(office: Office, paths: Sequence[Path], files: Sequence[Enclosed]) -> None:
    """Make the files durable before any row speaks of them. Raises MailgateError if one has changed meanwhile."""
    for path, file in zip(paths, files, strict=True):
        with office.archive.workplace() as folder:
            copy = folder / "0"
            try:
                shutil.copyfile(path, copy)
            except OSError as e:
                raise ArchiveError(f"{path} cannot be copied: {e.strerror}") from None
            if office.attachments.keep_file(copy, file.name).sha256 != file.sha256:
                raise MailgateError(f"{path} has changed while it was being read", "Try again")


def enter(office: Office, out: Outbound) -> Receipt:
    """Number a dispatch, queue its mails, end or pause the letter's case. Raises MailgateError, with nothing done."""
    read = contents(office, out)
    with office.store.db.immediate("dispatch"):
        return enter_within(office, out, read)


def enter_within(office: Office, out: Outbound, read: Sequence[bytes], planned: int | None = None) -> Receipt:
    """The same inside a transaction. ``read``: its files; ``planned``: a held item that becomes the first mail."""
    now = office.clock.now()
    if out.letter is not None and out.result is not None:  # as it was looked at, another may have answered since
        decisions.answerable(office, out.letter, out.result, again=out.again)
    compose, book_no = partial(_composed, office, out, read), partial(_book_no, office)
    receipt = office.store.dispatches.enter(out, office.config.office.name, book_no, compose, now, planned)
    row = existing(office, receipt)
    if out.way is Way.PAPER:
        office.store.dispatches.change(row, "on paper", now, action=ON_PAPER)
    note_answer(office, out, row, now)
    return receipt


def contents(office: Office, out: Outbound) -> list[bytes]:
    """The files that go out. Raises ArchiveError if one is not as it was kept."""
    return [office.attachments.read(file.sha256) for file in out.files]


def send_to(office: Office, receipt: Receipt, address: str) -> int:
    """A dispatch to another address, under its own number; held for a second person. Returns the item.

    Raises MailgateError.
    """
    row = existing(office, receipt)
    if row["state"] == "void":
        raise MailgateError(f"dispatch {receipt} is void")
    if row["confidential"]:
        raise MailgateError(f"dispatch {receipt} is confidential: nothing of it goes out by plain e-mail")
    out = again(office, row, [decisions.address(address)])
    read = contents(office, out)
    with office.store.db.immediate("dispatch"):
        compose = partial(_composed, office, out, read)
        return office.store.dispatches.more_mail(
            row, address, numbered(row), compose, office.clock.now(), decisions.OTHER_ADDRESS
        )


def existing(office: Office, receipt: Receipt) -> Row:
    """A dispatch of the register. Raises MailgateError."""
    row = office.store.dispatches.get(receipt)
    if row is None:
        raise MailgateError(f"there is no dispatch {receipt}", "See: mailgate dispatch list")
    return row


def again(office: Office, row: Row, addresses: Sequence[str]) -> Outbound:
    """A dispatch of the register as it was entered, to go to these addresses."""
    letter = Receipt(row["letter_number"], row["letter_year"]) if row["letter_number"] else None
    return Outbound(
        way=Way(row["way"]),
        addressee=row["addressee"],
        subject=row["subject"],
        text=row["text"],
        files=office.store.dispatches.files(row["id"]),
        addresses=addresses,
        decided_by=row["decided_by"],
        result=Result(row["result"]) if row["result"] else None,
        letter=letter,
        letter_id=row["letter_id"],
        circular=bool(row["circular"]),
        confidential=bool(row["confidential"]),
        remarks=row["remarks"],
        postal_address=row["posted_to"] or row["postal_address"],
    )


def matter(office: Office, out: Outbound) -> Matter:
    """What the mail says of the letter it answers."""
    letter = office.store.reports.letter_by_id(out.letter_id) if out.letter_id else None
    if letter is None:
        return Matter()
    service = None if letter["confidential"] else deciding.service_by_key(office, letter["service"])
    return Matter(moment(letter["legally_received_at"]), service, letter["message_id"])


def preview(office: Office, out: Outbound, paths: Sequence[Path]) -> Draft:
    """The mail to the first address as it would be, under a number that is not given yet; nothing is kept."""
    contents = [path.read_bytes() for path in paths]
    address = out.addresses[0] if out.addresses else office.config.office.address
    draft = _draft(office, out, contents, address, 0, unnumbered(office, out))
    raw = enclosing.whole(draft.raw, draft.carried, contents)
    return Draft(draft.sender, draft.recipient, draft.message_id, draft.envid, raw)


def unnumbered(office: Office, out: Outbound) -> Numbered:
    today = office.clock.now().date()
    return Numbered(Receipt(0, today.year + 543, "dispatch"), decision.book_no(office.config, 0, out.circular), today)


def _composed(
    office: Office, out: Outbound, contents: Sequence[bytes], address: str, item: int, number: Numbered
) -> Mailed:
    draft = _draft(office, out, contents, address, item, number)
    return Mailed(draft, enclosing.sha256(draft.raw, draft.carried, contents))


def _draft(
    office: Office, out: Outbound, contents: Sequence[bytes], address: str, item: int, number: Numbered
) -> Draft:
    now, about = office.clock.now(), matter(office, out)
    return decision.mail(office.head, out, about, address, item, number, now, contents, office.signer())


def _book_no(office: Office, number: int, circular: bool) -> str:
    return decision.book_no(office.config, number, circular)


def note_answer(office: Office, out: Outbound, row: Row, now: datetime) -> None:
    """Note in the receive register what was done with the letter (การปฏิบัติ); inside the transaction."""
    if out.letter_id is None or out.result is None:
        return
    letter = office.store.reports.letter_by_id(out.letter_id)
    assert letter is not None
    digits = office.config.office.thai_digits
    dated = thai.long_date(date.fromisoformat(row["dated"]), thai_digits=digits)
    book_no = thai.digits(row["book_no"]) if digits else row["book_no"]
    action = f"{THAI_RESULTS[out.result]} ที่ {book_no} ลงวันที่ {dated}"
    withdrawing.withdraw(office, letter["id"], f"แจ้งผลแก่ผู้ส่งหนังสือแล้ว ที่ {book_no}", now)
    if out.closes:
        office.store.cases.close(letter, "closed", action, now)
    else:
        office.store.cases.close(letter, "open", action, now)
        clocks.stop(office, letter, action, now)
