"""The registers as the Saraban regulation prints them (forms 13 and 14): eight columns, entries under their day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal

from mailgate.config import Config
from mailgate.core import thai
from mailgate.core.calendar_dates import day_of

Register = Literal["receive", "dispatch"]

TITLES: Mapping[Register, str] = {"receive": "ทะเบียนหนังสือรับ", "dispatch": "ทะเบียนหนังสือส่ง"}
_NUMBERS: Mapping[Register, str] = {"receive": "เลขทะเบียนรับ", "dispatch": "เลขทะเบียนส่ง"}
_OTHERS = ("ที่", "ลงวันที่", "จาก", "ถึง", "เรื่อง", "การปฏิบัติ", "หมายเหตุ")
VOID = "ยกเลิก"
_LONG_DATE = re.compile(r"(\d{1,2}) ?([ก-๙.]+?) ?(?:พ\.ศ\. ?)?(\d{4})")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a register, already masked where it is confidential (law 9). ``registered_at`` in the office's zone.

    ``dated``: the letter's own date, None if it bears none. ``remarks`` begins with the reason where it is void.
    """

    number: int
    year: int
    book_no: str
    dated: date | None
    sender: str
    addressee: str
    subject: str
    action: str
    remarks: str
    registered_at: datetime
    state: str
    confidential: bool

    @property
    def void(self) -> bool:
        return self.state == "void"


@dataclass(frozen=True, slots=True)
class Extract:
    """What of a register is wanted: a Buddhist year of it, and the first and last day of registering."""

    register: Register
    year: int
    first: date
    last: date

    @property
    def whole(self) -> bool:
        """Whether it is the whole year."""
        year = self.year - thai.BUDDHIST_OFFSET
        return (self.first, self.last) == (date(year, 1, 1), date(year, 12, 31))


def headings(register: Register) -> tuple[str, ...]:
    """The eight columns."""
    return _NUMBERS[register], *_OTHERS


def title(extract: Extract, *, thai_digits: bool) -> str:
    """The heading with year, or with the day or days: ``ทะเบียนหนังสือรับ ประจำปี พ.ศ. ๒๕๖๙``."""
    return f"{TITLES[extract.register]} {_period(extract, thai_digits)}"


def _period(extract: Extract, thai_digits: bool) -> str:
    if extract.whole:
        year = f"ประจำปี พ.ศ. {extract.year}"
        return thai.digits(year) if thai_digits else year
    first, last = (day_shown(d, thai_digits=thai_digits) for d in (extract.first, extract.last))
    return first if first == last else f"ตั้งแต่{first} ถึง{last}"


def day_shown(day: date, *, thai_digits: bool) -> str:
    """``วันที่ ๒๓ เดือน พฤศจิกายน พ.ศ. ๒๕๖๙``, as the forms have it."""
    text = f"วันที่ {day.day} เดือน {thai.MONTHS[day.month - 1]} พ.ศ. {thai.buddhist_year(day)}"
    return thai.digits(text) if thai_digits else text


def cells(entry: Entry, *, thai_digits: bool) -> tuple[str, ...]:
    """The eight cells of a line. The words of others stay as they wrote them."""
    number = str(entry.number)
    return (
        thai.digits(number) if thai_digits else number,
        thai.digits(entry.book_no) if thai_digits else entry.book_no,
        _short_date(entry.dated, thai_digits) if entry.dated else "",
        entry.sender,
        entry.addressee,
        entry.subject,
        entry.action,
        entry.remarks,
    )


def _short_date(day: date, thai_digits: bool) -> str:
    """``๒๓ พ.ย. ๒๕๖๙``."""
    text = f"{day.day} {thai.MONTHS_SHORT[day.month - 1]} {thai.buddhist_year(day)}"
    return thai.digits(text) if thai_digits else text


def by_day(entries: Iterable[Entry]) -> Iterator[tuple[date, Iterator[Entry]]]:
    """The entries under the day they were registered on."""
    return groupby(entries, key=lambda entry: entry.registered_at.date())


def values(config: Config, extract: Extract, entries: Sequence[Entry], made: datetime, page: int = 1) -> dict[str, Any]:
    """The values of register.html. ``page``: the number of its first page, 1 where these are all the entries."""
    digits = config.office.thai_digits
    return {
        "register": extract.register,
        "title": title(extract, thai_digits=digits),
        "office": config.office.name,
        "headings": headings(extract.register),
        "days": [
            {
                "shown": day_shown(day, thai_digits=digits),
                "entries": [{"void": e.void, "cells": cells(e, thai_digits=digits)} for e in of_day],
            }
            for day, of_day in by_day(entries)
        ],
        "made": thai.long_moment(made, thai_digits=digits),
        "page": page,
        "thai_digits": digits,
    }


def sample(config: Config, now: datetime) -> dict[str, Any]:
    """Values to try register.html with: a void line among them."""
    year, day = thai.buddhist_year(now), now.date()
    line = Entry(1, year, "-", day, "-", "-", "-", "-", f"{VOID}: -", now, "void", False)
    return values(config, Extract("receive", year, day, day), [line], now) | {"last": True, "whole": True}


def document(entry: Entry, register: Register) -> dict[str, Any]:
    """A line for programs, under the names of the contract's letter and dispatch documents."""
    return {
        "number": entry.number,
        "year": entry.year,
        "receipt" if register == "receive" else "dispatch": f"{entry.number}/{entry.year}",
        "book_no": entry.book_no,
        "dated": entry.dated.isoformat() if entry.dated else None,
        "from": entry.sender,
        "to": entry.addressee,
        "subject": entry.subject,
        "action": entry.action,
        "remarks": entry.remarks,
        "registered_at": entry.registered_at.isoformat(timespec="seconds"),
        "state": entry.state,
        "confidential": entry.confidential,
    }


def day_of_register(text: str) -> date:
    """A date as ``day_of`` takes it, or such as ``1 พ.ย. 2569`` and ``๑ พฤศจิกายน ๒๕๖๙``. Raises UsageError."""
    found = _LONG_DATE.fullmatch(text.strip())
    names = dict(zip((*thai.MONTHS, *thai.MONTHS_SHORT), (*range(1, 13), *range(1, 13)), strict=True))
    if found and found[2] in names:
        return day_of(f"{found[1]}/{names[found[2]]}/{found[3]}")
    return day_of(text)
