"""Who is reminded of which letter on which day, and which citizen is told of a delay: once each, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.errors import ConfigError
from mailgate.jobs import cases, clocks, pausing, poll, reminders, wishes
from mailgate.jobs.verify import verify
from mailgate.jobs.wishes import Wished
from mailgate.model import Receipt
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.letters import answer_to, letter, sent, text
from tests.jobs.letters import poll as check

MONDAY = NOW.date()
OFFICER, SECRET, CLERK = "officer@example.go.th", "secret@example.go.th", "clerk@example.go.th"


def made(folder: Path, **settings: Any) -> PaperOffice:
    return builders.office(builders.config(folder, reminders=settings))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with made(tmp_path, citizen_every=7) as opened:
        yield opened
        assert verify(opened).problems == []


async def letters(office: PaperOffice, *due: date | None, subject: str = "homeschool") -> None:
    """Letters with these due dates, in order; today's run is over then."""
    await check(office, *(letter(n, subject=subject) for n in range(1, len(due) + 1)))
    set_due(office, *due)


def set_due(office: PaperOffice, *due: date | None) -> None:
    with office.store.db.immediate("test"):
        for n, day in enumerate(due, 1):
            office.store.db.sql.execute(
                "UPDATE letter SET due_on = ? WHERE id = ?", (day.isoformat() if day else None, n)
            )


async def day(office: PaperOffice, on: date, at: time = time(9)) -> None:
    """What is due to be sent on that day is sent."""
    office.paper_clock.set(datetime.combine(on, at, builders.ZONE))
    await poll.send(office)


def reminded(office: PaperOffice, address: str) -> list[str]:
    return [text(mail) for mail in sent(office, "reminder") if mail["To"] == address]


def lines(words: str) -> list[str]:
    return [line.strip() for line in words.splitlines() if line.strip().startswith("เลขรับ")]


