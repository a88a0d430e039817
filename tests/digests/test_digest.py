"""What the clerk and the officers are told: everything that needs them, a confidential letter as its number only."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from mailgate.core.digest import harmless
from mailgate.core.special_days import Special
from mailgate.errors import ArchiveError
from mailgate.jobs import acknowledging, calendars, cases, day_register, digesting, poll
from mailgate.jobs.verify import verify
from mailgate.model import CheckReport, Receipt
from mailgate.office import Office
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.letters import letter, sent
from tests.jobs.letters import poll as check

CLERK, OFFICER, SECRET = "clerk@example.go.th", "officer@example.go.th", "secret@example.go.th"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    made = builders.config(tmp_path, reminders={"before": [], "after": []})
    with builders.office(made) as opened:
        confirm(opened)
        yield opened
        assert verify(opened).problems == []


def confirm(office: Office) -> None:
    """The calendar, so that no notice stands in a digest."""
    for year in (NOW.year, NOW.year + 1):
        calendars.confirm(office, year, "test")


async def tell(office: PaperOffice, at: datetime | None = None) -> None:
    """What the daemon does each minute; then what is queued is sent."""
    if at is not None:
        office.paper_clock.set(at)
    await poll.read(office, CheckReport())
    digesting.step(office)
    await poll.send(office)


def told(office: PaperOffice, address: str = CLERK) -> list[EmailMessage]:
    return [mail for mail in sent(office, "digest") if mail["To"] == address]


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def page(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def closing(day: date | None = None) -> datetime:
    return datetime.combine(day or NOW.date(), time(16, 30), builders.ZONE)


async def test_after_a_check_that_brought_something_the_clerk_is_told_once(office: PaperOffice) -> None:
    await check(office, letter(1, subject="ขอใช้สนามโรงเรียน"), letter(2, subject="homeschool"))
    await tell(office, NOW + timedelta(minutes=1))
    await tell(office, NOW + timedelta(minutes=2))
    [mail] = told(office)
    assert "รอบ ๐๙.๐๐ น. วันที่ ๒๓ พฤศจิกายน ๒๕๖๙" in mail["Subject"]
    for text in (plain(mail), page(mail)):
        assert "ขอใช้สนามโรงเรียน" in text
        assert "๑/๒๕๖๙" in text and "๒/๒๕๖๙" in text  # noqa: PT018 - both numbers
        assert "การขอจัดการศึกษาโดยครอบครัว" in text
        assert "รหัสท้ายสายเหตุการณ์" in text
    assert mail["Auto-Submitted"] == "auto-generated"


async def test_a_check_that_brought_nothing_is_not_told_and_a_quiet_day_is_three_lines(office: PaperOffice) -> None:
    await check(office)
    await tell(office, NOW + timedelta(minutes=1))
    assert told(office) == []
    settle(office)
    await tell(office, closing())
    [mail] = told(office)
    lines = plain(mail).strip().splitlines()
    assert len(lines) == 3
    assert "ไม่มีหนังสือเข้า" in lines[0]
    assert "๔ จาก ๔ ครั้ง" in lines[1]


def settle(office: PaperOffice) -> None:
    """The other checks of the day, kept with nothing in them."""
    with office.store.db.immediate("test"):
        for hour in (11, 14, 16):
            due = datetime.combine(NOW.date(), time(hour), builders.ZONE).astimezone(UTC)
            at = due.isoformat(timespec="microseconds")
            office.store.db.sql.execute(
                "INSERT INTO slot (due_at, state, closed_at, seen) VALUES (?, 'done', ?, 0)", (at, at)
            )


async def test_the_day_has_the_register_with_it(office: PaperOffice) -> None:
    await check(office, letter(1, subject="=1+1"))
    await tell(office, closing())
    mail = told(office)[-1]
    [attached] = list(mail.iter_attachments())
    assert attached.get_filename() == "receive-2569-11-23.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(attached.get_content()))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert any(cell.value == "=1+1" and cell.data_type == "s" for cell in cells)
    assert "ทะเบียนหนังสือรับของวันแนบมาพร้อมนี้" in plain(mail)


@pytest.mark.parametrize(
    "subject",
    [
        "<r>rich</r>",
        "<r><oops></r>",
        '<r><t>x</t></r></is></c><c r="Z6"><f>HYPERLINK("http://e","o")</f></c><c><r></r>',
    ],
)
async def test_a_subject_is_no_markup_of_the_spreadsheet(office: PaperOffice, subject: str) -> None:
    await check(office, letter(1, subject=subject))
    await tell(office, closing())
    [attached] = told(office)[-1].iter_attachments()
    book = openpyxl.load_workbook(io.BytesIO(attached.get_content()))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert [cell.value.strip() for cell in cells if "<r>" in str(cell.value)] == [subject]
    assert not [cell for cell in cells if cell.data_type == "f"]


async def test_of_a_confidential_letter_only_the_number_is_told(office: PaperOffice) -> None:
    canaries = "ทุจริตแคนารี่ผู้อำนวยการ"
    raw = builders.raw_mail(
        "Return-Path: <canary.person@example.com>", "From: Canary Person <canary.person@example.com>",
        f"To: {builders.OFFICE}", f"Subject: {canaries}", "Message-ID: <canary-id@example.com>",
        body="เนื้อหาแคนารี่ลับ".encode(),
    )  # fmt: skip
    await check(office, raw, letter(2))
    office.store.db.sql.execute("UPDATE letter SET due_on = '2026-11-20'")
    await tell(office, NOW + timedelta(minutes=1))
    await tell(office, closing())
    mails = [*told(office), *told(office, OFFICER), *told(office, SECRET)]
    assert told(office, SECRET), "the officer is told that there is one"
    for mail in mails:
        shown = mail.as_string() + plain(mail) + page(mail)
        assert "canary" not in shown.lower()
        assert "แคนารี่" not in shown
        assert "นางปกปิด" not in "".join(line for line in plain(mail).splitlines() if "๑/๒๕๖๙" in line)
    assert "เรื่องปกปิด (๑)" in plain(told(office)[0])
    register = openpyxl.load_workbook(io.BytesIO(next(told(office)[-1].iter_attachments()).get_content()))
    assert "แคนารี่" not in "".join(str(c.value) for row in register.active.iter_rows() for c in row)


async def test_what_was_not_answered_comes_with_the_command_that_answers_it(office: PaperOffice) -> None:
    silent = builders.raw_mail(
        "Return-Path: <>", f"From: <{builders.CITIZEN}>", f"To: {builders.OFFICE}", "Subject: silent",
        "Message-ID: <s@example.com>",
    )  # fmt: skip
    news = builders.raw_mail(
        "Return-Path: <news@example.com>", "From: News <news@example.com>", "Subject: news", "List-Id: <n.example.com>",
        "List-Unsubscribe: <https://example.com/u>", "Message-ID: <n@example.com>",
    )  # fmt: skip
    await check(office, silent, news)
    await tell(office, NOW + timedelta(minutes=1))
    text = plain(told(office)[0])
    assert "→ mailgate letter acknowledge 1/2569" in text
    assert "→ mailgate letter register 2" in text
    acknowledging.acknowledge(office, Receipt(1, 2569))
    await poll.send(office)
    assert [mail["To"] for mail in sent(office, "acknowledgement")] == [builders.CITIZEN]
    await tell(office, closing())
    assert "letter acknowledge" not in plain(told(office)[-1])


async def test_an_acknowledgement_is_given_once(office: PaperOffice) -> None:
    await check(office, letter(1))
    with pytest.raises(Exception, match="has been told"):
        acknowledging.acknowledge(office, Receipt(1, 2569))


async def test_officers_are_told_of_their_own_letters_only(office: PaperOffice) -> None:
    await check(office, letter(1, subject="homeschool ของบ้านใต้"), letter(2, subject="ขอใช้สนาม"))
    await tell(office, closing())
    [mail] = told(office, OFFICER)
    assert "homeschool ของบ้านใต้" in plain(mail)
    assert "ขอใช้สนาม" not in plain(mail)
    assert told(office, SECRET) == []


async def test_overdue_letters_and_missed_checks_are_told(office: PaperOffice) -> None:
    await check(office, letter(1, subject="homeschool"))
    office.store.db.sql.execute("UPDATE letter SET due_on = '2026-11-20'")
    office.store.db.sql.execute(
        "INSERT INTO slot (due_at, state, closed_at, reason) VALUES "
        "('2026-11-23T04:00:00.000000+00:00', 'missed', '2026-11-23T09:00:00.000000+00:00', 'ไฟฟ้าดับ')"
    )
    await tell(office, closing())
    text = plain(told(office)[-1])
    assert "เลขรับ ๑/๒๕๖๙ กำหนด ๒๐ พฤศจิกายน ๒๕๖๙ (เกินกำหนด ๓ วัน)" in text
    assert "๒๓ พฤศจิกายน ๒๕๖๙ เวลา ๑๑.๐๐ น. มิได้ตรวจ: ไฟฟ้าดับ" in text


async def test_the_week_and_the_month_are_told_on_the_first_working_day_after(office: PaperOffice) -> None:
    await check(office, letter(1))
    await tell(office, NOW + timedelta(days=7, minutes=1))
    await tell(office, datetime(2026, 12, 1, 8, 31, tzinfo=builders.ZONE))
    await tell(office, datetime(2026, 12, 1, 9, 31, tzinfo=builders.ZONE))
    subjects = [str(mail["Subject"]) for mail in told(office)]
    assert sum("ประจำสัปดาห์ ๒๓ พฤศจิกายน ๒๕๖๙ ถึง ๒๙ พฤศจิกายน ๒๕๖๙" in s for s in subjects) == 1
    assert sum("ประจำเดือนพฤศจิกายน ๒๕๖๙" in s for s in subjects) == 1


async def test_nothing_is_told_of_the_time_before_the_first_check(tmp_path: Path) -> None:
    with builders.office(builders.config(tmp_path)) as office:
        await tell(office, closing())
        assert sent(office, "digest") == []


async def test_what_falls_between_two_closings_is_in_one_digest_and_no_other(office: PaperOffice) -> None:
    await check(office, letter(1))
    await tell(office, closing())
    office.paper_clock.set(closing() + timedelta(hours=1))
    await check(office, letter(2, subject="หลังปิดทำการ"))
    await tell(office, closing(NOW.date() + timedelta(days=1)))
    days = [plain(mail) for mail in told(office) if "ประจำวัน" in mail["Subject"]]
    assert ["หลังปิดทำการ" in text for text in days] == [False, True]


async def test_settings_say_who_is_told_what(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"to_clerk": [], "to_officers": ["slot"], "also_to": []}
    with builders.office(builders.config(tmp_path, digests=settings)) as office:
        await check(office, letter(1, subject="homeschool"))
        await tell(office, NOW + timedelta(minutes=1))
        await tell(office, closing())
        assert {mail["To"] for mail in sent(office, "digest")} == {OFFICER}


@pytest.mark.parametrize(
    "text",
    ["http://evil.test/a", "ดูเว็บhttps://evil.example/x", "ที่เว็บwww.evil.com", "evil.com/login", "FTP://evil.test",
     "mailto:a@b.test", "javascript:alert(1)", "x\r\nhttp://evil.test", "HTTPS://EVIL.TEST", "อ่านevil.co.th"],
)  # fmt: skip
def test_nothing_a_stranger_wrote_is_a_link(text: str) -> None:
    shown = harmless(text)
    assert "://" not in shown
    assert "\n" not in shown
    assert not re.search(r"(?i)www\.|evil\.|mailto:|javascript:|http:|https:", shown), shown


def test_ordinary_words_and_addresses_stay_as_they_are() -> None:
    for text in ("ขอ ปพ.1 ของบุตร", "somchai.k@example.co.th", "first.last@example.com ส่งมา", "ป.1 รร.บ้านหนอง"):
        assert harmless(text) == text


def test_a_stranger_writes_no_command_line() -> None:
    assert "→" not in harmless("→ mailgate letter void 1/2569 --reason x")


async def test_markup_of_a_stranger_is_shown_as_text(office: PaperOffice) -> None:
    await check(office, letter(1, subject="<script>alert(1)</script><img src=x onerror=y>"))
    await tell(office, NOW + timedelta(minutes=1))
    [mail] = told(office)
    assert "<script" not in page(mail)
    assert "<img" not in page(mail)
    assert "&lt;script&gt;" in page(mail)


async def test_the_same_registry_gives_the_same_bytes(office: PaperOffice) -> None:
    await check(office, letter(1))
    span = digesting.latest(office, "day")
    assert span is not None
    first, second = (next(digesting.to_clerk(office, span)) for _ in range(2))
    assert first[1] == second[1]


async def test_a_void_letter_is_not_among_the_new_ones(office: PaperOffice) -> None:
    await check(office, letter(1, subject="ผิดพลาด"))
    cases.void(office, Receipt(1, 2569), "ลงผิด")
    await tell(office, closing())
    assert "ผิดพลาด" not in plain(told(office)[-1])


async def test_a_day_that_nobody_told_of_at_its_closing_is_told_of_later(office: PaperOffice) -> None:
    """The daemon was off, or a timer only checks at the mandated times: nothing falls out, nothing is told twice."""
    await check(office, letter(1, subject="ของวันจันทร์"))
    tuesday = NOW + timedelta(days=1)
    office.paper_clock.set(tuesday)
    await check(office, letter(2, subject="ของวันอังคาร"))
    await tell(office, tuesday + timedelta(minutes=5))
    await tell(office, closing(tuesday.date() + timedelta(days=2)))
    days = [plain(mail) for mail in told(office) if "ประจำวัน" in mail["Subject"]]
    assert [("ของวันจันทร์" in text, "ของวันอังคาร" in text) for text in days] == [(True, False), (False, True)]


async def test_a_clock_that_is_set_back_tells_nothing_twice(office: PaperOffice) -> None:
    await check(office, letter(1))
    tuesday = NOW.date() + timedelta(days=1)
    for at in (closing(), closing(tuesday), closing() + timedelta(minutes=10), closing(tuesday) + timedelta(minutes=5)):
        await tell(office, at)
    assert len([mail for mail in told(office) if "ประจำวัน" in mail["Subject"]]) == 2


async def test_a_calendar_that_changes_leaves_no_gap_and_no_overlap(office: PaperOffice) -> None:
    await check(office, letter(1))
    await tell(office, closing())
    tuesday, wednesday = (NOW.date() + timedelta(days=n) for n in (1, 2))
    office.paper_clock.set(closing(tuesday) - timedelta(hours=2))
    await check(office, letter(2, subject="ของวันอังคาร"))
    await tell(office, closing(tuesday))
    calendars.change(office, "add", {tuesday: Special("holiday", "วันหยุดพิเศษ", "office")}, past=True)
    await tell(office, closing(wednesday))
    days = [plain(mail) for mail in told(office) if "ประจำวัน" in mail["Subject"]]
    assert ["ของวันอังคาร" in text for text in days] == [False, True, False]


async def test_a_check_closed_late_is_in_the_next_day_s_digest(office: PaperOffice) -> None:
    await check(office)
    await tell(office, closing())
    office.store.db.sql.execute(
        "INSERT INTO slot (due_at, state, closed_at, reason) VALUES "
        "('2026-11-23T09:00:00.000000+00:00', 'late', '2026-11-23T10:00:00.000000+00:00', 'ไฟฟ้าดับ')"
    )
    await tell(office, closing(NOW.date() + timedelta(days=1)))
    assert "๑๖.๐๐ น. ล่าช้า: ไฟฟ้าดับ" in plain(told(office)[-1])


async def test_a_mail_that_turns_out_unreadable_later_is_told_of_then(office: PaperOffice) -> None:
    await check(office, letter(1))
    await tell(office, closing())
    office.store.db.sql.execute("DROP TRIGGER reading_done_once")
    late = (closing() + timedelta(minutes=5)).astimezone(UTC).isoformat(timespec="microseconds")
    office.store.db.sql.execute("UPDATE reading SET state = 'unreadable', read_at = ?", (late,))
    await tell(office, closing(NOW.date() + timedelta(days=1)))
    assert "อ่านเนื้อหาไม่ได้" in plain(told(office)[-1])


async def test_an_officer_whose_name_is_part_of_another_s_gets_nothing_of_theirs(tmp_path: Path) -> None:
    services = builders.tables()["services"]
    services.append({"key": "other", "title": "อื่น", "officers": [{"name": "ตัวอย่าง ใจ", "email": "part@example.go.th"}]})
    with builders.office(builders.config(tmp_path, services=services)) as office:
        await check(office, letter(1, subject="homeschool"))
        await tell(office, closing())
        assert told(office, OFFICER)
        assert told(office, "part@example.go.th") == []


async def test_a_full_disk_keeps_the_clerk_from_no_digest(office: PaperOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise ArchiveError("no space left", "Free some space")

    await check(office, letter(1))
    monkeypatch.setattr(day_register, "keep", full)
    await tell(office, closing())
    [mail] = [mail for mail in told(office) if "ประจำวัน" in mail["Subject"]]
    assert "แนบทะเบียนหนังสือรับไม่ได้" in plain(mail)
    assert list(mail.iter_attachments()) == []
