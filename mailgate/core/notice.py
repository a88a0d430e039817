"""Mails to the people of the office about decisions: what waits for them, what was not taken, what did not arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from mailgate.config import Config
from mailgate.core import thai, tokens
from mailgate.core.enclosing import enclose
from mailgate.core.letterhead import Letterhead, Outgoing, draft, office_values, thread
from mailgate.model import Draft, Receipt
from mailgate.model_dispatch import Enclosed

Template = Literal["proposal", "code", "not-taken", "outcome", "undelivered"]
_SUBJECTS: dict[Template, str] = {
    "proposal": "โปรดพิจารณาอนุญาตให้ส่งผลการพิจารณา",
    "code": "รหัสยืนยันการส่งผลการพิจารณา",
    "not-taken": "ระบบมิได้ดำเนินการตามข้อความที่ได้รับ",
    "outcome": "ผลของข้อเสนอ",
    "undelivered": "หนังสือแจ้งผลส่งไม่ถึงผู้รับ",
}
TEMPLATES = tuple(f"{name}.txt" for name in _SUBJECTS)


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to one person of the office.

    ``kind``: "notice"; "code"; or "referral", whose token is good for another answer. ``answers``: Message-ID of the
    mail of ours that it belongs to. ``files`` go with it under the names they have here.
    """

    kind: Literal["notice", "code", "referral"]
    template: Template
    recipient: str
    to: str
    receipt: Receipt | None
    values: Mapping[str, Any] = field(default_factory=dict)
    answers: str = ""
    files: Sequence[Enclosed] = ()


def mail(head: Letterhead, notice: Notice, item: int, now: datetime) -> Draft:
    """The mail under its item."""
    letter = str(notice.receipt or "")
    boundary = ""
    if notice.files:
        boundary = "=_" + tokens.token(head.key, "boundary", item, letter, notice.recipient)
    made = draft(
        head,
        Outgoing(
            kind=notice.kind,
            item=item,
            letter=letter,
            recipient=notice.recipient,
            subject=subject(head.config, notice),
            text=head.render(f"{notice.template}.txt", values(head.config, notice)),
            made="auto-generated",
            now=now,
            replies_to=thread(notice.answers, (), ()),
        ),
        boundary=boundary,
    )
    return enclose(made, boundary, notice.files, hash_list=False) if notice.files else made


def subject(config: Config, notice: Notice) -> str:
    """What the person sees in the list of mails: never a word of a letter."""
    begin = _SUBJECTS[notice.template]
    if notice.receipt is None:
        return begin
    return f"{begin} เลขรับ {thai.digits(notice.receipt) if config.office.thai_digits else notice.receipt}"


def values(config: Config, notice: Notice) -> Mapping[str, Any]:
    """The values of the template: those of the notice, and what all have."""
    digits = thai.digits if config.office.thai_digits else str
    return {
        "office": office_values(config),
        "to": notice.to,
        "receipt": digits(notice.receipt) if notice.receipt else "",
        **notice.values,
    }


def samples(config: Config, now: datetime) -> dict[str, Mapping[str, Any]]:
    """Values for each template, to try it with."""
    made: dict[str, Mapping[str, Any]] = {
        "proposal": {"officer": "-", "result": "-", "text": "-", "recipient": "-", "paper": False, "files": ["-"],
                     "others": 0, "item": 1, "wish": ""},
        "code": {"code": "AAAAA-AAAAA", "until": thai.long_moment(now), "result": "-", "text": "-", "recipient": "-",
                 "files": ["-"]},
        "not-taken": {"why": "-", "retry": True, "seen": thai.long_moment(now), "known": True},
        "outcome": {"sent": False, "book_no": "-", "paper": False, "why": "-", "result": "-"},
        "undelivered": {"book_no": "-", "dispatch": "1/2569", "recipient": "-", "state": "unsure", "said": "-",
                        "item": 1},
    }  # fmt: skip
    receipt = Receipt(1, 2569)
    return {
        f"{name}.txt": values(config, Notice("notice", name, "a@b.test", "-", receipt, shown))  # type: ignore[arg-type]
        for name, shown in made.items()
    }
