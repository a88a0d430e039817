"""Answers to letters: what may go out, under which number, and what becomes of the letter."""

from __future__ import annotations

import email
import email.policy
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailgate.edges import pdf
from mailgate.errors import MailgateError
from mailgate.jobs import decisions, dispatch_entry, dispatching, poll, reaching, views_out
from mailgate.jobs.decisions import Wish
from mailgate.jobs.verify import verify
from mailgate.model import Receipt, State
from mailgate.model_dispatch import Result
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.edges.test_smtp import THAI, courier_to, plain_server
from tests.jobs.letters import letter, sent, text
from tests.jobs.letters import poll as check
from tests.servers.sink import Sink

FIRST = Receipt(1, 2569)
CODE = "ศธ ๐๔๐๕๙"


@pytest.fixture(scope="session")
def decision_pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "คำสั่ง.pdf"
    path.write_bytes(pdf.render("<p>อนุมัติตามคำขอ</p>"))
    return path


@pytest.fixture(scope="session")
def decision_bytes(decision_pdf: Path) -> bytes:
    return decision_pdf.read_bytes()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    tables = builders.tables()["office"] | {"letter_code": CODE}
    with builders.office(builders.config(tmp_path, office=tables)) as made:
        yield made
        assert verify(made).problems == []


def decide(office: PaperOffice, receipt: Receipt = FIRST, *paths: Path, **wish: Any) -> Receipt:
    """As ``mailgate decide`` does it."""
    files = dispatching.looked_into(office, paths)
    out = decisions.outbound(office, receipt, Wish(**({"result": Result.APPROVED} | wish)), files)
    dispatching.keep(office, paths, files)
    return dispatching.enter(office, out)


async def test_a_decision_goes_out_with_its_number_and_its_pdf(
    office: PaperOffice, decision_pdf: Path, decision_bytes: bytes
) -> None:
    await check(office, letter(1, subject="homeschool"))
    assert str(decide(office, FIRST, decision_pdf, text="ขอให้ดำเนินการตามระเบียบ")) == "1/2569"
    await poll.send(office)
    [mail] = sent(office, "decision")
    assert mail["To"] == "citizen1@b1.test"
    assert mail["Subject"] == "แจ้งผลการพิจารณา เลขรับ ๑/๒๕๖๙ ที่ ศธ ๐๔๐๕๙/๑ สำนักงานตัวอย่าง"
    assert mail["In-Reply-To"] == "<1@b.test>"
    assert mail["Auto-Submitted"] is None
    [file] = list(mail.iter_attachments())
    assert file.get_content() == decision_bytes
    assert file.get_filename() == "1-2569.pdf"
    words = text(mail)
    assert "อนุมัติ" in words
    assert "ขอให้ดำเนินการตามระเบียบ" in words
    assert hashlib.sha256(decision_bytes).hexdigest() in words
    assert "receipt number 1/2569" in words
    row = office.store.reports.letter(FIRST)
    assert row is not None
    assert (row["state"], row["action"]) == ("closed", "อนุมัติ ที่ ศธ ๐๔๐๕๙/๑ ลงวันที่ ๒๓ พฤศจิกายน ๒๕๖๙")
    [line] = office.store.dispatches.listed()
    shown = views_out.dispatch(office, line)
    assert (shown["book_no"], shown["letter"], shown["delivery"]) == ("ศธ 04059/1", "1/2569", "accepted")


async def test_several_recipients_share_one_number(office: PaperOffice, decision_pdf: Path) -> None:
    await check(office, letter(1))
    decide(office, FIRST, decision_pdf, copies=["agency@example.go.th", "other@example.go.th"])
    await poll.send(office)
    assert {m["To"] for m in sent(office, "decision")} == {
        "citizen1@b1.test",
        "agency@example.go.th",
        "other@example.go.th",
    }
    assert all("ที่ ศธ ๐๔๐๕๙/๑" in str(m["Subject"]) for m in sent(office, "decision"))
    assert len(office.store.dispatches.listed()) == 1


