"""Which lines of a register are exported, and in whose words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from mailgate.core.registers import Entry, Extract, day_of_register, title
from mailgate.errors import UsageError
from mailgate.jobs import registers
from mailgate.jobs.views import MASK
from mailgate.model import Receipt
from tests.builders import NOW, ZONE, PaperOffice
from tests.registers.conftest import CANARY, REASON, register, whole

TODAY = NOW.date()


def lines(office: PaperOffice, extract: Extract | None = None) -> list[Entry]:
    return list(registers.entries(office, registers.choose(office, extract or whole())))


def test_the_columns_of_a_letter(filled: PaperOffice) -> None:
    first = lines(filled)[0]
    assert (first.number, first.year, first.subject) == (1, 2569, "ขออนุญาตจัดการศึกษา")
    assert first.sender == "สมชาย (somchai@example.com)"
    assert first.addressee == "saraban@example.go.th"
    assert first.dated == date(2026, 11, 24)  # 23:30 in London is the next morning here
    assert first.action == "มอบ เจ้าหน้าที่สารบรรณกลาง"
    assert first.registered_at == NOW


def test_a_confidential_line_has_its_number_and_date_only(filled: PaperOffice) -> None:
    secret = lines(filled)[2]
    assert secret.number == 3
    assert (secret.book_no, secret.sender, secret.addressee, secret.subject, secret.remarks) == (MASK,) * 5
    assert CANARY.lower() not in repr(lines(filled)).lower()


def test_words_noted_of_a_confidential_letter_are_not_shown(filled: PaperOffice) -> None:
    letter = filled.store.reports.letter(Receipt(3, 2569))
    assert letter is not None
    for state in ("closed", "void"):
        with filled.store.db.immediate("test"):
            filled.store.cases.close(letter, state, f"แจ้ง {CANARY}", NOW)
        assert CANARY not in repr(lines(filled))
    assert lines(filled)[2].remarks == f"ยกเลิก: {MASK}"


def test_a_void_line_keeps_its_number_and_bears_the_reason(filled: PaperOffice) -> None:
    void = lines(filled)[3]
    assert (void.number, void.void, void.action) == (4, True, "")
    assert void.remarks.startswith(f"ยกเลิก: {REASON}")


def test_dispatches_say_what_became_of_their_mails(filled: PaperOffice) -> None:
    sent, void = lines(filled, whole("dispatch"))
    assert (sent.book_no, sent.sender, sent.addressee) == ("ศธ 04059/1", "สำนักงานตัวอย่าง", "ผู้ปกครอง")
    assert sent.action == "รอส่งทางไปรษณีย์อิเล็กทรอนิกส์"
    assert (void.void, void.action, void.remarks) == (True, "", f"ยกเลิก: {REASON}")


def test_an_answered_letter_names_its_dispatch(filled: PaperOffice) -> None:
    filled.store.db.sql.execute("DROP TRIGGER dispatch_final")
    filled.store.db.sql.execute("UPDATE dispatch SET letter_id = 1")
    assert lines(filled)[0].action == "มอบ เจ้าหน้าที่สารบรรณกลาง; ตอบตามหนังสือส่งที่ ๑/๒๕๖๙"  # not with the void one


def test_an_empty_register_has_no_lines(office: PaperOffice) -> None:
    assert lines(office) == []


def test_pages_are_read_to_the_end(office: PaperOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailgate.edges.store.registers.PAGE", 3)
    for uid in range(1, 9):
        register(office, f"letter {uid}", uid)
    assert [e.number for e in lines(office)] == list(range(1, 9))


def test_what_is_registered_meanwhile_is_left_out(filled: PaperOffice) -> None:
    chosen = registers.choose(filled, whole())
    register(filled, "too late", 9, now=NOW + timedelta(days=2))
    assert len(list(registers.entries(filled, chosen))) == chosen.count == 5


@pytest.mark.parametrize(("first", "last", "found"), [(1, 1, [1, 2]), (2, 2, [3]), (1, 2, [1, 2, 3]), (3, 4, [])])
def test_days_begin_and_end_at_midnight_in_the_office(
    office: PaperOffice, first: int, last: int, found: list[int]
) -> None:
    day = datetime(2026, 12, 1, tzinfo=ZONE)
    moments = (day, day + timedelta(hours=23, minutes=59, seconds=59), day + timedelta(days=1))
    for uid, now in enumerate(moments, 1):
        register(office, f"letter {uid}", uid, now=now)
    extract = registers.period("receive", None, date(2026, 12, first), date(2026, 12, last), TODAY)
    assert [e.number for e in lines(office, extract)] == found


def test_the_year_is_that_of_the_office(office: PaperOffice) -> None:
    eve = datetime(2026, 12, 31, 16, 59, tzinfo=UTC)  # 23:59 in Bangkok
    for uid, now in enumerate((eve, eve + timedelta(minutes=1)), 1):
        register(office, f"letter {uid}", uid, now=now.astimezone(ZONE))
    for year in (2026, 2027):
        extract = registers.period("receive", year, None, None, TODAY)
        assert [(e.number, e.year) for e in lines(office, extract)] == [(1, year + 543)]


def test_periods() -> None:
    whole_year = registers.period("receive", None, None, None, TODAY)
    assert title(whole_year, thai_digits=True) == "ทะเบียนหนังสือรับ ประจำปี พ.ศ. ๒๕๖๙"
    day = registers.period("dispatch", None, TODAY, TODAY, TODAY)
    assert title(day, thai_digits=True) == "ทะเบียนหนังสือส่ง วันที่ ๒๓ เดือน พฤศจิกายน พ.ศ. ๒๕๖๙"
    some = registers.period("receive", 2025, None, date(2025, 2, 1), TODAY)
    assert title(some, thai_digits=False).endswith("ตั้งแต่วันที่ 1 เดือน มกราคม พ.ศ. 2568 ถึงวันที่ 1 เดือน กุมภาพันธ์ พ.ศ. 2568")


@pytest.mark.parametrize(
    ("year", "first", "last"),
    [
        (2025, date(2026, 1, 1), None),
        (None, date(2026, 12, 1), date(2027, 1, 1)),
        (None, date(2026, 2, 1), date(2026, 1, 1)),
    ],
)
def test_a_period_that_cannot_be_is_refused(year: int | None, first: date | None, last: date | None) -> None:
    with pytest.raises(UsageError, match=r"year|period"):
        registers.period("receive", year, first, last, TODAY)


@pytest.mark.parametrize(
    "text",
    ["2026-11-01", "2569-11-01", "1/11/2569", "๑/๑๑/๒๕๖๙", "1 พ.ย. 2569", "๑ พฤศจิกายน ๒๕๖๙", "1 พฤศจิกายน พ.ศ. 2569"],
)
def test_dates_as_people_write_them(text: str) -> None:
    assert day_of_register(text) == date(2026, 11, 1)


@pytest.mark.parametrize("text", ["", "yesterday", "31/2/2569", "1 เดือน 2569", "31 ก.พ. 2569"])
def test_other_words_are_no_dates(text: str) -> None:
    with pytest.raises(UsageError, match="date"):
        day_of_register(text)


@pytest.fixture(autouse=True)
def _no_writing(office: PaperOffice) -> Iterator[None]:
    """Exporting is reading: whatever a test exports, the chain is what it was before the export."""
    yield
    assert not office.store.db.sql.in_transaction
