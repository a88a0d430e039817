"""How the public pages write: numbers, dates and working time, in Thai and in English."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from mailgate.core import thai
from mailgate.core.public.figures import OTHER
from mailgate.core.public.year import AT_LEAST, AT_MOST, FEWER, LATER, LISTED, Figure

CHANNELS = {
    "email": ("ไปรษณีย์อิเล็กทรอนิกส์", "E-mail"),
    "website": ("เว็บไซต์", "Website"),
    "amss": ("ระบบ AMSS++", "AMSS++"),
}
MEASURES = {
    "received": ("รับ", "Received"),
    "acknowledged": ("แจ้งเลขรับ", "Acknowledged"),
    "decided": ("แจ้งผล", "Decided"),
}
RESULTS = {
    "approved": ("อนุมัติ", "Approved"),
    "refused": ("ไม่อนุมัติ", "Not approved"),
    "forwarded": ("ส่งต่อหน่วยงานที่เกี่ยวข้อง", "Forwarded to the agency responsible"),
    "information": ("แจ้งข้อมูล", "Information given"),
}
SLOTS = {
    "done": ("ตรวจตามเวลา", "On time"),
    "late": ("ตรวจล่าช้า", "Late"),
    "missed": ("มิได้ตรวจ", "Not made"),
}
_OTHER = ("เรื่องอื่น ๆ", "Other matters")
_RESTRICTED = ("หนังสือที่จำกัดการเข้าถึงเป็นรายฉบับ", "Letters restricted one by one")
_NONE = "–"


@dataclass(frozen=True)
class Words:
    """The writing of one language. ``thai_digits`` hold on Thai pages; ``day``: minutes of a working day."""

    language: str
    thai_digits: bool
    day: int

    def pick(self, both: tuple[str, str]) -> str:
        return both[0 if self.is_thai else 1]

    @property
    def is_thai(self) -> bool:
        return self.language == "th"

    def digits(self, text: object) -> str:
        return thai.digits(text) if self.is_thai and self.thai_digits else str(text)

    def number(self, value: int) -> str:
        return self.digits(f"{value:,}")

    def year(self, buddhist: int) -> str:
        return self.digits(buddhist) if self.is_thai else f"{buddhist - thai.BUDDHIST_OFFSET} (B.E. {buddhist})"

    def month(self, day: date) -> str:
        return thai.MONTHS[day.month - 1] if self.is_thai else f"{day:%B}"

    def short_month(self, day: date) -> str:
        return thai.MONTHS_SHORT[day.month - 1] if self.is_thai else f"{day:%b}"

    def date(self, day: date) -> str:
        return thai.long_date(day, thai_digits=self.thai_digits) if self.is_thai else f"{day:%-d %B %Y}"

    def moment(self, at: datetime) -> str:
        return thai.long_moment(at, thai_digits=self.thai_digits) if self.is_thai else f"{at:%-d %B %Y, %H:%M}"

    def service(self, key: str, titles: dict[str, str]) -> str:
        return self.pick(_OTHER) if key == OTHER else titles[key]

    def confidential(self, key: str, titles: dict[str, str]) -> str:
        return self.pick(_RESTRICTED) if key == OTHER else titles[key]

    def count(self, figure: Figure, smallest: int) -> str:
        """A figure in a table, or what stands there instead."""
        return self._told(figure, self.number, smallest)

    def duration(self, figure: Figure) -> str:
        """Working minutes, as days of the office's length, hours and minutes."""
        return self._told(figure, self._time, 0)

    def share(self, figure: Figure) -> str:
        return self._told(figure, lambda value: f"{self._bound(figure)}{self.digits(value)}%", 0)

    def _told(self, figure: Figure, told: Callable[[int], str], smallest: int) -> str:
        if figure.value is not None:
            return told(figure.value)
        if figure.status == FEWER:
            return f"{self.pick(('น้อยกว่า', 'fewer than'))} {self.digits(smallest)}"
        words = {LISTED: ("ดูรายการ", "see list"), LATER: ("เมื่อครบปี", "after the year")}
        return self.pick(words.get(figure.status, (_NONE, _NONE)))

    def _bound(self, figure: Figure) -> str:
        return {AT_LEAST: "≥ ", AT_MOST: "≤ "}.get(figure.status, "")

    def _time(self, minutes: int) -> str:
        days, rest = divmod(minutes, self.day)
        hours, left = divmod(rest, 60)
        units = zip((days, hours, left), (("วัน", "d"), ("ชม.", "h"), ("นาที", "min")), strict=True)
        parts = [f"{self.digits(n)} {self.pick(unit)}" for n, unit in units if n]
        return " ".join(parts[:2]) or f"{self.digits(0)} {self.pick(('นาที', 'min'))}"