async def test_nothing_the_sender_wrote_stands_in_the_answer(office: PaperOffice) -> None:
    await check(office, letter(1, subject="SUBJECT-CANARY", body=b"BODY-CANARY\r\n"))
    decide(office, FIRST, text="ตามระเบียบ")
    await poll.send(office)
    raw = office.paper_courier.delivered[-1].raw
    assert b"CANARY" not in raw
    assert "CANARY" not in text(email.message_from_bytes(raw, policy=email.policy.default))  # type: ignore[arg-type]


REFUSED = [
    ({"receipt": Receipt(9, 2569)}, "there is no letter 9/2569"),
    ({"receipt": Receipt(2, 2569)}, "letter 2/2569 is void"),
    ({"receipt": Receipt(3, 2569)}, "letter 3/2569 has been answered already"),
    ({"receipt": Receipt(4, 2569)}, "letter 4/2569 is confidential"),
    ({"receipt": Receipt(5, 2569)}, "letter 5/2569 has no address to answer"),
    ({"to": "nobody"}, "'nobody' is not an e-mail address"),
    ({"to": "a@b.test\r\nBcc: x@y.test"}, "is not an e-mail address"),
    ({"copies": ["x@"]}, "'x@' is not an e-mail address"),
    ({"text": ""}, "needs --file or --text"),
    ({"text": "\x1b[31m"}, "control character"),
]


