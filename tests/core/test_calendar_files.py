"""Dates as people write them, and files of special days: CSV and iCalendar, good and bad."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.calendar_dates import LARGEST, common_era, day_of, hours_of, year_of
from mailgate.core.calendar_files import parse
from mailgate.core.special_days import Special
from mailgate.errors import ConfigError, MailgateError, UsageError

END_OF_YEAR = date(2026, 12, 31)


@pytest.mark.parametrize(
    "text", ["2026-12-31", "2569-12-31", "31/12/2569", "31/12/2026", " 31/12/2569 ", "๓๑/๑๒/๒๕๖๙", "๒๕๖๙-๑๒-๓๑"]
)
def test_a_date_can_be_written_in_several_ways(text: str) -> None:
    assert day_of(text) == END_OF_YEAR


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2569-02-30", "does not exist"),
        ("2567-13-01", "does not exist"),
        ("00/01/2569", "does not exist"),
        ("2900-01-01", "no year 2900"),
        ("1999-01-01", "no year 1999"),
        ("2300-01-01", "no year 2300"),
        ("31/12/69", "not a date"),
        ("2569-12-31x", "not a date"),
        ("2569", "not a date"),
        ("", "not a date"),
        ("tomorrow", "not a date"),
    ],
)
def test_what_is_no_date_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        day_of(text)


def test_29_february_goes_by_the_year_it_really_is() -> None:
    assert day_of("29/2/2567") == date(2024, 2, 29)
    with pytest.raises(UsageError, match="does not exist"):
        day_of("29/2/2568")


@pytest.mark.parametrize(("text", "year"), [("2569", 2026), ("2026", 2026), ("๒๕๖๙", 2026), ("2543", 2000)])
def test_a_year_is_buddhist_or_not(text: str, year: int) -> None:
    assert year_of(text) == year


@pytest.mark.parametrize("text", ["69", "25690", "", "2569-01", "-2569", "2399", "2644", "0000"])
def test_what_is_no_year_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="year"):
        year_of(text)


def test_hours_of_a_day() -> None:
    assert hours_of("08:30", "12.00") == (time(8, 30), time(12))
    assert hours_of(" 8:30 ", "๑๒.๐๐") == (time(8, 30), time(12))


@pytest.mark.parametrize(
    ("opens", "closes"), [("12:00", "08:30"), ("08:30", "08:30"), ("24:00", "25:00"), ("8", "12"), ("", ""), ("a", "b")]
)
def test_hours_that_cannot_be_are_refused(opens: str, closes: str) -> None:
    with pytest.raises(UsageError, match="day"):
        hours_of(opens, closes)


CSV = """วันที่,ชื่อ,ประเภท,เปิด,ปิด
31/12/2569,วันสิ้นปี