class TestReminders:
    async def test_each_date_reminds_once(self, office: PaperOffice) -> None:
        await letters(office, MONDAY + timedelta(days=9))  # Wednesday 2 December
        seen = {}
        for n in range(1, 26):
            before = len(reminded(office, OFFICER))
            for hour in (8, 9, 16, 23):
                await day(office, MONDAY + timedelta(days=n), time(hour))
            new = reminded(office, OFFICER)[before:]
            if new:
                [said] = [line for mail in new for line in lines(mail)]
                seen[n] = said.partition("(")[2]
        assert seen == {
            2: "เหลือ ๗ วัน)",
            7: "เหลือ ๒ วัน)",  # three days before is a Sunday: made up for on Monday
            8: "เหลือ ๑ วัน)",
            10: "เกินกำหนด ๑ วัน)",
            15: "เกินกำหนด ๖ วัน)",  # three days after is a Saturday, and Monday a holiday
            16: "เกินกำหนด ๗ วัน)",
            23: "เกินกำหนด ๑๔ วัน)",
        }

    async def test_after_an_outage_a_letter_has_one_line(self, office: PaperOffice) -> None:
        await letters(office, MONDAY + timedelta(days=8), MONDAY + timedelta(days=90))
        await day(office, MONDAY + timedelta(days=21))
        [mail] = reminded(office, OFFICER)
        assert lines(mail) == ["เลขรับ ๑/๒๕๖๙ กำหนดวันที่ ๑ ธันวาคม ๒๕๖๙ (เกินกำหนด ๑๓ วัน)"]

    async def test_one_mail_for_each_officer_and_one_with_all_for_the_clerk(self, office: PaperOffice) -> None:
        await check(office, *(letter(n, subject="homeschool") for n in (1, 2)), letter(3), letter(4, subject="ทุจริต"))
        with office.store.db.immediate("test"):
            office.store.db.sql.execute("UPDATE letter SET due_on = '2026-11-27'")
        await day(office, date(2026, 11, 24))
        assert sorted(str(m["To"]) for m in sent(office, "reminder")) == [CLERK, OFFICER, SECRET]
        assert [len(lines(words)) for words in reminded(office, OFFICER)] == [2]
        [clerks] = reminded(office, CLERK)
        assert len(lines(clerks)) == 4
        assert "ผู้รับผิดชอบ: นางสาวตัวอย่าง ใจดี" in clerks
        assert "เรื่อง homeschool" in clerks

    async def test_a_confidential_letter_is_its_number_and_its_due_date_to_everyone(self, office: PaperOffice) -> None:
        await letters(office, MONDAY + timedelta(days=2), subject="ทุจริต canary")
        await day(office, MONDAY + timedelta(days=1))
        for address in (SECRET, CLERK):
            [words] = reminded(office, address)
            assert "canary" not in words
            assert lines(words) == ["เลขรับ ๑/๒๕๖๙ กำหนดวันที่ ๒๕ พฤศจิกายน ๒๕๖๙ (เหลือ ๑ วัน)"]
        assert all("canary" not in str(mail["Subject"]) for mail in sent(office, "reminder"))

    async def test_what_is_closed_void_or_standing_reminds_nobody(self, office: PaperOffice) -> None:
        await letters(office, *[MONDAY + timedelta(days=2)] * 3)
        cases.pass_on(office, Receipt(1, 2569), "เทศบาล")
        cases.void(office, Receipt(2, 2569), "ลงรับซ้ำ")
        clocks.by_hand(office, Receipt(3, 2569), "stop", "รอเอกสาร")
        await day(office, MONDAY + timedelta(days=1))
        assert sent(office, "reminder") == []

    @pytest.mark.parametrize(
        ("on", "at", "due"),
        [
            (date(2026, 11, 24), time(8, 29), False),
            (date(2026, 11, 24), time(8, 30), True),
            (date(2026, 11, 28), time(9), False),  # a Saturday
            (date(2026, 12, 10), time(9), False),  # a holiday
            (date(2026, 11, 24), time(23), True),
            (MONDAY, time(23), False),  # done already
        ],
    )
    async def test_a_run_is_due_once_on_a_working_day_from_the_opening_on(
        self, office: PaperOffice, on: date, at: time, due: bool
    ) -> None:
        await check(office)
        office.paper_clock.set(datetime.combine(on, at, builders.ZONE))
        assert reminders.is_due(office) is due
        assert poll.is_to_send(office) is due

    async def test_a_clock_that_was_ahead_keeps_nobody_from_being_reminded(self, office: PaperOffice) -> None:
        await letters(office, MONDAY + timedelta(days=8))
        await day(office, MONDAY + timedelta(days=365))
        before = len(reminded(office, OFFICER))
        await day(office, MONDAY + timedelta(days=1))
        assert len(reminded(office, OFFICER)) == before + 1

    async def test_reminders_are_switched_off_by_empty_lists(self, tmp_path: Path) -> None:
        with made(tmp_path, before=[], after=[]) as office:
            await letters(office, MONDAY + timedelta(days=2))
            await day(office, MONDAY + timedelta(days=1))
            assert sent(office, "reminder") == []
            assert office.store.cases.noted(reminders.NOTE) == ""

    async def test_a_crash_leaves_all_or_nothing(self, office: PaperOffice, monkeypatch: pytest.MonkeyPatch) -> None:
        await letters(office, MONDAY + timedelta(days=8), MONDAY - timedelta(days=6))
        office.paper_clock.set(NOW + timedelta(days=1))
        with monkeypatch.context() as broken:
            broken.setattr("mailgate.edges.store.database.point", _stop)
            with pytest.raises(KeyboardInterrupt):
                reminders.step(office)
        assert sent(office, "reminder") == []
        assert {row["kind"] for row in office.store.reports.outbox()} == {"acknowledgement"}
        await day(office, MONDAY + timedelta(days=1))
        assert (len(sent(office, "reminder")), len(sent(office, "delay"))) == (2, 1)

    async def test_a_template_that_fails_undoes_no_check(self, office: PaperOffice) -> None:
        await letters(office, MONDAY + timedelta(days=8))
        office.paper_clock.set(NOW + timedelta(days=1))
        office.head = office.head._replace(render=_broken)
        report = await check(office)
        assert any("reminders wait" in problem for problem in report.problems)
        assert reminders.is_due(office)

    async def test_the_letters_are_found_by_the_index(self, office: PaperOffice) -> None:
        plans = []
        office.store.db.sql.set_trace_callback(plans.append)
        office.store.reports.due_between(MONDAY, MONDAY)
        office.store.reports.overdue_every(7, MONDAY, MONDAY)
        office.store.db.sql.set_trace_callback(None)
        for sql in plans:
            plan = [row["detail"] for row in office.store.db.all(f"EXPLAIN QUERY PLAN {sql}")]
            assert "letter_due" in plan[0]


def _stop(name: str) -> None:
    if name == "remind.written":
        raise KeyboardInterrupt(name)


def _broken(name: str, values: object) -> str:
    raise ConfigError(f"template {name} cannot be rendered")


