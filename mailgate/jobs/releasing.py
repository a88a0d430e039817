"""The second act: what an officer proposed is looked at, then numbered and sent, or sent back with a reason."""

from __future__ import annotations

import logging
from datetime import datetime

from mailgate.core import thai
from mailgate.edges.store.database import Row
from mailgate.edges.store.proposals import answer_of, receipt_of
from mailgate.errors import MailgateError, UsageError
from mailgate.jobs import decisions, dispatching, withdrawing
from mailgate.jobs.decisions import Wish
from mailgate.jobs.telling import person
from mailgate.model import Receipt, State
from mailgate.model_dispatch import Outbound
from mailgate.office import Office

log = logging.getLogger("mailgate.decisions")


def proposal(office: Office, item: int) -> Row | None:
    """The proposal that this outbox item waits for; None for every other item. Raises MailgateError for a done one."""
    row = office.store.proposals.of_item(item)
    if row is not None and row["state"] not in ("waiting", "confirmed"):
        raise MailgateError(f"the proposal of item {item} is {row['state']} already ({row['why']})")
    return row


def outbound(office: Office, row: Row, paper: bool | None = None) -> Outbound:
    """What would go out. ``paper``: another way than the officer and the citizen wished. Raises MailgateError."""
    answer = answer_of(row)
    wish = Wish(
        answer.result,
        answer.text,
        paper=True if answer.paper and paper is None else paper,
        by=person(office, row["officer"]).name,
    )
    return decisions.outbound(office, receipt_of(row), wish, office.store.proposals.files(row["mail_id"]))


def release(office: Office, row: Row, out: Outbound, by: str) -> Receipt:
    """Number and send it, tell the officer. Raises MailgateError; nothing is done then."""
    contents = dispatching.contents(office, out)
    with office.store.db.immediate("dispatch"):
        now = office.clock.now()
        mail = office.store.outbox.get(row["item_id"])
        if mail["state"] != State.HELD:
            raise MailgateError(f"item {mail['id']} is {mail['state']}: somebody else decided about it")
        office.store.proposals.end(row, "sent", by, now)
        planned = mail["id"] if out.addresses[:1] == [mail["recipient"]] else None
        if planned is None:
            office.store.outbox.end(mail, State.CANCELLED, dispatching.ON_PAPER, now)
        given = dispatching.enter_within(office, out, contents, planned)
        _tell(office, row, given, now)
    return given


def reject(office: Office, row: Row, why: str) -> None:
    """Send it back to the officer with the reason. Raises UsageError."""
    reason = decisions.words(why, "--note")
    if not reason:
        raise UsageError("a proposal is sent back with a reason", 'Add --note "…": the officer reads it')
    with office.store.db.immediate("reject"):
        withdrawing.end(office, row, reason, office.clock.now())


def is_to_do(office: Office) -> bool:
    """Whether a proposal was released by its code."""
    return bool(office.store.proposals.confirmed())


def step(office: Office) -> None:
    """Carry out what was released by a code; what cannot be any more goes back to the officer."""
    for row in office.store.proposals.confirmed():
        try:
            release(office, row, outbound(office, row), "code")
        except MailgateError as e:
            log.warning("the proposal of item %d cannot be carried out: %s", row["item_id"], e)
            reject(office, row, f"ระบบส่งออกไม่ได้ ({e.what})")


def _tell(office: Office, row: Row, given: Receipt, now: datetime) -> None:
    dispatch = dispatching.existing(office, given)
    book_no = thai.digits(dispatch["book_no"]) if office.config.office.thai_digits else dispatch["book_no"]
    shown = {"sent": True, "why": "", "book_no": book_no, "paper": dispatch["way"] == "paper"}
    withdrawing.told(office, row, shown, now)
