"""The data beside the pages: CSV for spreadsheets, JSON for programs, one row a line of the same tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta

from mailgate.core.public import words
from mailgate.core.public.figures import MEASURES, OTHER
from mailgate.core.public.year import RESULTS, SLOTS, Figure, Year
from mailgate.core.thai import BUDDHIST_OFFSET
from mailgate.jobs.public_material import Material

Rows = Iterator[dict[str, Any]]
Source = Callable[[], Rows]
ALL = "all"


def tables(material: Material) -> dict[str, Source]:
    """Every table but that of permissions, by the name of its file."""
    return {
        "by-month": lambda: _by_month(material),
        "by-year": lambda: _by_year(material),
        "by-channel": lambda: _by_channel(material),
        "by-result": lambda: _by_result(material),
        "checks": lambda: _checks(material),
        "confidential": lambda: _confidential(material),
    }


def permissions(material: Material, year: int) -> Rows:
    """The permissions of a Buddhist year, by date and number; nothing of a person (annex 6 of the order)."""
    first = date(year - BUDDHIST_OFFSET, 1, 1)
    yield from permissions_between(material, first, first + relativedelta(years=1))


def permissions_between(material: Material, first: date, before: date, start: int = 0, count: int = -1) -> Rows:
    """The permissions dated in [first, before), from the ``start``-th on."""
    services = material.office.config.services
    confidential, titles = [s.key for s in services if s.confidential], {s.key: s.title for s in services}
    other = _title(material, OTHER)
    for row in material.snapshot.permitted(first, before, confidential, start, count):
        known = row["service"] in titles
        yield {
            "number": row["book_no"] or f"{row['number']}/{row['year']}",
            "date": row["dated"],
            "service": row["service"] if known else "other",
            "service_title": titles[row["service"]] if known else other,
            "result": "approved",
        }


def as_csv(rows: Rows, columns: list[str]) -> bytes:
    """RFC 4180, with a mark at the beginning by which Excel reads it as UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_json(rows: Rows) -> bytes:
    """An array, a row a line."""
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def _cell(value: Any) -> Any:
    """No text is a formula to a spreadsheet: an apostrophe goes before what would be one."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value


def _title(material: Material, key: str) -> str:
    return material.words("th").service(key, material.titles)


def _services(material: Material, year: Year) -> list[tuple[dict[str, str], str]]:
    """How each row of a year's table is named, and its key; the last is all of them."""
    named = [({"service": k or "other", "service_title": _title(material, k)}, k) for k in year.services]
    return [*named, ({"service": ALL, "service_title": "รวม"}, ALL)]


def _told(name: str, figure: Figure) -> dict[str, Any]:
    return {name: figure.value, f"{name}_status": figure.status}


def _by_month(material: Material) -> Rows:
    for year in sorted(material.years.values(), key=lambda y: y.year):
        for n, day in enumerate(year.months):
            for row, (named, _) in enumerate(_services(material, year)):
                when = {"year_be": year.year, "month": f"{day:%Y-%m}"}
                figures = [_told(name, year.table[name][row][n]) for name in MEASURES]
                yield {**when, **named, **figures[0], **figures[1], **figures[2]}


def _by_year(material: Material) -> Rows:
    for year in sorted(material.years.values(), key=lambda y: y.year):
        for row, (named, key) in enumerate(_services(material, year)):
            figures = {} if not year.months else {m: year.table[m][row][-1] for m in MEASURES}
            told = {k: v for name, figure in figures.items() for k, v in _told(name, figure).items()}
            if told:
                yield {"year_be": year.year, **named, **told, **_speed(material, year, key)}


def _speed(material: Material, year: Year, key: str) -> dict[str, Any]:
    service = next((s for s in material.office.config.services if s.key == key), None)
    speed = year.speed.get(key)
    shown = speed or (Figure(None, "none"),) * 3
    return {
        **_told("median_minutes_to_acknowledgement", shown[0]),
        **_told("median_minutes_to_decision", shown[1]),
        **_told("percent_on_time", shown[2]),
        "service_days": service.days if service else None,
        "counted_in": service.counted_in if service and service.days else "",
        "legal_basis": service.legal_basis if service else "",
    }


def _by_channel(material: Material) -> Rows:
    for year in sorted(material.years.values(), key=lambda y: y.year):
        for channel, figures in year.channels.items():
            for day, figure in zip(year.months, figures, strict=False):
                when = {"year_be": year.year, "month": f"{day:%Y-%m}"}
                yield {**when, "channel": channel, **_told("received", figure)}


def _by_result(material: Material) -> Rows:
    for year in sorted(material.years.values(), key=lambda y: y.year):
        for key, row in year.results.items():
            named = {"service": key or "other", "service_title": _title(material, key)}
            for result in RESULTS:
                yield {"year_be": year.year, **named, "result": result, **_told("decided", row[result])}


