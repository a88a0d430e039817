"""Mails that use an officer's token, or try to, without being that officer's for all we know. Each is told at once.

Nothing follows from such a mail, whatever it says; but somebody knows of a token, or guesses at them.
"""

from __future__ import annotations

from mailgate.core import tokens
from mailgate.core.address import wire_domain
from mailgate.core.trust import Authentication
from mailgate.edges.store.database import Row
from mailgate.jobs.threads import TO_OFFICERS, Thread, verified_item
from mailgate.model import Kind, Mail
from mailgate.model_entry import Forged
from mailgate.office import Office

STRANGER = "ใช้รหัสตอบกลับของเจ้าหน้าที่จากที่อยู่อื่น"
UNCONFIRMED = "ใช้รหัสตอบกลับและที่อยู่ของเจ้าหน้าที่ แต่เครื่องให้บริการมิได้ยืนยันว่าส่งจากที่อยู่นั้นจริง"
WRONG = "อ้างถึงหนังสือที่ส่งถึงเจ้าหน้าที่ด้วยรหัสตอบกลับที่ไม่ถูกต้อง"
IN_TEXT = "มีรหัสตอบกลับของเจ้าหน้าที่อยู่ในข้อความ"
# Servers' reports name the mail they report on. One that claims to come from an officer is another matter.
_REPORTS = (Kind.BOUNCE, Kind.DELIVERY, Kind.READ, Kind.FEEDBACK)


def in_headers(office: Office, mail: Mail, kind: Kind, results: Authentication, thread: Thread) -> Forged | None:
    """What is wrong with a mail's use of officers' tokens; None if nothing is."""
    if kind in _REPORTS and (results.confirmed or mail.from_shown.address.lower() not in _staff(office)):
        return None
    if thread.officer == "stranger" and thread.item is not None:
        return _forged(thread.item, STRANGER)
    if thread.officer == "valid" and thread.item is not None:
        return _forged(thread.item, UNCONFIRMED) if _matters(office) and not results.confirmed else None
    wrong = _resembling(office, mail) if thread.item is None else None
    return _forged(wrong, WRONG) if wrong is not None else None


def in_text(office: Office, text: str) -> Forged | None:
    """An officer's right token in the words of a mail whose header bears none."""
    for candidate in tokens.in_text(text):
        item = verified_item(office, *candidate)
        if item is not None and item["kind"] in TO_OFFICERS:
            return _forged(item, IN_TEXT)
    return None


def _matters(office: Office) -> bool:
    """Whether anything could follow from an officer's own mail, and the true one be told from a false one."""
    return office.config.decisions.by_mail and bool(office.config.trust.authserv_id)


def _resembling(office: Office, mail: Mail) -> Row | None:
    domain = wire_domain(office.config.sender).partition("@")[2]
    written = [*mail.all("in-reply-to"), *mail.all("references"), *mail.named, *mail.delivered, mail.subject]
    for item in tokens.resembling(written, domain):
        row = office.store.reports.item_of_message(item)
        if row is not None and row["kind"] in TO_OFFICERS:
            return row
    return None


def _forged(item: Row, why: str) -> Forged:
    return Forged(item["id"], item["letter_id"], why)


def _staff(office: Office) -> frozenset[str]:
    return frozenset(p.email.lower() for p in office.config.staff)
