"""The mail that hands a letter to its officer: what stands in it, and whether the original goes with it.

It does repeat what the citizen wrote, for it goes to the people of the office whose duty the letter is, and to nobody
else. A confidential letter's subject never stands in a header, where anybody who passes the screen reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mailgate.config import Config, Person
from mailgate.core import thai, tokens
from mailgate.core.letterhead import Letterhead, Outgoing, draft, office_values
from mailgate.core.message import carrier
from mailgate.model import Carried, Draft, Receipt
from mailgate.model_dispatch import Paper
from mailgate.model_reading import Attachment, Flag

MOST_TEXT = 4000  # characters of the letter's text; the whole is in the original

TRUST = {
    "confirmed": "เครื่องให้บริการของสำนักงานยืนยันที่อยู่ผู้ส่งแล้ว",
    "unconfirmed": "ยังไม่ได้ยืนยันที่อยู่ผู้ส่ง",
    "suspicious": "มีข้อควรสงสัย โปรดตรวจสอบก่อนดำเนินการ",
    "": "ยังไม่ได้ยืนยันที่อยู่ผู้ส่ง",
}
WARNINGS = {
    Flag.DANGEROUS: "เป็นโปรแกรมหรือไฟล์ที่อาจเป็นอันตราย ห้ามเปิด",
    Flag.MACROS: "มีมาโคร โปรดอย่าเปิดใช้งานมาโคร",
    Flag.ENCRYPTED: "มีรหัสผ่าน ระบบตรวจเนื้อหาไม่ได้",
    Flag.MISLABELLED: "ชนิดของไฟล์ไม่ตรงกับชื่อ",
    Flag.BOMB: "ไฟล์บีบอัดขยายได้ใหญ่ผิดปกติ ห้ามแตกไฟล์",
    Flag.INFECTED: "โปรแกรมตรวจไวรัสพบไวรัส กักกันไว้แล้ว",
    Flag.CUT: "ไฟล์ไม่ครบถ้วน",
}
PAPER = {
    Paper.PROPOSED: "ผู้ส่งอาจประสงค์ขอรับคำตอบเป็นเอกสาร โปรดตรวจสอบ",
    Paper.YES: "ผู้ส่งขอรับคำตอบเป็นเอกสาร",
}


@dataclass(frozen=True, slots=True)
class Matter:
    """A letter as its officer is told of it. ``case``: the earlier letter that it belongs to, and when that is due."""

    receipt: Receipt
    from_name: str
    from_address: str
    subject: str
    summary: str
    arrived: datetime
    received: datetime
    service: str
    due: date | None
    remarks: str
    trust: str
    trust_reasons: Sequence[str]
    confidential: bool
    attachments: Sequence[Attachment] = ()
    text: str = ""
    unreadable: str = ""
    follow_up: bool = False
    paper: Paper = Paper.UNSAID
    case: Receipt | None = None
    case_due: date | None = None
    channel: str = "email"


@dataclass(frozen=True, slots=True)
class Original:
    """The raw letter: its SHA-256 and how it can be carried, or why it is not. ``sealed``: it is encrypted by age.

    ``to``: the public keys it is encrypted to, as far as that is known.
    """

    sha256: str = ""
    encoding: str = ""
    why_not: str = ""
    sealed: bool = False
    to: tuple[str, ...] = ()


def referral(head: Letterhead, matter: Matter, to: Person, original: Original, item: int, now: datetime) -> Draft:
    """The mail to one officer; its Message-ID bears the token that the officer's answer is known by."""
    boundary, before = "", b""
    carried: tuple[Carried, ...] = ()
    if original.sha256:
        boundary = "=_" + tokens.token(head.key, "boundary", item, str(matter.receipt), to.email)
        name = f"receipt-{matter.receipt.number}-{matter.receipt.year}.eml{'.age' if original.sealed else ''}"
        before, behind = carrier(boundary, name, original.encoding)
        carried = (Carried(original.sha256, original.encoding, behind),)
    made = draft(
        head,
        Outgoing(
            kind="referral",
            item=item,
            letter=str(matter.receipt),
            recipient=to.email,
            subject=subject(head.config, matter),
            text=head.render("referral.txt", values(head.config, matter, to, original)),
            made="auto-generated",
            now=now,
        ),
        boundary=boundary,
    )
    return Draft(made.sender, made.recipient, made.message_id, made.envid, made.raw + before, carried)


def subject(config: Config, matter: Matter) -> str:
    """What the officer sees in the list of mails."""
    receipt = thai.digits(matter.receipt) if config.office.thai_digits else str(matter.receipt)
    if matter.confidential:
        return f"เลขรับ {receipt} (ปกปิด)"
    more = "ข้อความเพิ่มเติม " if matter.follow_up else ""
    return f"{more}เลขรับ {receipt} เรื่อง {thai.tidy(matter.subject or matter.summary, 120) or '(ไม่มีชื่อเรื่อง)'}"


def values(config: Config, matter: Matter, to: Person, original: Original) -> Mapping[str, Any]:
    """The values of referral.txt."""
    office = config.office
    digits = thai.digits if office.thai_digits else str
    in_zone = (matter.arrived.astimezone(config.zone), matter.received.astimezone(config.zone))
    arrived, received = (thai.long_moment(t, thai_digits=office.thai_digits) for t in in_zone)
    shown = f"{matter.from_name} <{matter.from_address}>" if matter.from_name else matter.from_address
    return {
        "office": office_values(config),
        "to": to.name,
        "recipient": to.email,
        "receipt": digits(matter.receipt),
        "receipt_plain": str(matter.receipt),
        "from_shown": shown or "(ไม่ทราบผู้ส่ง)",
        "subject": matter.subject,
        "summary": "" if matter.subject else matter.summary,
        "arrived": arrived,
        "received": received,
        "service": matter.service,
        "channel": matter.channel,
        "due": thai.long_date(matter.due, thai_digits=office.thai_digits) if matter.due else "",
        "case": digits(matter.case) if matter.case else "",
        "case_due": thai.long_date(matter.case_due, thai_digits=office.thai_digits) if matter.case_due else "",
        "paper": PAPER.get(matter.paper, ""),
        "remarks": matter.remarks,
        "trust": TRUST[matter.trust],
        "trust_reasons": list(matter.trust_reasons),
        "confidential": matter.confidential,
        "attachments": [_file(n, a, digits) for n, a in enumerate(matter.attachments, 1)],
        "count": digits(len(matter.attachments)),
        "text": _excerpt(matter.text),
        "unreadable": matter.unreadable,
        "carried": bool(original.sha256),
        "not_carried": original.why_not,
        "sealed": original.sealed,
        "follow_up": matter.follow_up,
        "by_mail": config.decisions.by_mail and bool(config.trust.authserv_id) and not matter.confidential,
        "by_code": config.decisions.release == "code",
    }


def _file(number: int, attachment: Attachment, digits: Callable[[object], str]) -> dict[str, Any]:
    return {
        "no": digits(number),
        "name": attachment.name,
        "kind": attachment.found,
        "size": digits(f"{attachment.size:,}"),
        "warnings": [WARNINGS[flag] for flag in attachment.flags],
    }


def _excerpt(text: str) -> str:
    kept = text.strip()
    return kept if len(kept) <= MOST_TEXT else kept[:MOST_TEXT].rstrip() + "\n(มีต่อในต้นฉบับ)"
