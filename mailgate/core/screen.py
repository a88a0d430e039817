"""The screening table: what a mail is, and whether it is answered, read from top to bottom; the first rule decides.

Registration defaults to yes, answering to no (RFC 3834). A mail is kept out of the register only on certain signs:
a report, a program's answer to a mail of ours, our own mail come back, or a list's post with two marks of a list.
Adding a rule is adding a row and a small function; the reason is shown to the clerk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from mailgate.core import screen_automatic as automatic
from mailgate.core import screen_marks as marks
from mailgate.core import screen_reports as reports
from mailgate.core import screen_signs as signs
from mailgate.core.address import unwrap, valid_recipient
from mailgate.core.screen_signs import Facts
from mailgate.core.trust import Authentication
from mailgate.model import Kind, Mail, Screening

Sign = Callable[[Mail, Facts], str]


class Rule(NamedTuple):
    """A row: if ``sign`` finds evidence, the mail is of this kind and is not answered, for this reason.

    ``hard``: not even a mail that a person or a rule of the office calls a letter is answered against it.
    """

    name: str
    kind: Kind
    sign: Sign
    reason: str
    hard: bool = False


RULES: tuple[Rule, ...] = (
    # -- not letters: journaled without a number ----------------------------------------------------------------------
    Rule("own-mail", Kind.OWN, signs.own_mail, "เป็นข้อความของระบบนี้เองที่ย้อนกลับมา", hard=True),
    Rule("malware", Kind.MALWARE, marks.infected, "เครื่องให้บริการทำเครื่องหมายว่ามีไวรัส", hard=True),
    Rule("read-receipt", Kind.READ, reports.read_receipt, "เป็นใบตอบรับการอ่าน", hard=True),
    Rule("complaint-report", Kind.FEEDBACK, reports.feedback_report, "เป็นรายงานข้อร้องเรียนจากผู้ให้บริการอีเมล", hard=True),
    Rule("delivery-progress", Kind.DELIVERY, reports.progress_report, "เป็นรายงานว่าส่งถึงแล้วหรือส่งล่าช้า", hard=True),
    Rule("delivery-report", Kind.BOUNCE, reports.delivery_report, "เป็นรายงานผลการส่งของเครื่องให้บริการ", hard=True),
    Rule("failed-recipients", Kind.BOUNCE, reports.failed_recipients, "เป็นรายงานว่าส่งไม่ถึงผู้รับ", hard=True),
    Rule("mailer-daemon", Kind.BOUNCE, reports.mailer_daemon, "ผู้ส่งเป็นเครื่องให้บริการไปรษณีย์", hard=True),
    Rule("free-form-bounce", Kind.BOUNCE, reports.returned, "เป็นรายงานว่าส่งไม่ถึงผู้รับ", hard=True),
    Rule("calendar-answer", Kind.AUTO, reports.calendar_reply, "เป็นคำตอบนัดหมายอัตโนมัติ"),
    Rule("answer-to-ours", Kind.AUTO, automatic.machine_answer_to_ours, "เป็นคำตอบอัตโนมัติต่อข้อความของสำนักงาน", hard=True),
    Rule("braked-answer", Kind.AUTO, automatic.braked_answer, "เป็นข้อความอัตโนมัติจากผู้ส่งที่ตอบวนซ้ำ", hard=True),
    Rule("officers-answer", Kind.OFFICER, signs.officers_answer, "เป็นคำตอบของเจ้าหน้าที่ เก็บไว้กับเรื่อง"),
    Rule("office-test", Kind.TEST, signs.office_test, "เป็นข้อความทดสอบของเจ้าหน้าที่สำนักงาน"),
    Rule("spam", Kind.SPAM, marks.spam_kept_out, "เครื่องให้บริการทำเครื่องหมายว่าเป็นข้อความขยะ", hard=True),
    Rule("list-post", Kind.LIST, signs.list_post, "เป็นข้อความจากรายการส่งข่าวสาร"),
    # -- letters that are not answered --------------------------------------------------------------------------------
    Rule("officer-token-stranger", Kind.LETTER, signs.officers_token_elsewhere,
         "ใช้รหัสตอบกลับของเจ้าหน้าที่จากที่อยู่อื่น โปรดตรวจสอบ", hard=True),
    Rule("from-repeated", Kind.LETTER, signs.several_from, "มีช่องผู้ส่งมากกว่าหนึ่งช่อง", hard=True),
    Rule("from-unclear", Kind.LETTER, signs.unclear_from, "อ่านที่อยู่ผู้ส่งได้ไม่แน่ชัด", hard=True),
    Rule("nobody", Kind.LETTER, signs.no_sender, "ไม่มีที่อยู่ผู้ส่งให้ตอบกลับ", hard=True),
    Rule("null-path", Kind.LETTER, signs.null_path, "ผู้ส่งไม่ประสงค์รับคำตอบ (Return-Path ว่าง)", hard=True),
    Rule("own-address", Kind.LETTER, signs.own_address, "ใช้ที่อยู่ของสำนักงานเป็นผู้ส่ง", hard=True),
    Rule("staff-address", Kind.LETTER, signs.staff_without_token, "ใช้ที่อยู่ของเจ้าหน้าที่โดยไม่มีรหัสตอบกลับ", hard=True),
    Rule("loop-brake", Kind.LETTER, signs.braked, "หยุดตอบผู้ส่งรายนี้ชั่วคราว เนื่องจากมีลักษณะตอบวนซ้ำ", hard=True),
    Rule("report", Kind.LETTER, reports.other_report, "เป็นรายงานของเครื่องให้บริการ", hard=True),
    Rule("loop-mark", Kind.LETTER, signs.loop_headers, "มีเครื่องหมายของระบบตอบรับอัตโนมัติ"),
    Rule("auto-submitted", Kind.LETTER, signs.auto_submitted, "แจ้งว่าเป็นข้อความอัตโนมัติ (Auto-Submitted)"),
    Rule("responder", Kind.LETTER, signs.responder_headers, "มีเครื่องหมายของระบบตอบรับอัตโนมัติ"),
    Rule("suppress", Kind.LETTER, signs.response_suppressed, "ผู้ส่งขอไม่ให้ตอบอัตโนมัติ"),
    Rule("precedence", Kind.LETTER, signs.precedence, "แจ้งว่าเป็นข้อความส่งจำนวนมาก (Precedence)"),
    Rule("list-mark", Kind.LETTER, signs.list_headers, "มีเครื่องหมายของรายการส่งข่าวสาร"),
    Rule("mass-mail", Kind.LETTER, signs.feedback_id, "มีเครื่องหมายของการส่งจำนวนมาก"),
    Rule("no-reply-sender", Kind.LETTER, signs.no_reply_sender, "ผู้ส่งเป็นที่อยู่ที่ไม่รับคำตอบ", hard=True),
    Rule("automatic-subject", Kind.LETTER, automatic.automatic_subject, "หัวเรื่องเป็นข้อความตอบรับอัตโนมัติ"),
    Rule("away", Kind.LETTER, automatic.away, "เป็นข้อความแจ้งว่าไม่อยู่"),
    Rule("returned-subject", Kind.LETTER, reports.returned_subject, "หัวเรื่องเป็นข้อความแจ้งส่งไม่ถึง"),
    Rule("returned-words", Kind.LETTER, reports.returned_words, "เนื้อความเป็นข้อความแจ้งส่งไม่ถึง"),
    Rule("automatic-words", Kind.LETTER, automatic.automatic_words, "เนื้อความแจ้งว่าเป็นข้อความอัตโนมัติ"),
    Rule("hops", Kind.LETTER, signs.many_hops, "ผ่านเครื่องให้บริการมากผิดปกติ อาจเป็นการส่งวน", hard=True),
    Rule("blind-copy", Kind.LETTER, signs.blind_copy, "สำนักงานมิได้อยู่ในรายชื่อผู้รับ"),
    Rule("spam-letter", Kind.LETTER, marks.spam, "เครื่องให้บริการทำเครื่องหมายว่าเป็นข้อความขยะ", hard=True),
    Rule("forged", Kind.LETTER, marks.forged, "เครื่องให้บริการแจ้งว่าที่อยู่ผู้ส่งอาจถูกปลอม", hard=True),
)  # fmt: skip

ANSWER = "ลงทะเบียนรับและแจ้งเลขรับ"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an answer goes, and why not anywhere."""

    address: str
    why_not: str = ""