def _checks(material: Material) -> Rows:
    for year in sorted(material.years.values(), key=lambda y: y.year):
        for day, counts in zip(year.months, year.slots, strict=True):
            yield {"year_be": year.year, "month": f"{day:%Y-%m}"} | {state: counts[state] for state in SLOTS}


def _confidential(material: Material) -> Rows:
    for year in sorted(material.years.values(), key=lambda y: y.year):
        for key, figure in year.confidential.items():
            title = material.words("th").confidential(key, material.titles)
            yield {
                "year_be": year.year, "service": key or "restricted", "service_title": title,
                **_told("received", figure),
            }  # fmt: skip


_STATUS = "Why there is no number, or what it bounds: suppressed, listed, later, fewer, at_least, at_most; else empty"
_MEANING = {
    "year_be": ("integer", "ปี พ.ศ. ตามปฏิทิน", "Buddhist calendar year (CE + 543)"),
    "month": ("string", "เดือน (ปี ค.ศ.-เดือน)", "Month, CE year and month"),
    "service": ("string", "รหัสเรื่อง; all คือรวม other คือเรื่องอื่น", "Key of the service; all: together, other: no service"),
    "service_title": ("string", "ชื่อเรื่อง", "Name of the service, in Thai"),
    "received": ("integer", "จำนวนหนังสือที่ลงทะเบียนรับในเดือน", "Letters registered in the period"),
    "acknowledged": ("integer", "จำนวนที่แจ้งเลขรับแล้วในเดือน", "Letters acknowledged in the period"),
    "decided": ("integer", "จำนวนที่แจ้งผลในเดือน", "Letters answered finally in the period"),
    "median_minutes_to_acknowledgement": (
        "integer", "มัธยฐานเวลาทำการจนแจ้งเลขรับ (นาที)", "Median working minutes until acknowledged",
    ),
    "median_minutes_to_decision": (
        "integer", "มัธยฐานเวลาทำการจนแจ้งผล (นาที)", "Median working minutes until decided",
    ),
    "percent_on_time": ("integer", "ร้อยละที่แล้วเสร็จภายในกำหนด", "Percent decided by the day they were due"),
    "service_days": ("integer", "ระยะเวลาให้บริการ (วัน)", "Service time in days"),
    "counted_in": ("string", "calendar วันปฏิทิน working วันทำการ", "Kind of the days: calendar or working"),
    "legal_basis": ("string", "ฐานทางกฎหมายของระยะเวลา", "Law or announcement the days come from"),
    "channel": ("string", "ช่องทาง: " + ", ".join(words.CHANNELS), "Channel the letters came by"),
    "result": ("string", "ผล: " + ", ".join(RESULTS), "Result of the decision"),
    "done": ("integer", "จำนวนครั้งที่ตรวจตามเวลา", "Mandated checks made in time"),
    "late": ("integer", "จำนวนครั้งที่ตรวจล่าช้า", "Mandated checks made late"),
    "missed": ("integer", "จำนวนครั้งที่มิได้ตรวจ", "Mandated checks not made"),
    "number": ("string", "เลขที่หนังสือแจ้งผล", "Number of the dispatch"),
    "date": ("date", "ลงวันที่ (ค.ศ.)", "Date of the dispatch, ISO 8601"),
}  # fmt: skip
_PERIOD = ["year_be", "month"]
_SERVICE = ["service", "service_title"]
_SPEED = ["median_minutes_to_acknowledgement", "median_minutes_to_decision", "percent_on_time"]


def _both(*names: str) -> list[str]:
    return [column for name in names for column in (name, f"{name}_status")]


COLUMNS = {
    "by-month": [*_PERIOD, *_SERVICE, *_both(*MEASURES)],
    "by-year": ["year_be", *_SERVICE, *_both(*MEASURES, *_SPEED), "service_days", "counted_in", "legal_basis"],
    "by-channel": [*_PERIOD, "channel", *_both("received")],
    "by-result": ["year_be", *_SERVICE, "result", *_both("decided")],
    "checks": [*_PERIOD, *SLOTS],
    "confidential": ["year_be", *_SERVICE, *_both("received")],
    "permissions": ["number", "date", *_SERVICE, "result"],
}


def dictionary() -> Rows:
    """What each column of each file means."""
    for file, columns in COLUMNS.items():
        for name in columns:
            kind, thai, english = _MEANING.get(name, ("string", "เหตุที่ไม่แสดงจำนวน หรือเป็นค่าขอบเขต", _STATUS))
            yield {"file": file, "column": name, "type": kind, "meaning_th": thai, "meaning_en": english}


DICTIONARY = ["file", "column", "type", "meaning_th", "meaning_en"]
