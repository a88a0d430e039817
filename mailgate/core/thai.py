"""Thai as the office writes it (digits, Buddhist years, dates), and text made fit to show or to compare."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

BUDDHIST_OFFSET = 543
_MONTHS = "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม"
_SHORT = "ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค."
MONTHS = tuple(_MONTHS.split())
MONTHS_SHORT = tuple(_SHORT.split())
WEEKDAYS = tuple("จันทร์ อังคาร พุธ พฤหัสบดี ศุกร์ เสาร์ อาทิตย์".split())  # as date.weekday() counts

_TO_THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
_TO_ASCII = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
# SARA AM typed as NIKHAHIT + SARA AA, its tone mark on either side, or after the finished SARA AM.
_SARA_AM = re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32|([\u0e48-\u0e4b])\u0e4d\u0e32|\u0e33([\u0e48-\u0e4b])")
_ELLIPSIS = "…"
# Vowels above and below, and the marks: most have combining class 0, so unicodedata.combining() is no help.
_MARKS = frozenset("\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e4e")


def digits(text: object) -> str:
    """``str(text)`` with ASCII digits written as Thai digits."""
    return str(text).translate(_TO_THAI)


def ascii_digits(text: str) -> str:
    """Thai digits written as ASCII digits."""
    return text.translate(_TO_ASCII)


def buddhist_year(d: date) -> int:
    """The Buddhist year; since 2484 (1941) it begins on 1 January, and no mail is older."""
    return d.year + BUDDHIST_OFFSET


def long_date(d: date, *, thai_digits: bool = True) -> str:
    """``๑๐ กันยายน ๒๕๖๗``."""
    text = f"{d.day} {MONTHS[d.month - 1]} {buddhist_year(d)}"
    return digits(text) if thai_digits else text


def clock_time(t: datetime, *, thai_digits: bool = True) -> str:
    """``๐๙.๐๐ น.``, of the zone the moment is given in."""
    text = f"{t.hour:02d}.{t.minute:02d} น."
    return digits(text) if thai_digits else text


def long_moment(dt: datetime, *, thai_digits: bool = True) -> str:
    """``๑๐ กันยายน ๒๕๖๗ เวลา ๐๙.๐๐ น.``."""
    return f"{long_date(dt, thai_digits=thai_digits)} เวลา {clock_time(dt, thai_digits=thai_digits)}"


def fold(text: str) -> str:
    """A key for matching and searching only, never stored: spellings that look alike become one."""
    # NFC and not NFKC, which takes SARA AM apart. Casefolding may undo NFC, hence twice.
    plain = unicodedata.normalize("NFC", _visible(text)).casefold()
    plain = _SARA_AM.sub(_sara_am, unicodedata.normalize("NFC", plain)).replace("เเ", "แ")
    return " ".join(plain.translate(_TO_ASCII).split())


def tidy(text: str, limit: int) -> str:
    """What a register shows: one line, NFC, nothing invisible, at most ``limit`` characters. Idempotent."""
    plain = " ".join(_visible(text).split())
    # Sorting a long run of combining marks is quadratic in unicodedata: what cannot be shown is not sorted.
    most = 4 * max(limit, 0) + 64
    whole = unicodedata.normalize("NFC", plain[:most])
    if len(plain) <= most and len(whole) <= limit:
        return whole
    return _cut(whole, limit - 1) + _ELLIPSIS if limit > 0 else ""


def _sara_am(found: re.Match[str]) -> str:
    return (found[1] or found[2] or found[3] or "") + "\u0e33"


def _visible(text: str) -> str:
    """Controls become spaces, zero-width and bidi characters (Cf) go, lone surrogates (not UTF-8) are marked."""
    if text.isprintable():
        return text
    table: dict[int, str | None] = {}
    for char in set(text):
        match unicodedata.category(char):
            case "Cc":
                table[ord(char)] = " "
            case "Cf":
                table[ord(char)] = None
            case "Cs":
                table[ord(char)] = "\ufffd"
    return text.translate(table)


def _cut(text: str, length: int) -> str:
    """The first characters, without tearing a vowel or tone mark off its consonant."""
    end = min(length, len(text))
    while 0 < end < len(text) and (text[end] in _MARKS or unicodedata.combining(text[end])):
        end -= 1
    return text[: end or length].rstrip()
