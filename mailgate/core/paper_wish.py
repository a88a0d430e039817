"""Whether a citizen asks for the answer on paper (annex item 4): found words are a proposal, a person decides."""

from __future__ import annotations

import re

from mailgate.core.thai import fold

_SEARCHED = 20_000
_ASK = "ขอรับ|ขอให้ส่ง|โปรดส่ง|กรุณาส่ง|ประสงค์ให้ส่ง|ประสงค์จะรับ|ประสงค์รับ|ต้องการรับ|ต้องการให้ส่ง|ขอผล|แจ้งผล|ตอบกลับ|จัดส่ง|ส่งผล"
_BY = "เป็นเอกสาร|เป็นกระดาษ|ฉบับจริง|ฉบับกระดาษ|ตัวจริง|ทางจดหมาย|ด้วยจดหมายลงทะเบียน|ทางไปรษณีย์(?!อิเล็กทรอนิกส์)"
_THAI = re.compile(f"(?:{_ASK}).{{0,40}}?(?:{_BY})")
_ENGLISH = re.compile(
    r"\b(?:send|reply|answer|receive|want|prefer|request)\b.{0,60}?"
    r"\b(?:on paper|by post|paper copy|hard copy|postal mail)\b"
)
_NEGATED = re.compile(r"ไม่(?:ต้อง|จำเป็น|ประสงค์|ขอ|ต้องการ)|\b(?:not?|don't)\b")
_BEFORE = 30


def is_proposed(text: str) -> bool:
    """Whether words of the text ask for paper."""
    folded = fold(text[:_SEARCHED])
    return any(not _NEGATED.search(folded[max(0, m.start() - _BEFORE) : m.end()]) for m in _found(folded))


def _found(folded: str) -> list[re.Match[str]]:
    return [*_THAI.finditer(folded), *_ENGLISH.finditer(folded)]