@pytest.mark.parametrize(("wish", "sentence"), REFUSED, ids=lambda v: v if isinstance(v, str) else "")
async def test_what_cannot_go_out_is_said_and_changes_nothing(
    office: PaperOffice, wish: dict[str, Any], sentence: str
) -> None:
    silent = letter(5).replace(b"Return-Path: <citizen5@b5.test>", b"Return-Path: <>")
    await check(office, letter(1), letter(2), letter(3), letter(4, subject="ทุจริต"), silent)
    from mailgate.jobs import cases

    cases.void(office, Receipt(2, 2569), "ส่งผิด")
    decide(office, Receipt(3, 2569), text="แล้ว")
    before = (office.store.chain.head(), office.store.reports.outbox_counts())
    with pytest.raises(MailgateError, match=sentence):
        decide(office, wish.pop("receipt", FIRST), **({"text": "x"} | wish))
    assert (office.store.chain.head(), office.store.reports.outbox_counts()) == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"hello", "it is not a PDF"),
        (b"%PDF-1.7\nhello", "it is damaged"),
        (b"x" * 20_000, "at most 10,000 go out"),
    ],
)
async def test_a_file_that_is_no_sound_pdf_does_not_go_out(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    with builders.office(builders.config(tmp_path, decisions={"max_size": 10_000})) as office:
        await check(office, letter(1))
        with pytest.raises(MailgateError, match=sentence):
            decide(office, FIRST, path)
        with pytest.raises(MailgateError, match="cannot be read: No such file"):
            decide(office, FIRST, tmp_path / "missing.pdf")


async def test_an_answered_letter_is_answered_again_on_a_word(office: PaperOffice) -> None:
    await check(office, letter(1))
    decide(office, FIRST, text="หนึ่ง")
    assert str(decide(office, FIRST, text="สอง", again=True)) == "2/2569"
    assert office.store.dispatches.listed()[1]["remarks"] == "แจ้งเพิ่มเติมจากที่ ศธ 04059/1"


async def test_another_address_waits_for_a_second_person(office: PaperOffice) -> None:
    await check(office, letter(1))
    decide(office, FIRST, text="x", to="other@b.test")
    await poll.send(office)
    assert sent(office, "decision") == []
    [held] = office.store.reports.outbox("held")
    office.store.outbox.by_hand(held["id"], "release", NOW)
    await poll.send(office)
    assert [m["To"] for m in sent(office, "decision")] == ["other@b.test"]


class TestNumbers:
    async def test_a_circular_and_a_letter_of_our_own_share_the_series(self, office: PaperOffice) -> None:
        words = {"text": "ข้อความ", "postal_address": "", "note": "", "by": ""}
        one = dispatch_entry.outbound(
            office, [], addressee="โรงเรียนทุกแห่ง", subject="แจ้งเวียน", addresses=["a@b.test"], circular=True, **words
        )
        two = dispatch_entry.outbound(
            office, [], addressee="นาย ก", subject="ขอบคุณ", addresses=[], circular=False, **words
        )
        assert [str(dispatching.enter(office, out)) for out in (one, two)] == ["1/2569", "2/2569"]
        assert [row["book_no"] for row in office.store.dispatches.listed()] == ["ศธ 04059/ว 1", "ศธ 04059/2"]
        await poll.send(office)
        [mail] = sent(office, "decision")
        assert mail["Subject"] == "แจ้งเวียน ที่ ศธ ๐๔๐๕๙/ว ๑ สำนักงานตัวอย่าง"
        assert "เรียน โรงเรียนทุกแห่ง" in text(mail)

    async def test_numbers_begin_anew_with_the_year_and_never_go_back(self, office: PaperOffice) -> None:
        await check(office, letter(1), letter(2), letter(3), letter(4))
        decide(office, Receipt(1, 2569), text="x")
        office.paper_clock.set(NOW.replace(year=2027, month=1, day=4))
        assert str(decide(office, Receipt(2, 2569), text="x")) == "1/2570"
        office.paper_clock.set(NOW)
        assert str(decide(office, Receipt(3, 2569), text="x")) == "2/2570"

    async def test_a_void_number_stays_and_opens_the_letter_again(self, office: PaperOffice) -> None:
        await check(office, letter(1))
        given = decide(office, FIRST, text="x")
        row = dispatch_entry.void(office, given, "พิมพ์ผิด")
        assert (row["state"], row["action"]) == ("void", "ยกเลิก: พิมพ์ผิด")
        await poll.send(office)
        assert sent(office, "decision") == []
        assert str(decide(office, FIRST, text="y")) == "2/2569"
        with pytest.raises(MailgateError, match="is void"):
            dispatch_entry.void(office, given, "อีกครั้ง")

    async def test_a_failure_in_the_transaction_takes_no_number(
        self, office: PaperOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await check(office, letter(1))
        with monkeypatch.context() as broken:
            broken.setattr(dispatching, "note_answer", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                decide(office, FIRST, text="x")
        assert office.store.dispatches.listed() == []
        assert str(decide(office, FIRST, text="x")) == "1/2569"


async def test_unsure_decisions_wait_for_a_person(office: PaperOffice) -> None:
    from mailgate.model import Outcome, Verdict

    await check(office, letter(1))
    decide(office, FIRST, text="x")
    office.paper_courier.script = [Outcome(Verdict.UNSURE, "dot", 0, "line lost")]
    await poll.send(office)
    office.paper_clock.set(NOW.replace(day=25))
    await poll.send(office)
    [item] = [row for row in office.store.reports.outbox() if row["kind"] == "decision"]
    assert item["state"] == State.UNSURE
    office.store.outbox.by_hand(item["id"], "resolve as sent", NOW)
    assert office.store.outbox.get(item["id"])["state"] == State.ACCEPTED


async def test_an_address_that_needs_smtputf8_is_tried_on_the_server_first(office: PaperOffice) -> None:
    async with plain_server(b"DSN") as (port, heard):
        office.courier = lambda: courier_to(None, port=port)
        await reaching.check(office, ["a@b.test"])
        assert heard == []
        with pytest.raises(MailgateError, match="SMTPUTF8"):
            await reaching.check(office, ["a@b.test", THAI])
        assert not any(line.startswith(b"MAIL") for line in heard)
    async with Sink.run() as sink:
        office.courier = lambda: courier_to(sink)
        await reaching.check(office, [THAI])


async def test_a_void_request_for_documents_keeps_no_time_standing(office: PaperOffice) -> None:
    await check(office, letter(1, subject="homeschool"))
    before = office.store.reports.letter(FIRST)
    given = decide(office, FIRST, result=Result.MORE_DOCUMENTS, text="สำเนาทะเบียนบ้าน")
    dispatch_entry.void(office, given, "ขอซ้ำ")
    after = office.store.reports.letter(FIRST)
    assert before
    assert after
    assert (after["state"], after["due_on"]) == ("open", before["due_on"])
    assert str(decide(office, FIRST, result=Result.INFORMATION, text="แจ้งแล้ว")) == "2/2569"
