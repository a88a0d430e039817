"""What an officer's mail says: its first line is a result, or a code that releases one. Nothing else of it counts."""

from __future__ import annotations

import re

from mailgate.core.thai import fold, tidy
from mailgate.model_dispatch import Answer, Result

_MOST_TEXT = 4000
_WORDS = {
    Result.APPROVED: "อนุมัติ อนุญาต approved",
    Result.REFUSED: "ไม่อนุมัติ ไม่อนุญาต refused",
    Result.MORE_DOCUMENTS: "ขอเอกสารเพิ่ม ขอเอกสารเพิ่มเติม more-documents",
    Result.FORWARDED: "ส่งต่อ forwarded",
    Result.INFORMATION: "แจ้งข้อมูล ให้ข้อมูล information",
}
RESULTS = {fold(word): result for result, words in _WORDS.items() for word in words.split()}
_LABELS = frozenset(map(fold, ("ผล", "ผลการพิจารณา", "result")))
_PAPER = frozenset(map(fold, ("ส่งเป็นเอกสาร", "ส่งทางไปรษณีย์", "on paper")))
_CODE = re.compile(r"(?:รหัส|code)\s*[:：]?\s*([A-Z2-7][A-Z2-7 -]{6,14}[A-Z2-7])\s*", re.IGNORECASE)
# "-- " begins a signature (RFC 3676 4.3).
_SIGNATURE = re.compile(r"--\s*\Z")


def read(text: str) -> Answer | None:
    """The answer in the officer's own words (quoted history cut off); None if the first line is not exactly one.

    ``ผล: อนุมัติ`` · ``ผล: ไม่อนุมัติ`` · ``ขอเอกสารเพิ่ม: …`` · ``ส่งต่อ: …`` · ``แจ้งข้อมูล: …``; a line
    ``ส่งเป็นเอกสาร`` below asks for paper; the words go on to the first empty line.
    """
    lines = _paragraph(text)
    if not lines:
        return None
    label, _, rest = lines[0].replace("：", ":").partition(":")
    name, words = (rest, "") if fold(label) in _LABELS else (label, rest)
    result = RESULTS.get(fold(name).strip(" ."))
    if result is None:
        return None
    more = [line for line in lines[1:] if fold(line) not in _PAPER]
    said = "\n".join(tidy(line, 500) for line in [words, *more] if line.strip())
    return Answer(result, said[:_MOST_TEXT], paper=len(more) < len(lines) - 1)


def code(text: str) -> str:
    """The one-time code of the first line, in capitals without spaces; "" if there is none."""
    lines = _paragraph(text)
    found = _CODE.fullmatch(lines[0]) if lines else None
    return re.sub(r"[ -]", "", found[1]).upper() if found else ""


def _paragraph(text: str) -> list[str]:
    """The lines before the first empty one, blank lines at the beginning left out."""
    kept: list[str] = []
    for line in text.strip().splitlines():
        if not line.strip() or _SIGNATURE.match(line):
            break
        kept.append(line.strip())
    return kept
