"""The words of what goes out: results, decisions, dispatches (หนังสือส่ง), what an officer's mail proposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mailgate.model import Receipt


class Result(StrEnum):
    """What the office answers to a letter."""

    APPROVED = "approved"
    REFUSED = "refused"
    MORE_DOCUMENTS = "more-documents"
    FORWARDED = "forwarded"
    INFORMATION = "information"


THAI_RESULTS = {
    Result.APPROVED: "อนุมัติ",
    Result.REFUSED: "ไม่อนุมัติ",
    Result.MORE_DOCUMENTS: "ขอเอกสารเพิ่มเติม",
    Result.FORWARDED: "ส่งต่อหน่วยงานที่เกี่ยวข้อง",
    Result.INFORMATION: "แจ้งข้อมูล",
}
ENGLISH_RESULTS = {
    Result.APPROVED: "Approved",
    Result.REFUSED: "Not approved",
    Result.MORE_DOCUMENTS: "More documents are needed",
    Result.FORWARDED: "Forwarded to the agency responsible",
    Result.INFORMATION: "Information",
}


class Way(StrEnum):
    """How a dispatch leaves the office."""

    EMAIL = "email"
    PAPER = "paper"
    WEBSITE = "website"
    AMSS = "amss"


class Paper(StrEnum):
    """The citizen's wish about paper (annex item 4): none, said in the letter and not confirmed yet, yes, no."""

    UNSAID = ""
    PROPOSED = "proposed"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that goes out: the name it came by, its SHA-256 in the attachment store, bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Outbound:
    """A dispatch before it has its number. ``addresses``: a mail goes to each; empty where it goes on paper.

    ``letter``: the letter it answers, and ``letter_id`` its row; ``again``: it may have been answered before.
    ``greeting``: whom the text addresses; ``hold``: why its first mail waits for a second person.
    """

    way: Way
    addressee: str
    subject: str
    text: str
    files: Sequence[Enclosed]
    addresses: Sequence[str]
    decided_by: str
    result: Result | None = None
    letter: Receipt | None = None
    letter_id: int | None = None
    circular: bool = False
    confidential: bool = False
    remarks: str = ""
    postal_address: str = ""
    greeting: str = "ผู้ส่งหนังสือ"
    hold: str = ""
    again: bool = False

    @property
    def closes(self) -> bool:
        return self.letter is not None and self.result is not Result.MORE_DOCUMENTS


@dataclass(frozen=True, slots=True)
class Numbered:
    """The number of a dispatch, the whole ที่ it stands in, and the date on the letter."""

    receipt: Receipt
    book_no: str
    dated: date


@dataclass(frozen=True, slots=True)
class Answer:
    """What an officer's mail says: a result with its words, or a code that releases one. ``paper``: not by e-mail."""

    result: Result
    text: str = ""
    paper: bool = False


@dataclass(frozen=True, slots=True)
class Proposed:
    """An officer's mail as it is kept: who, of which mail, about what; ``why_not`` where it does not count (Thai)."""

    mail_id: int
    referral: int
    letter_id: int
    officer: str
    at: datetime
    answer: Answer | None
    files: Sequence[Enclosed] = ()
    why_not: str = ""
