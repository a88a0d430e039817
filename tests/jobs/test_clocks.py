"""The clock of a letter: stopped when documents are asked for, started by a mail that brings them, or by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mailgate.errors import MailgateError
from mailgate.jobs import cases, clocks, decisions, dispatching
from mailgate.jobs import poll as polls
from mailgate.jobs.decisions import Wish
from mailgate.jobs.verify import verify
from mailgate.model import Receipt
from mailgate.model_dispatch import Result
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.letters import answer_to, letter, poll, sent, text, with_document
from tests.jobs.test_cases import Viruses

FIRST = Receipt(1, 2569)
LATER = NOW + timedelta(days=7)  # a Monday
DUE, DUE_LATER = "2026-12-23", "2026-12-30"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path, referrals={})) as made:
        yield made
        assert verify(made).problems == []


def clock(office: PaperOffice, receipt: Receipt = FIRST) -> dict[str, Any]:
    row = office.store.reports.letter(receipt)
    assert row is not None
    return clocks.document(office, row)


async def asked(office: PaperOffice) -> EmailMessage:
    """A letter whose sender was asked for documents; a week has passed since. The mail that asked."""
    await poll(office, letter(1, sender="a@b.test", subject="ขอจัดบ้านเรียน"))
    wish = Wish(Result.MORE_DOCUMENTS, "สำเนาทะเบียนบ้าน")
    dispatching.enter(office, decisions.outbound(office, FIRST, wish, []))
    await polls.send(office)
    assert (clock(office)["state"], clock(office)["due_on"]) == ("standing", None)
    office.paper_clock.set(LATER)
    return sent(office, "decision")[0]


class TestDocuments:
    async def test_a_letter_with_documents_starts_the_clock_of_the_case_it_answers(self, office: PaperOffice) -> None:
        await poll(office, with_document(answer_to(await asked(office), 2, sender="a@b.test", subject="Re")))
        assert (clock(office)["state"], clock(office)["due_on"]) == ("running", DUE_LATER)
        _, started = clock(office)["history"]
        assert (started["what"], started["due_after"], started["why"]) == (
            "started",
            DUE_LATER,
            "ได้รับเอกสารตามเลขรับ ๒/๒๕๖๙",
        )
        said = text(sent(office, "referral")[-1])
        assert "ต่อเนื่องจากเลขรับ: ๑/๒๕๖๙ (กำหนดแล้วเสร็จภายในวันที่ ๓๐ ธันวาคม ๒๕๖๙)" in said

    async def test_documents_filed_with_the_case_do_too(self, tmp_path: Path) -> None:
        with builders.office(builders.config(tmp_path, referrals={}, replies={"follow_ups": "never"})) as office:
            await poll(office, with_document(answer_to(await asked(office), 2, sender="a@b.test")))
            assert clock(office)["due_on"] == DUE_LATER
            assert clock(office)["history"][1]["why"] == "ได้รับเอกสารทางไปรษณีย์อิเล็กทรอนิกส์ รายการที่ ๒"
            assert "ภายในวันที่ ๓๐ ธันวาคม ๒๕๖๙" in text(sent(office, "referral")[-1])

    async def test_documents_of_a_weekend_count_from_the_next_opening(self, office: PaperOffice) -> None:
        mail = await asked(office)
        office.paper_clock.set(LATER.replace(day=28, hour=20))  # a Saturday
        await poll(office, with_document(answer_to(mail, 2, sender="a@b.test")))
        assert clock(office)["history"][1]["at"] == "2026-11-30T08:30:00+07:00"
        assert clock(office)["due_on"] == DUE_LATER

    async def test_words_alone_leave_it_standing_and_reach_the_officer(self, office: PaperOffice) -> None:
        await poll(office, answer_to(await asked(office), 2, sender="a@b.test", body=b"when?\r\n"))
        assert clock(office)["state"] == "standing"
        assert "when?" in text(sent(office, "referral")[-1])

    async def test_an_infected_file_is_no_document(self, office: PaperOffice) -> None:
        mail = await asked(office)
        office.scanner = Viruses()
        raw = with_document(answer_to(mail, 2, sender="a@b.test")).replace(b"JVBERi0xLjQK", b"RUlDQVI=")
        await poll(office, raw)
        assert clock(office)["state"] == "standing"

    async def test_documents_without_our_token_start_nothing(self, office: PaperOffice) -> None:
        await asked(office)
        await poll(office, with_document(letter(2, sender="a@b.test", body="ตามเลขรับ ๑/๒๕๖๙\r\n".encode())))
        assert clock(office)["state"] == "standing"

    async def test_what_had_arrived_before_the_question_answers_nothing(self, office: PaperOffice) -> None:
        await poll(office, letter(1, sender="a@b.test", subject="ขอจัดบ้านเรียน"))
        answer = with_document(answer_to(sent(office, "acknowledgement")[0], 2, sender="a@b.test"))
        office.box.deliver(answer, NOW + timedelta(minutes=1))
        office.paper_clock.set(NOW + timedelta(minutes=5))
        wish = Wish(Result.MORE_DOCUMENTS, "สำเนาทะเบียนบ้าน")
        dispatching.enter(office, decisions.outbound(office, FIRST, wish, []))
        await poll(office)
        assert clock(office)["state"] == "standing"

    async def test_a_second_question_stops_it_again(self, office: PaperOffice) -> None:
        await poll(office, with_document(answer_to(await asked(office), 2, sender="a@b.test")))
        office.paper_clock.set(LATER + timedelta(days=1))
        wish = Wish(Result.MORE_DOCUMENTS, "อีกฉบับ", again=True)
        dispatching.enter(office, decisions.outbound(office, FIRST, wish, []))
        assert clock(office)["state"] == "standing"
        assert len(clock(office)["history"]) == 3

    async def test_a_letter_handed_on_while_it_stands_has_no_due_date(self, office: PaperOffice) -> None:
        mail = await asked(office)
        assert cases.assign(office, FIRST, service="homeschool")["due_on"] is None
        assert cases.assign(office, FIRST, officer="secret@example.go.th")["due_on"] is None
        assert cases.assign(office, FIRST, service="corruption")["due_on"] is None
        await poll(office, with_document(answer_to(mail, 2, sender="a@b.test")))
        assert clock(office)["due_on"] == "2026-12-15"  # its 15 days, from then on

    async def test_the_time_begins_anew_where_the_office_wants_it(self, tmp_path: Path) -> None:
        made = builders.config(tmp_path, decisions={"documents_clock": "anew"}, referrals={})
        with builders.office(made) as office:
            mail = await asked(office)
            office.paper_clock.set(NOW + timedelta(days=1))
            clocks.by_hand(office, FIRST, "start", "ผิดเรื่อง")
            assert clock(office)["due_on"] == "2026-12-24"
            clocks.by_hand(office, FIRST, "stop", "รอเอกสาร")
            office.paper_clock.set(LATER)
            await poll(office, with_document(answer_to(mail, 2, sender="a@b.test")))
            assert clock(office)["due_on"] == DUE_LATER

    async def test_nothing_starts_for_a_letter_that_is_closed(self, office: PaperOffice) -> None:
        mail = await asked(office)
        dispatching.enter(office, decisions.outbound(office, FIRST, Wish(Result.REFUSED, "ไม่ส่งเอกสาร"), []))
        await poll(office, with_document(answer_to(mail, 2, sender="a@b.test")))
        assert (clock(office)["state"], len(clock(office)["history"])) == ("ended", 1)


class TestByHand:
    async def test_stopped_and_started_with_a_reason(self, office: PaperOffice) -> None:
        await poll(office, letter(1, subject="บ้านเรียน"))
        assert (clock(office)["state"], clock(office)["days"], clock(office)["due_on"]) == ("running", 30, DUE)
        clocks.by_hand(office, FIRST, "stop", "รอเอกสารทางไปรษณีย์")
        assert (clock(office)["state"], clock(office)["due_on"]) == ("standing", None)
        office.paper_clock.set(LATER)
        clocks.by_hand(office, FIRST, "start", "ได้รับเอกสารแล้ว")
        assert (clock(office)["state"], clock(office)["due_on"]) == ("running", DUE_LATER)
        history = [(h["what"], h["due_before"], h["due_after"], h["why"]) for h in clock(office)["history"]]
        assert history == [
            ("stopped", DUE, None, "รอเอกสารทางไปรษณีย์"),
            ("started", None, DUE_LATER, "ได้รับเอกสารแล้ว"),
        ]

    @pytest.mark.parametrize(
        ("number", "verb", "reason", "said", "code"),
        [
            (1, "stop", " ", "needs a reason", 2),
            (1, "stop", "a\nb", "line break", 2),
            (1, "start", "x", "is running already", 1),
            (2, "stop", "x", "has no service time", 1),
            (3, "stop", "x", "is void", 1),
            (4, "stop", "x", "is closed", 1),
            (5, "stop", "x", "stands still already", 1),
            (9, "stop", "x", "no letter 9/2569", 1),
        ],
    )
    async def test_what_cannot_be_is_said_and_changes_nothing(
        self, office: PaperOffice, number: int, verb: clocks.Verb, reason: str, said: str, code: int
    ) -> None:
        await poll(office, *(letter(n, subject="letter" if n == 2 else "บ้านเรียน") for n in range(1, 6)))
        cases.void(office, Receipt(3, 2569), "ลงรับซ้ำ")
        cases.pass_on(office, Receipt(4, 2569), "เทศบาล")
        clocks.by_hand(office, Receipt(5, 2569), "stop", "x")
        before = office.store.chain.head()
        with pytest.raises(MailgateError, match=said) as error:
            clocks.by_hand(office, Receipt(number, 2569), verb, reason)
        assert error.value.exit_code == code
        assert office.store.chain.head() == before