class TestDelays:
    async def test_a_citizen_is_told_every_seven_days(self, office: PaperOffice) -> None:
        await letters(office, MONDAY + timedelta(days=2))
        told = []
        for n in range(1, 30):
            before = len(sent(office, "delay"))
            await day(office, MONDAY + timedelta(days=n))
            told += [n] * (len(sent(office, "delay")) - before)
        assert told == [9, 16, 23]

    async def test_what_the_notice_says_and_does_not_say(self, office: PaperOffice) -> None:
        await check(office, letter(1, sender="a@b.test", subject="homeschool CANARY", body=b"CANARY\r\n"))
        set_due(office, MONDAY - timedelta(days=5))
        await day(office, MONDAY + timedelta(days=2))
        [mail] = sent(office, "delay")
        assert (mail["To"], mail["Auto-Submitted"], mail["Precedence"]) == ("a@b.test", "auto-generated", "bulk")
        assert "๑/๒๕๖๙" in mail["Subject"]
        words = text(mail)
        for part in ("๑/๒๕๖๙", "๒๓ พฤศจิกายน ๒๕๖๙", "ขออภัย", "นางสาวตัวอย่าง ใจดี", "receipt number 1/2569"):
            assert part in words
        assert "CANARY" not in mail.as_string() + words

    async def test_an_answer_to_it_belongs_to_the_letter(self, office: PaperOffice) -> None:
        await letters(office, MONDAY - timedelta(days=6))
        await day(office, MONDAY + timedelta(days=1))
        report = await check(office, answer_to(sent(office, "delay")[0], 2, sender="citizen1@b1.test"))
        assert (report.registered, report.follow_ups) == (0, 1)

    async def test_a_confidential_letter_is_its_number_alone(self, tmp_path: Path) -> None:
        with made(tmp_path, citizen_every=7, citizen_copy="opdc@example.go.th") as office:
            await letters(office, MONDAY - timedelta(days=6), subject="ทุจริต")
            await day(office, MONDAY + timedelta(days=1))
            [mail] = sent(office, "delay")
            words = text(mail)
            assert "๑/๒๕๖๙" in words
            assert not any(part in words for part in ("พฤศจิกายน", "November", "นางปกปิด"))

    async def test_a_copy_goes_to_whom_the_law_names(self, tmp_path: Path) -> None:
        with made(tmp_path, citizen_every=7, citizen_copy="opdc@example.go.th") as office:
            await letters(office, MONDAY - timedelta(days=6))
            await day(office, MONDAY + timedelta(days=1))
            mails = {str(m["To"]): str(m["Subject"]) for m in sent(office, "delay")}
            assert set(mails) == {"citizen1@b1.test", "opdc@example.go.th"}
            assert mails["opdc@example.go.th"].startswith("สำเนา: ")

    async def test_nobody_is_told_unless_the_office_wants_it(self, tmp_path: Path) -> None:
        with made(tmp_path) as office:
            await letters(office, MONDAY - timedelta(days=6))
            await day(office, MONDAY + timedelta(days=1))
            assert (sent(office, "delay"), len(sent(office, "reminder"))) == ([], 2)

    async def test_who_cannot_be_mailed_stands_in_the_clerks_reminder(self, office: PaperOffice) -> None:
        silent = letter(3).replace(b"Return-Path: <citizen3@b3.test>", b"Return-Path: <>")
        await check(office, letter(1), letter(2), silent, letter(4), letter(5))
        set_due(office, *[MONDAY - timedelta(days=19)] * 5)  # no date of a reminder is near
        wishes.note(office, Receipt(1, 2569), Wished(paper=True))
        with office.store.db.immediate("test"):
            office.store.cases.wish(2, "proposed", "", NOW)
            office.store.db.sql.execute("UPDATE outbox SET state = 'bounced' WHERE letter_id = 5")
        office.store.contacts.brake("citizen4@b4.test", NOW + timedelta(days=9), NOW)
        await day(office, MONDAY + timedelta(days=2))
        assert sent(office, "delay") == []
        [words] = reminded(office, CLERK)
        assert "ต้องแจ้งผู้ส่งเป็นเอกสาร" in words
        assert len(lines(words)) == 5
        for why in ("ผู้ส่งขอรับคำตอบเป็นเอกสาร", "ผู้ส่งอาจประสงค์", "ไม่มีที่อยู่", "งดส่งข้อความอัตโนมัติ", "ส่งไม่ถึงผู้ส่ง"):
            assert why in words

    async def test_an_address_is_not_flooded_by_letters_in_its_name(self, tmp_path: Path) -> None:
        limits = {"limits": builders.UNLIMITED | {"per_address_hour": 2}}
        with builders.office(builders.config(tmp_path, reminders={"citizen_every": 7}, **limits)) as office:
            await check(office, *(letter(n, sender="victim@b.test", subject="homeschool") for n in (1, 2, 3)))
            set_due(office, *[MONDAY - timedelta(days=12)] * 3)
            await day(office, MONDAY + timedelta(days=2))
            assert len(sent(office, "delay")) == 2
            assert "ครบจำนวนที่กำหนด" in reminded(office, CLERK)[0]

    async def test_a_pause_holds_them(self, office: PaperOffice) -> None:
        await letters(office, MONDAY - timedelta(days=6))
        pausing.pause(office, "ทดสอบ", NOW)
        await day(office, MONDAY + timedelta(days=1))
        assert sent(office, "delay") == []
        assert [row["kind"] for row in office.store.reports.outbox("held")] == ["delay"]
        pausing.resume(office, office.clock.now())
        await poll.send(office)
        assert len(sent(office, "delay")) == 1
