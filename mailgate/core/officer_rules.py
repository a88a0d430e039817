"""Whether what an officer's mail proposes counts: rules read from top to bottom, the first that applies decides.

The token proves which mail is answered, and that it is the officer's; everything else is asked here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from mailgate.model_dispatch import Answer, Result


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of an officer's mail and of the letter it is about.

    ``confirmed``: our own server vouches for the sender's domain (DMARC). ``problem``: of a PDF, in Thai.
    ``answered``: so may not be answered once more. ``reachable``: there is an address, or it goes on paper.
    """

    by_mail: bool
    checked: bool
    confirmed: bool
    expired: bool
    used: bool
    responsible: bool
    void: bool
    answered: bool
    confidential: bool
    waits: bool
    answer: Answer | None
    fits: bool
    files: int
    problem: str
    reachable: bool


class Refusal(NamedTuple):
    """Why a mail does not count (Thai). ``retry``: the officer may answer again, to a new token."""

    why: str
    retry: bool = False


_REFUSALS: tuple[tuple[Callable[[Claim], bool], Refusal], ...] = (
    (lambda c: not c.by_mail or not c.checked,
     Refusal("สำนักงานมิได้เปิดให้เสนอผลการพิจารณาทางไปรษณีย์อิเล็กทรอนิกส์ ระบบเก็บข้อความไว้กับเรื่องแล้ว")),
    (lambda c: not c.confirmed, Refusal("เครื่องให้บริการของสำนักงานมิได้ยืนยันว่าข้อความส่งจากที่อยู่ของท่านจริง (DMARC)")),
    (lambda c: not c.responsible, Refusal("ท่านมิได้เป็นเจ้าหน้าที่ผู้รับผิดชอบเรื่องนี้แล้ว")),
    (lambda c: c.void, Refusal("เลขรับนี้ถูกยกเลิกแล้ว")),
    (lambda c: c.confidential,
     Refusal("เป็นเรื่องปกปิด จึงไม่ดำเนินการทางไปรษณีย์อิเล็กทรอนิกส์ โปรดแจ้งผู้ดูแลให้ใช้คำสั่ง mailgate decide ที่เครื่องให้บริการ")),
    (lambda c: c.answer is None,
     Refusal("บรรทัดแรกของข้อความมิใช่ผลการพิจารณา ระบบเก็บข้อความไว้กับเรื่องแล้ว และมิได้ส่งถึงผู้ส่งหนังสือ")),
    (lambda c: c.answered, Refusal("เรื่องนี้แจ้งผลแก่ผู้ส่งหนังสือแล้ว")),
    (lambda c: c.waits, Refusal("เรื่องนี้มีข้อเสนอที่รอการอนุญาตให้ส่งอยู่แล้ว")),
    (lambda c: c.expired, Refusal("รหัสตอบกลับหมดอายุแล้ว", retry=True)),
    (lambda c: c.used, Refusal("รหัสตอบกลับนี้ใช้ไปแล้ว", retry=True)),
    (lambda c: not c.fits, Refusal("ผลการพิจารณานี้ใช้กับงานนี้ไม่ได้", retry=True)),
    (lambda c: bool(c.problem), Refusal("", retry=True)),
    (lambda c: _needs_file(c) and not c.files, Refusal("ไม่มีไฟล์ PDF ของหนังสือแจ้งผลแนบมาด้วย", retry=True)),
    (lambda c: not c.files and c.answer is not None and not c.answer.text,
     Refusal("ไม่มีข้อความหรือไฟล์ PDF ที่จะแจ้งแก่ผู้ส่งหนังสือ", retry=True)),
    (lambda c: not c.reachable,
     Refusal("ผู้ส่งหนังสือไม่มีที่อยู่ไปรษณีย์อิเล็กทรอนิกส์ให้ตอบ หากประสงค์ส่งเป็นเอกสาร โปรดเพิ่มบรรทัดว่า ส่งเป็นเอกสาร", retry=True)),
)  # fmt: skip


def refusal(claim: Claim) -> Refusal | None:
    """Why it does not count; None if it does."""
    for applies, found in _REFUSALS:
        if applies(claim):
            return found if found.why else Refusal(claim.problem, found.retry)
    return None


def _needs_file(claim: Claim) -> bool:
    return claim.answer is not None and claim.answer.result in (Result.APPROVED, Result.REFUSED)
