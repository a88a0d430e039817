"""Whether a citizen asks for the answer on paper (annex item 4): found words are a proposal, a person decides."""

from __future__ import annotations

import re

from mailgate.core.thai import fold

_SEARCHED = 20_000
_NEAR = 60  # characters between the words that ask and those that name paper
_BEFORE = 25

# ไปรษณีย์อิเล็กทรอนิกส์ is e-mail however it is spelt; and who does not want e-mail does not refuse paper.
_E_MAIL = re.compile("(?:ไปรษณีย์|จดหมาย) ?อ[ิี]เล็?[กค]โ?ท?รอน[ิี][กค]ส?์?")
_NO_E_MAIL = re.compile(r"ไม่[^\s.,]{0,40}?อีเมล์?ล?์?|(?:\b(?:not?|never|cannot)|n't)\b[^.;,]{0,25}?\be-?mails?\b")

_DO = "(?:ส่ง|ตอบ|แจ้ง|ออก)"
_ASK = re.compile(
    f"(?:โปรด|กรุณา|รบกวน|ช่วย|ขอความกรุณา|ขอความอนุเคราะห์|ขอให้)[^ ]{{0,25}}? ?{_DO}"
    "|ขอ(?:รับ(?!รอง)|มารับ|ผล|เอกสาร|หนังสือ|คำตอบ)"
    "|(?:ประสงค์|ต้องการ|อยาก)(?!(?:จะ)?(?:นำ)?(?:ส่ง|ทราบ|สอบถาม|ยื่น|ให้บุตร))"
    "|ส่งกลับ|ตอบกลับ|แจ้งผล|ส่งผล|ขอ(?=เป็น|ทาง|ฉบับ|ตัวจริง)"
)
_BY = re.compile(
    "เป็นเอกสาร(?! ?(?:แนบ|pdf|ไฟล์|อิเล็ก|word))|เป็นกระดาษ|เอกสารกระดาษ|ฉบับกระดาษ|ฉบับจริง|ตัวจริง"
    "|เป็นจดหมาย|(?:ทาง|ด้วย)จดหมาย|จดหมายลงทะเบียน|(?:ทาง|โดย|ผ่าน) ?(?:ไปรษณีย์|ปณ\\b|ems\\b)"
    "|ส่ง[^ ]{0,30}?(?:มา|กลับ|ให้)(?:ที่|ยัง|ถึง)บ้าน(?!เรียน)|รับ(?!แจ้ง|ทราบ)[^ ]{0,25}?ด้วยต(?:น|ัว)เอง"
)
_NEGATED = re.compile("ไม่(?:ต้อง|จำเป็น|ประสงค์|ขอ|รับ|ส่ง|อยาก|สะดวก|เอา|ใช่)|งด|ยกเลิก|แทนการ")
_NOT_ASKED = re.compile("ได้รับ|(?:หาก|ถ้า)[^ ]{0,15}\\Z")
_OWN_ACT = re.compile("(?:ได้|จะ)(?:จัด|นำ)?ส่ง")

_ASK_EN = r"(?:send|reply|answer|respond|receive|get|want|prefer|request|need|like|mail|post|deliver|have)"
_BY_EN = (
    r"(?:on paper|(?:by|via) (?:post|letter)|(?:registered|ordinary|regular|postal|surface|snail) mail"
    r"|paper (?:copy|letter|version)|hard ?copy|printed (?:copy|letter|version)|to my (?:home|postal|mailing) address)"
)
_ENGLISH = re.compile(
    rf"\b{_ASK_EN}\b[^.;!?]{{0,{_NEAR}}}?\b{_BY_EN}\b|\b{_BY_EN}\b[^.;!?]{{0,10}}\bplease\b.{{0,15}}?\b{_ASK_EN}\b"
)
_NOT_ENGLISH = re.compile(
    r"\b(?:not?|never|don't|doesn't|cannot|without|instead of|rather than|unless|if you|do you|should i|shall i|must i"
    r"|do i|(?:i|we)(?: will|'ll| shall| can| have| am| are))\b"
)


def is_proposed(text: str) -> bool:
    """Whether words of the text ask for paper."""
    folded = fold(text[:_SEARCHED]).replace("\u2019", "'")
    folded = _NO_E_MAIL.sub(" ", _E_MAIL.sub("อีเมล", folded))
    return any(_asked(folded, found) for found in _BY.finditer(folded)) or any(
        _asked_in_english(folded, found) for found in _ENGLISH.finditer(folded)
    )


def _asked(folded: str, by: re.Match[str]) -> bool:
    """Whether the nearest words that ask, before those that name paper, are no refusal and no report."""
    first = max(0, by.start() - _NEAR)
    asks = [first + m.start() for m in _ASK.finditer(folded[first : by.end()]) if first + m.start() <= by.start()]
    if not asks:
        return False
    asked, before = folded[asks[-1] : by.end()], _clause(folded, asks[-1], " ")
    refused = _NEGATED.search(before + asked) or _NOT_ASKED.search(before)
    return not (refused or _OWN_ACT.search(asked))


def _asked_in_english(folded: str, found: re.Match[str]) -> bool:
    return not _NOT_ENGLISH.search(_clause(folded, found.start(), ".;!?,") + found[0])


def _clause(folded: str, end: int, marks: str) -> str:
    """What stands before in the same clause."""
    before = folded[max(0, end - _BEFORE) : end]
    return before[1 + max(before.rfind(mark) for mark in marks) :]