def screen(mail: Mail, facts: Facts, *, as_letter: bool = False) -> Screening:
    """Judge a mail. The answer's destination is set only where it is answered.

    ``as_letter``: a person or a rule of the office says that it is a letter; only hard stops keep the answer back.
    """
    for rule in RULES:
        if as_letter and not rule.hard:
            continue
        evidence = rule.sign(mail, facts)
        if evidence:
            kind = Kind.LETTER if as_letter else rule.kind
            return Screening(kind, False, rule.name, rule.reason, evidence[:200])
    destination = _destination(mail, facts.authentication)
    if not destination.address:
        return Screening(Kind.LETTER, False, "no-destination", destination.why_not)
    return Screening(Kind.LETTER, True, "answer", ANSWER, "", destination.address)


def _destination(mail: Mail, results: Authentication) -> Destination:
    """RFC 3834 4: the Return-Path; From where it is the same, is confirmed, or where our server records no path.

    Reply-To is never used: it points an answer at anybody.
    """
    sender = mail.sender.address if mail.sender else ""
    path = mail.return_path
    if path is None and mail.all("return-path") and not results.confirmed:
        return Destination("", "อ่าน Return-Path ไม่ได้")
    if sender and (path is None or results.confirmed or unwrap(path).lower() == sender.lower()):
        address = sender
    else:
        address = path or ""
    if valid_recipient(address):
        return Destination(address)
    return Destination("", "ที่อยู่ที่จะตอบกลับใช้ส่งไม่ได้" if address else "ไม่มีที่อยู่ให้ตอบกลับ")
