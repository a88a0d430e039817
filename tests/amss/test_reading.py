"""From a request in AMSS++ to the registers and back: once, whatever happens there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailgate.core.amss import clean, request
from mailgate.edges.amss import PaperRequests, Requests
from mailgate.errors import AmssError
from mailgate.jobs import amss, digesting, poll, publishing
from mailgate.jobs.verify import verify
from mailgate.model import CheckReport
from mailgate.model_amss import Outcome, Source
from tests import builders
from tests.amss import requests
from tests.builders import NOW, ZONE, PaperOffice


@pytest.fixture
def paper() -> PaperRequests:
    return PaperRequests()


@pytest.fixture
def office(tmp_path: Path, paper: PaperRequests) -> Iterator[PaperOffice]:
    with builders.office(requests.config(tmp_path)) as made:
        made.amss = contextmanager(lambda: iter([paper]))
        yield made


async def read(office: PaperOffice) -> CheckReport:
    report = CheckReport()
    await amss.read(office, report)
    return report


def ask(paper: PaperRequests, key: str = "1", source: Source = Source.TRAVEL, **row: str | None) -> None:
    made = {"subject": "ประชุมผู้บริหาร", "place": "ขอนแก่น", "school": "44010001", "requested": "2026-11-20 10:00:00"}
    paper.tables[source][key] = {"key": key} | made | row


def contents(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def letters(office: PaperOffice) -> list[Any]:
    return office.store.db.all("SELECT * FROM letter ORDER BY id")


async def test_a_request_is_registered_once_and_its_officers_are_told(
    office: PaperOffice, paper: PaperRequests
) -> None:
    paper.names["44010001"] = "โรงเรียนบ้านตัวอย่าง"
    ask(paper)
    first, second = await read(office), await read(office)
    assert (first.requests, first.receipts, first.problems) == (1, ["1/2569"], [])
    assert (second.requests, second.problems) == (0, [])
    [letter] = letters(office)
    assert (letter["channel"], letter["from_name"]) == ("amss", "โรงเรียนบ้านตัวอย่าง")
    assert letter["subject"] == "ขออนุมัติไปราชการ ประชุมผู้บริหาร ณ ขอนแก่น"
    assert (letter["officer"], letter["service"]) == ("นางธนพร, นางสาวพจนีย์", "head-travel")
    told = office.store.db.all("SELECT recipient FROM outbox WHERE kind = 'requests' ORDER BY id")
    assert [row["recipient"] for row in told] == ["thanaporn@example.go.th", "pot@example.go.th"]
    assert not verify(office).problems


@pytest.mark.parametrize(("value", "result"), [("1", "approved"), ("2", "refused")])
async def test_what_is_decided_there_ends_it_here(
    office: PaperOffice, paper: PaperRequests, value: str, result: str
) -> None:
    ask(paper)
    await read(office)
    office.paper_clock.advance(timedelta(hours=2))
    ask(paper, outcome=value, outcome_on="2026-11-23 10:30:00", comment="ไม่ขัดข้อง")
    report = await read(office)
    assert report.outcomes == 1
    [dispatch] = office.store.db.all("SELECT * FROM dispatch")
    assert (dispatch["result"], dispatch["way"], dispatch["text"]) == (result, "amss", "แจ้งผลในระบบ AMSS++\nไม่ขัดข้อง")
    assert "๒๓ พฤศจิกายน ๒๕๖๙" in dispatch["remarks"]
    assert letters(office)[0]["state"] == "closed"
    assert (await read(office)).outcomes == 0
    assert not verify(office).problems


async def test_edits_deletions_and_second_thoughts_are_noted_and_never_double(
    office: PaperOffice, paper: PaperRequests
) -> None:
    for key in ("1", "2", "3"):
        ask(paper, key)
    await read(office)
    ask(paper, "1", place="อุดรธานี")
    del paper.tables[Source.TRAVEL]["2"]
    ask(paper, "3", outcome="1")
    assert (await read(office)).problems == []
    ask(paper, "3", outcome="2")
    [problem] = (await read(office)).problems
    assert "เปลี่ยนเป็น ไม่อนุญาต" in problem
    ask(paper, "2")  # and back again
    await read(office)
    remarks = [row["remarks"] for row in letters(office)]
    assert remarks[0] == "มีการแก้ไขคำขอใน AMSS++"
    assert remarks[1].startswith("คำขอถูกลบใน AMSS++ แล้ว")
    assert "เปลี่ยนเป็น" in remarks[2]
    assert len(remarks) == 3
    assert office.store.db.value("SELECT count(*) FROM dispatch") == 1
    assert not verify(office).problems


async def test_another_database_does_not_make_all_requests_vanish(office: PaperOffice, paper: PaperRequests) -> None:
    for n in range(60):
        ask(paper, str(n))
    await read(office)
    paper.tables[Source.TRAVEL].clear()
    [problem] = (await read(office)).problems
    assert "is it the database?" in problem
    assert not any(row["remarks"] for row in letters(office))


async def test_what_was_decided_before_our_time_is_left_alone(tmp_path: Path, paper: PaperRequests) -> None:
    since = NOW - timedelta(days=7)
    made = requests.config(tmp_path, since=since)
    with builders.office(made) as office:
        office.amss = contextmanager(lambda: iter([paper]))
        ask(paper, "1", requested="2025-01-05 09:00:00", outcome="1")
        ask(paper, "2", requested="2025-01-05 09:00:00")
        assert (await read(office)).requests == 1
        ask(paper, "1", requested="2025-01-05 09:00:00", outcome="1", place="แก้")
        assert (await read(office)).requests == 0
        assert len(letters(office)) == 1


@pytest.mark.parametrize("wrong", ["0000-00-00 00:00:00", "2026-02-30", "เมื่อวาน", "9999-99-99"])
async def test_a_date_that_is_none_stops_nothing(office: PaperOffice, paper: PaperRequests, wrong: str) -> None:
    ask(paper, "1", requested=wrong, outcome="1", outcome_on=wrong)
    report = await read(office)
    assert (report.requests, report.outcomes, report.problems) == (1, 1, [])
    assert "ไม่ถูกต้อง" in letters(office)[0]["remarks"]


async def test_no_number_of_identity_is_kept(office: PaperOffice, paper: PaperRequests, tmp_path: Path) -> None:
    hidden = "14401\u200b00123456"
    ask(
        paper,
        "1",
        subject=f"ไปกับ 1-4401-00123-45-6 และ ๑๔๔๐๑๐๐๑๒๓๔๕๖ {hidden}",
        place="1 4401 - 00123.45 6",
        comment="1440100123456",
        outcome="1",
    )
    await read(office)
    everything = contents(tmp_path)
    for written in ("1-4401-00123-45-6", "๑๔๔๐๑๐๐๑๒๓๔๕๖", "1440100123456"):
        assert written.encode() not in everything
    assert b"00123" not in everything
    assert letters(office)[0]["subject"].count("(เลขประจำตัวประชาชน)") >= 2


def test_control_characters_and_length() -> None:
    assert clean("ก\x00ข\r\nBcc: x\x1b[31m\u202e") == "ก ข Bcc: x [31m"
    assert clean(None) == ""
    table = requests.settings().travel
    made = request(Source.TRAVEL, {"key": "1", "subject": "ก" * 5000, "school": "x" * 500}, "f", table, ZONE, {})
    assert len(made.subject) == 300
    assert len(made.school) == 200


def test_a_leave_says_nothing_of_an_illness_and_takes_buddhist_years() -> None:
    row = {"key": "1", "kind": "1", "subject": "ผ่าตัด", "starts": "2569-11-24", "ends": "2569-11-25", "outcome": "1"}
    made = request(Source.LEAVE, row, "f", requests.settings().leave, ZONE, {})
    assert made.subject == "ขออนุมัติลาป่วย ตั้งแต่วันที่ ๒๔ พฤศจิกายน ๒๕๖๙ ถึงวันที่ ๒๕ พฤศจิกายน ๒๕๖๙"
    assert made.outcome is Outcome.GRANTED
    assert "because" not in requests.settings().leave.columns.values()


async def test_a_database_that_is_away_disturbs_no_mail_and_is_told(office: PaperOffice, paper: PaperRequests) -> None:
    def away() -> Iterator[Requests]:
        raise AmssError("AMSS++ cannot be read at 127.0.0.1:3306: refused")
        yield paper

    office.amss = contextmanager(away)
    office.box.deliver(builders.raw_mail(), NOW)
    report = await poll.poll(office)
    assert report.registered == 1
    assert any("AMSS++ cannot be read" in p for p in report.problems)
    assert "AMSS++" in office.store.amss.problem()
    office.amss = contextmanager(lambda: iter([paper]))
    await read(office)
    assert office.store.amss.problem() == ""


async def test_a_mailbox_that_is_away_keeps_no_request_out(office: PaperOffice, paper: PaperRequests) -> None:
    ask(paper)
    office.post = _NoPost()  # type: ignore[assignment]
    with pytest.raises(Exception, match="away"):
        await poll.poll(office)
    assert len(letters(office)) == 1


class _NoPost:
    def open(self) -> Any:
        raise AmssError("the mailbox is away")


async def test_the_number_is_written_back_where_the_office_wants_it(tmp_path: Path, paper: PaperRequests) -> None:
    made = requests.config(tmp_path, write_receipt=True, travel={"receipt": "receipt"})
    with builders.office(made) as office:
        office.amss = contextmanager(lambda: iter([paper]))
        ask(paper)
        ask(paper, "9", Source.LEAVE, kind="2")
        await read(office)
        [letter] = [row for row in letters(office) if row["service"] == "head-travel"]
        assert paper.receipts == {(Source.TRAVEL, "1"): f"{letter['number']}/2569"}
        paper.receipts.clear()
        await read(office)
        assert paper.receipts == {}


async def test_a_letter_that_was_answered_by_hand_is_not_answered_twice(
    office: PaperOffice, paper: PaperRequests
) -> None:
    ask(paper)
    await read(office)
    with office.store.db.immediate("test"):
        office.store.cases.close(letters(office)[0], "closed", "โทรศัพท์แจ้งแล้ว", office.clock.now())
    ask(paper, outcome="1")
    report = await read(office)
    assert report.outcomes == 0
    assert "ดำเนินการแล้วก่อนหน้า" in report.problems[0]


async def test_grants_stand_in_the_public_pages_the_digest_and_the_search(tmp_path: Path, paper: PaperRequests) -> None:
    made = requests.config(tmp_path)
    made = made.model_copy(update={"publish": made.publish.model_copy(update={"up_to": "today"})})
    with builders.office(made) as office:
        office.amss = contextmanager(lambda: iter([paper]))
        for n in range(6):
            ask(paper, str(n), outcome="1", outcome_on="2026-11-23")
        await read(office)
        await poll.read(office, CheckReport())
        publishing.publish(office, tmp_path / "site")
        [data] = (tmp_path / "site/data").glob("permissions-*.json")
        assert len(json.loads(data.read_text("utf-8"))) == 6
        told = digesting.latest(office, "day")
        assert told is not None
        _, values, _ = next(digesting.to_clerk(office, replace(told), files=False))
        assert "ไปราชการ" in office.head.render("digest.txt", values)
        from mailgate.jobs import searching
        from mailgate.model_search import Wanted

        wanted = Wanted(today=NOW.date(), words=("ขอนแก่น",))
        assert len(list(searching.found(office, wanted, 100))) == 6
