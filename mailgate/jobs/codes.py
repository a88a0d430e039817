"""The officer's own second act: a one-time code, mailed to the registered address and answered from there.

Who writes in an officer's name without reading the officer's mail never sees it.
"""

from __future__ import annotations

from datetime import datetime

from mailgate.core import officers, thai, tokens
from mailgate.core.notice import Notice
from mailgate.edges.store.database import Row, moment
from mailgate.edges.store.proposals import receipt_of
from mailgate.jobs.hearing import Heard
from mailgate.jobs.telling import person, tell, warn
from mailgate.model import Receipt
from mailgate.model_dispatch import THAI_RESULTS, Answer, Proposed
from mailgate.office import Office

_LENGTH = 10  # characters of base32: 50 bits, and few tries
_MOST_TRIES = 5
_WRONG = "รหัสยืนยันไม่ถูกต้อง"
_TOO_MANY = "ใส่รหัสยืนยันผิดเกินจำนวนครั้งที่กำหนด โปรดแจ้งงานสารบรรณกลางให้ตรวจสอบและส่งแทน"
_LATE = "รหัสยืนยันหมดอายุแล้ว โปรดแจ้งงานสารบรรณกลางให้ตรวจสอบและส่งแทน"
_DONE = "ข้อเสนอนี้ดำเนินการไปแล้ว"
_UNCONFIRMED = "เครื่องให้บริการของสำนักงานมิได้ยืนยันว่าข้อความส่งจากที่อยู่ของท่านจริง (DMARC)"


def send(office: Office, letter: Row, proposed: Proposed, answer: Answer, recipient: str, now: datetime) -> None:
    """Mail the officer the code for what was proposed; inside a transaction."""
    to, receipt = person(office, proposed.officer), Receipt(letter["number"], letter["year"])
    item = office.store.outbox.next_id()
    digits = office.config.office.thai_digits
    shown = {
        "code": "-".join(_halves(_code(office, item, receipt, to.email))),
        "until": thai.long_moment(now + office.config.decisions.code_for, thai_digits=digits),
        "result": THAI_RESULTS[answer.result],
        "text": answer.text,
        "recipient": "ทางไปรษณีย์ (เอกสาร)" if answer.paper else recipient,
        "files": [f"{f.name} ({f.size:,} ไบต์)" for f in proposed.files],
    }
    tell(office, Notice("code", "code", to.email, to.name, receipt, shown), letter["id"], now)
    office.store.proposals.code_in(proposed.mail_id, item)


def answered(office: Office, item: Row, heard: Heard, text: str, now: datetime) -> None:
    """An officer answered the mail with the code; inside the reading's transaction."""
    row = office.store.proposals.of_code(item["id"])
    if row is None:
        return
    problem = _problem(office, row, item, heard, officers.code(text), now)
    if not problem:
        office.store.proposals.confirm(row, now)
        return
    to = person(office, row["officer"])
    shown = {"why": problem, "retry": False, "seen": thai.long_moment(now), "known": True}
    warn(office, Notice("notice", "not-taken", to.email, to.name, receipt_of(row), shown, item["message_id"]),
         row["letter_id"], now)  # fmt: skip


def _problem(office: Office, row: Row, item: Row, heard: Heard, given: str, now: datetime) -> str:
    """Why the code does not count; a wrong one is counted."""
    sent = moment(office.store.outbox.get(item["id"])["created_at"])
    if not heard.results.confirmed:
        return _UNCONFIRMED
    if row["state"] != "waiting":
        return _DONE
    if sent is None or sent + office.config.decisions.code_for < now:
        return _LATE
    if row["tries"] >= _MOST_TRIES:
        return _TOO_MANY
    if not tokens.same(given, _code(office, item["id"], receipt_of(row), item["recipient"])):
        office.store.proposals.tried(row["mail_id"])
        return _WRONG
    return ""


def _code(office: Office, item: int, receipt: Receipt, address: str) -> str:
    return tokens.token(office.head.key, "one-time code", item, str(receipt), address)[:_LENGTH].upper()


def _halves(code: str) -> tuple[str, str]:
    return code[: _LENGTH // 2], code[_LENGTH // 2 :]
