"""A row of AMSS++ as a request of the register: in the register's words, without anybody's number of identity.

Whatever stands there is taken as it can be: forks, old charsets and hands have left their traces in these tables.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from mailgate.config_amss import AmssTable
from mailgate.core import thai
from mailgate.model_amss import Outcome, Raw, Request, Source

_MOST_SUBJECT, _MOST_COMMENT, _MOST_SCHOOL = 300, 300, 200
# Thirteen digits or more, however they are set apart; \d is any decimal digit, Thai ones too.
_ID = re.compile(r"\d(?:[\s.\-\u2010-\u2015/]{0,3}\d){12,}")
_HIDDEN_ID = "(เลขประจำตัวประชาชน)"
_LEAVES = {"1": "ลาป่วย", "2": "ลากิจส่วนตัว", "3": "ลาคลอดบุตร", "4": "ลาพักผ่อน"}


def request(
    source: Source, row: Raw, fingerprint: str, table: AmssTable, zone: ZoneInfo, schools: Mapping[str, str]
) -> Request:
    """Read a row; never raises. ``schools``: names by code."""
    repairs: list[str] = []
    requested = _moment(row.get("requested"), zone, "วันที่ยื่น", repairs)
    decided = _moment(row.get("outcome_on"), zone, "วันที่พิจารณา", repairs)
    subject = _subject(source, row, zone, repairs)
    outcome = _outcome(row.get("outcome"), table, repairs)
    return Request(
        source=source,
        key=str(row["key"]),
        fingerprint=fingerprint,
        school=_school(row.get("school"), schools),
        subject=subject[:_MOST_SUBJECT],
        requested=requested,
        outcome=outcome,
        outcome_on=decided.date() if decided and outcome else None,
        # What is said of a leave may tell of an illness.
        comment="" if source is Source.LEAVE else clean(row.get("comment"))[:_MOST_COMMENT],
        repairs=tuple(dict.fromkeys(repairs)),
    )


def clean(text: str | None) -> str:
    """One line without control characters; thirteen digits in a row are somebody's identity, and never kept."""
    seen = "".join(c for c in text or "" if unicodedata.category(c) != "Cf")  # what nobody sees could hide one
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn") else " " for c in seen)
    return _ID.sub(_HIDDEN_ID, " ".join(kept.split()))


def _subject(source: Source, row: Raw, zone: ZoneInfo, repairs: list[str]) -> str:
    match source:
        case Source.LEAVE:
            # Why somebody is ill is nobody's business here, so the reason is not even read.
            kind = _LEAVES.get(clean(row.get("kind")), "ลา")
            return f"ขออนุมัติ{kind}{_period(row, zone, repairs)}"
        case Source.TRAVEL:
            begin = "ขออนุมัติไปราชการ"
        case Source.OUTING:
            begin = "ขออนุญาตพานักเรียนไปนอกสถานศึกษา"
    said, place = clean(row.get("subject")), clean(row.get("place"))
    return f"{begin}{f' {said}' if said else ''}{f' ณ {place}' if place else ''}{_period(row, zone, repairs)}"


def _period(row: Raw, zone: ZoneInfo, repairs: list[str]) -> str:
    starts, ends = (_moment(row.get(name), zone, "วันที่เริ่มหรือสิ้นสุด", repairs) for name in ("starts", "ends"))
    if starts is None:
        return ""
    first = f" ตั้งแต่วันที่ {thai.long_date(starts.date())}"
    return first + (f" ถึงวันที่ {thai.long_date(ends.date())}" if ends else "")


def _outcome(value: str | None, table: AmssTable, repairs: list[str]) -> Outcome | None:
    said = clean(value)
    if said == table.granted:
        return Outcome.GRANTED
    if said == table.refused:
        return Outcome.REFUSED
    if said not in ("", "0"):
        repairs.append(f"ไม่รู้จักผลการพิจารณา {said[:20]}")
    return None


def _moment(value: str | None, zone: ZoneInfo, what: str, repairs: list[str]) -> datetime | None:
    """A date or time as the database writes it; Buddhist years too. None, and a remark, for 0000-00-00 and the like."""
    said = (value or "").strip()
    if not said:
        return None
    try:
        year = int(said[:4])
        text = f"{year - 543:04}{said[4:]}" if year > 2400 else said
        return datetime.fromisoformat(text.replace(" ", "T")).replace(tzinfo=zone)
    except ValueError:
        repairs.append(f"{what}ใน AMSS++ ไม่ถูกต้อง ({clean(said)[:20]})")
        return None


def _school(code: str | None, schools: Mapping[str, str]) -> str:
    known = clean(code)
    name = clean(schools.get(known, ""))
    if name:
        return name[:_MOST_SCHOOL]
    return f"สถานศึกษารหัส {known}"[:_MOST_SCHOOL] if known else "(ไม่ทราบสถานศึกษา)"


def is_old(found: Request, since: datetime) -> bool:
    """Whether it was decided before mailgate's time, so that it is left alone."""
    made = found.requested.date() if found.requested else found.outcome_on
    return found.outcome is not None and made is not None and made < since.date()