2026-11-28,"ชดเชย, สัปดาห์สุดท้าย",working
2569-12-30,ทำงานครึ่งวัน,Hours,08.30,12.00
2027-01-01,วันขึ้นปีใหม่,holiday,,
"""
MEANT = {
    date(2026, 11, 28): Special("working", "ชดเชย, สัปดาห์สุดท้าย"),
    date(2026, 12, 30): Special("hours", "ทำงานครึ่งวัน", opens=time(8, 30), closes=time(12)),
    END_OF_YEAR: Special("holiday", "วันสิ้นปี"),
    date(2027, 1, 1): Special("holiday", "วันขึ้นปีใหม่"),
}


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "tis-620"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_csv_file_is_read_as_offices_write_it(charset: str, line_end: str) -> None:
    found = parse(CSV.replace("\n", line_end).encode(charset))
    assert found == MEANT
    assert list(found) == sorted(found)


def test_a_heading_is_not_needed() -> None:
    assert parse(CSV.partition("\n")[2].encode()) == MEANT


def test_empty_cells_of_a_spreadsheet_are_no_cells() -> None:
    assert parse("31/12/2569,วันสิ้นปี,,,,,\n,,,,,,\n".encode()) == {END_OF_YEAR: MEANT[END_OF_YEAR]}


def test_names_are_one_tidy_line() -> None:
    found = parse("31/12/2569,\u200b วันสิ้นปี\t\u202e!\n".encode())[END_OF_YEAR]
    assert found.name == "วันสิ้นปี !"


BAD_LINES = [
    ("2569-02-30,ก", "does not exist"),
    ("วันสิ้นปี,31/12/2569", "not a date"),
    ("2569-01-05", "no name"),
    ("2569-01-05, ,holiday", "no name"),
    ("2569-01-05,ก,maybe", "no kind of day"),
    ("2569-01-05,ก,hours", "belong to the kind hours"),
    ("2569-01-05,ก,hours,08:30", "not a time"),
    ("2569-01-05,ก,hours,12:00,08:30", "cannot end"),
    ("2569-01-05,ก,holiday,08:30,12:00", "belong to the kind hours"),
    ("2569-01-05,ก,working,,,ข", "more than five"),
    ("2900-01-05,ก", "no year"),
    ("2569-11-28,ก", "twice"),
]


@pytest.mark.parametrize(("line", "said"), BAD_LINES)
def test_a_bad_line_is_named(line: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"2569-11-28,ดี\n{line}\n".encode())
    [problem] = caught.value.problems
    assert problem.startswith("line 2: ")
    assert said in problem


def test_every_bad_line_is_named_but_not_thousands() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("".join(f"{line}\n" for line, _ in BAD_LINES[:-1]).encode())
    assert [p.split(":")[0] for p in caught.value.problems] == [f"line {n}" for n in range(1, len(BAD_LINES))]
    with pytest.raises(ConfigError) as caught:
        parse(b"2569-99-99,x\n" * 1000)
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1] == "and 980 more"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "no day"),
        (b"\n \n,,\n", "no day"),
        ("วันที่,ชื่อ\n".encode(), "no day"),
        (b'2569-01-05,"never closed', "line 1 of the file is no CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0", "no text"),
        ("31/12/2569,ก\n".encode("utf-16"), "no text"),
        (b"2569-01-05,x\n" + b"\xfc\xfd\xfe\xff" * 9, "no text"),
        (b" " * (LARGEST + 1), "larger than 1 MiB"),
        (b"BEGIN:VCALENDAR\r\n", "no whole iCalendar"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "no day"),
    ],
)
def test_a_file_that_is_none_is_a_sentence(raw: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse(raw)


def ics(*events: str) -> bytes:
    inside = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n{inside}END:VCALENDAR\r\n".encode()


def event(start: str, *more: str, name: str = "วันหยุด") -> str:
    return "\r\n".join((f"SUMMARY:{name}", f"DTSTART;VALUE=DATE:{start}", *more))


@pytest.mark.parametrize(
    ("more", "days"),
    [
        ((), 1),
        (("DTEND;VALUE=DATE:20270101",), 1),
        (("DTEND;VALUE=DATE:20270104",), 4),
        (("DURATION:P3D",), 3),
        (("DTEND;VALUE=DATE:20261231",), 1),  # as some programs write a single day
    ],
)
def test_an_event_lasts_as_rfc_5545_says(more: tuple[str, ...], days: int) -> None:
    found = parse(ics(event("20261231", *more)))
    assert list(found) == [date.fromordinal(END_OF_YEAR.toordinal() + n) for n in range(days)]
    assert set(found.values()) == {Special("holiday", "วันหยุด")}


def test_events_are_unfolded_unescaped_and_joined() -> None:
    long = "วันหยุดพิเศษ\\, ตาม\r\n มติคณะรัฐมนตรี"
    raw = ics(event("20260102", name=long), event("25690102"), event("20260102"))
    assert parse(b"\xef\xbb\xbf" + raw) == {date(2026, 1, 2): Special("holiday", "วันหยุดพิเศษ, ตามมติคณะรัฐมนตรี; วันหยุด")}


def test_a_cancelled_event_is_none() -> None:
    assert list(parse(ics(event("20260102"), event("20260105", "STATUS:CANCELLED")))) == [date(2026, 1, 2)]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (event("20260105", "RRULE:FREQ=YEARLY"), "repeats"),
        (event("20260105", "RDATE;VALUE=DATE:20270105"), "repeats"),
        ("SUMMARY:วันหยุด\r\nDTSTART:20260105T090000Z", "no whole day"),
        (event("20260105", "DTEND:20260106T000000Z"), "same type"),
        (event("20260105", "DTEND;VALUE=DATE:20270105"), "lasts 365 days"),
        (event("20260230"), "Wrong date format"),
        (event("19000101"), "no year 1900"),
        (event("99991231"), "out of range"),
        ("SUMMARY:วันหยุด", "No DTSTART"),
        (event("20260105", name=""), "no name"),
        (event("20260105", "SUMMARY:อีกชื่อ"), "no name"),
        (event("20260105", "DTSTART;VALUE=DATE:20260106"), "Multiple DTSTART"),
    ],
)
def test_a_bad_event_is_named(bad: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(ics(event("20260102"), bad))
    [problem] = caught.value.problems
    assert problem.startswith("event 2 (")
    assert said in problem


WHOLE = ics(event("20261231", "DTEND;VALUE=DATE:20270102"), event("20260105", "DURATION:P1D")).decode()
SHARDS = st.sampled_from(
    ["BEGIN:VTIMEZONE\r\nTZID:A\r\nEND:VTIMEZONE\r\n", "99991231", "P9999999999D", "\r\n", ":", ";"]
)


@given(st.lists(st.tuples(st.integers(15, len(WHOLE)), st.integers(0, 12), SHARDS), min_size=1, max_size=6))
def test_a_damaged_calendar_is_read_or_refused_never_a_crash(wounds: list[tuple[int, int, str]]) -> None:
    text = WHOLE
    for at, length, shard in wounds:
        text = text[:at] + shard + text[at + length :]
    with suppress(MailgateError):
        assert parse(text.encode())


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(MailgateError):
        assert parse(raw)


@given(st.integers(0, 9999))
def test_every_year_has_one_meaning_or_none(year: int) -> None:
    try:
        assert common_era(year) in (year, year - 543)
    except UsageError:
        assert not 2000 <= year <= 2100
        assert not 2543 <= year <= 2643
