"""Officers answer by e-mail: what counts waits for a second act, what does not is set aside and told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mailgate.edges import pdf
from mailgate.errors import MailgateError, UsageError
from mailgate.jobs import cases, conditions, decisions, dispatching, poll, releasing
from mailgate.jobs.decisions import Wish
from mailgate.jobs.verify import verify
from mailgate.model import Receipt, State
from mailgate.model_dispatch import Result
from tests import builders
from tests.builders import PaperOffice
from tests.jobs.letters import letter, sent, text
from tests.jobs.letters import poll as check
from tests.jobs.officers import AUTHSERV, OFFICER, PASSED, officers_mail

FIRST = Receipt(1, 2569)
MakeOffice = Callable[..., PaperOffice]


@pytest.fixture(scope="session")
def paper() -> bytes:
    return pdf.render("<p>อนุมัติตามคำขอ</p>")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakeOffice]:
    """Builds the office once, with changed tables; checks afterwards that the registry is whole."""
    made: list[PaperOffice] = []

    def build(**tables: Any) -> PaperOffice:
        changed = {"referrals": {}, "trust": {"authserv_id": AUTHSERV}} | tables
        opened = builders.office(builders.config(tmp_path, **changed))
        made.append(opened)
        return opened

    yield build
    for office in made:
        with office:
            assert verify(office).problems == []


@pytest.fixture
def office(make: MakeOffice) -> PaperOffice:
    return make()


async def referred(office: PaperOffice, subject: str = "homeschool", number: int = 1) -> EmailMessage:
    """A letter came; the mail that brought it to its officer."""
    await check(office, letter(number, subject=subject))
    return sent(office, "referral")[-1]


def items(office: PaperOffice, kind: str = "decision") -> list[Any]:
    return office.store.db.all("SELECT * FROM outbox WHERE kind = ? ORDER BY id", (kind,))


def release(office: PaperOffice, item: int, paper: bool | None = None) -> Receipt:
    """As ``mailgate outbox release`` does it."""
    row = releasing.proposal(office, item)
    assert row is not None
    return releasing.release(office, row, releasing.outbound(office, row, paper), "clerk")


def why(office: PaperOffice) -> list[str]:
    """Why mails of officers were set aside."""
    rows = office.store.db.all("SELECT why FROM proposal WHERE state = 'set aside' ORDER BY mail_id")
    return [row["why"] for row in rows]


def suspicions(office: PaperOffice) -> list[str]:
    rows = office.store.db.all("SELECT why FROM suspicion ORDER BY mail_id")
    return [row["why"] for row in rows]


def nothing_went_out(office: PaperOffice) -> bool:
    """No decision was planned, numbered or sent."""
    return not items(office) and not sent(office, "decision") and not office.store.dispatches.listed()


class TestProposal:
    async def test_the_officer_is_told_how(self, office: PaperOffice) -> None:
        said = text(await referred(office))
        assert "\r\n  ผล: อนุมัติ\r\n" in said
        assert "งานสารบรรณกลางจะตรวจสอบและอนุญาตก่อน" in said
        assert "ผล: อนุมัติ" not in text(await referred(office, "แจ้งการทุจริต", 2))

    async def test_it_waits_for_the_clerk_who_gets_it_with_its_pdf(self, office: PaperOffice, paper: bytes) -> None:
        mail = await referred(office)
        answer = officers_mail(mail, "ผล: อนุมัติ\nให้เริ่มได้ตั้งแต่ภาคเรียนหน้า\n\nลงชื่อ เจ้าหน้าที่", pdf=paper)
        await check(office, answer)
        [planned] = items(office)
        assert (planned["state"], planned["raw"], planned["dispatch_id"]) == ("held", b"", None)
        assert planned["recipient"] == "citizen1@b1.test"
        [notice] = sent(office, "notice")
        assert notice["To"] == "clerk@example.go.th"
        said = text(notice)
        assert f"mailgate outbox release {planned['id']}" in said
        assert "ผล: อนุมัติ" in said
        assert "ให้เริ่มได้ตั้งแต่ภาคเรียนหน้า" in said
        assert "ลงชื่อ" not in said
        [file] = notice.iter_attachments()
        assert file.get_content() == paper
        assert not sent(office, "decision")
        assert office.store.dispatches.listed() == []

    async def test_the_clerk_releases_it_and_it_goes_out_under_its_number(
        self, office: PaperOffice, paper: bytes
    ) -> None:
        mail = await referred(office)
        await check(office, officers_mail(mail, "ผล: ไม่อนุมัติ\nเอกสารไม่ครบ", pdf=paper))
        [planned] = items(office)
        assert str(release(office, planned["id"])) == "1/2569"
        await poll.send(office)
        [decision] = sent(office, "decision")
        assert decision["Message-ID"] == planned["message_id"]
        assert "ไม่อนุมัติ" in text(decision)
        assert "เอกสารไม่ครบ" in text(decision)
        [file] = decision.iter_attachments()
        assert file.get_content() == paper
        row = office.store.reports.letter(FIRST)
        assert row
        assert row["state"] == "closed"
        assert row["action"].startswith("ไม่อนุมัติ ที่ ๑")
        [outcome] = [n for n in sent(office, "notice") if n["To"] == OFFICER]
        assert "ได้รับอนุญาตให้ส่งแล้ว" in text(outcome)
        dispatch = office.store.dispatches.get(Receipt(1, 2569))
        assert dispatch
        assert dispatch["decided_by"] == "นางสาวตัวอย่าง ใจดี"
        with pytest.raises(MailgateError, match="sent already"):
            releasing.proposal(office, planned["id"])

    async def test_it_is_sent_back_with_a_reason_and_may_be_proposed_again(
        self, office: PaperOffice, paper: bytes
    ) -> None:
        mail = await referred(office)
        await check(office, officers_mail(mail, "ผล: อนุมัติ", pdf=paper))
        row = releasing.proposal(office, items(office)[0]["id"])
        assert row is not None
        with pytest.raises(UsageError, match="with a reason"):
            releasing.reject(office, row, " ")
        releasing.reject(office, row, "ลงวันที่ผิด")
        await poll.send(office)
        again = sent(office, "referral")[-1]
        assert "ลงวันที่ผิด" in text(again)
        await check(office, officers_mail(again, "ผล: อนุมัติ", pdf=paper, number=101))
        first, second = items(office)
        assert (first["state"], second["state"]) == ("cancelled", "held")
        release(office, second["id"])
        assert office.store.dispatches.listed()[0]["number"] == 1

    async def test_more_documents_need_no_pdf(self, office: PaperOffice) -> None:
        mail = await referred(office)
        await check(office, officers_mail(mail, "ขอเอกสารเพิ่ม: สำเนาทะเบียนบ้าน"))
        release(office, items(office)[0]["id"])
        await poll.send(office)
        assert "สำเนาทะเบียนบ้าน" in text(sent(office, "decision")[0])
        row = office.store.reports.letter(FIRST)
        assert row
        assert (row["state"], row["due_on"]) == ("open", None)

    async def test_on_paper_nothing_is_mailed(self, office: PaperOffice, paper: bytes) -> None:
        mail = await referred(office)
        await check(office, officers_mail(mail, "ผล: อนุมัติ\nส่งเป็นเอกสาร", pdf=paper))
        given = release(office, items(office)[0]["id"])
        dispatch = office.store.dispatches.get(given)
        assert dispatch
        assert (dispatch["way"], dispatch["action"]) == ("paper", "ส่งเป็นเอกสาร")
        assert items(office)[0]["state"] == "cancelled"
        await poll.send(office)
        assert not sent(office, "decision")

    async def test_the_clerk_may_choose_paper(self, office: PaperOffice, paper: bytes) -> None:
        await check(office, officers_mail(await referred(office), "ผล: อนุมัติ", pdf=paper))
        dispatch = office.store.dispatches.get(release(office, items(office)[0]["id"], paper=True))
        assert dispatch
        assert dispatch["way"] == "paper"

    async def test_it_ends_when_the_letter_is_answered_otherwise(self, office: PaperOffice, paper: bytes) -> None:
        await check(office, officers_mail(await referred(office), "ผล: อนุมัติ", pdf=paper))
        out = decisions.outbound(office, FIRST, Wish(Result.INFORMATION, "แจ้งแล้ว"), [])
        dispatching.enter(office, out)
        assert [i["state"] for i in items(office)] == ["cancelled", "queued"]
        await poll.send(office)
        assert "แจ้งผลแก่ผู้ส่งหนังสือแล้ว ที่ ๑" in text(sent(office, "referral")[-1])

    async def test_it_ends_when_the_letter_is_void(self, office: PaperOffice, paper: bytes) -> None:
        await check(office, officers_mail(await referred(office), "ผล: อนุมัติ", pdf=paper))
        cases.void(office, FIRST, "ซ้ำ")
        assert items(office)[0]["state"] == "cancelled"

    async def test_a_planned_mail_cannot_be_let_go_without_its_number(self, office: PaperOffice, paper: bytes) -> None:
        await check(office, officers_mail(await referred(office), "ผล: อนุมัติ", pdf=paper))
        [planned] = items(office)
        with pytest.raises(MailgateError, match="not written yet"):
            office.store.outbox.by_hand(planned["id"], "release", builders.NOW)


SET_ASIDE = [
    ("ผล: อนุมัติ", {"results": ""}, "DMARC", 1),
    ("ผล: อนุมัติ", {"results": PASSED.replace("pass", "fail")}, "DMARC", 1),
    ("ผล: อนุมัติ", {"results": PASSED.replace(AUTHSERV, "mx.evil.test")}, "DMARC", 1),
    ("ผล: อนุมัติ", {"results": PASSED.replace("header.from=example.go.th", "header.from=evil.test")}, "DMARC", 1),
    ("ได้รับแล้ว กำลังดำเนินการ", {}, "บรรทัดแรก", 0),
    ("ผล: อนุมัตินะครับ", {}, "บรรทัดแรก", 0),
    ("ผล: อนุมัติ", {"pdf": b""}, "ไม่มีไฟล์ PDF", 0),
    ("ผล: อนุมัติ", {"pdf": b"%PDF-1.7 broken"}, "เสียหาย", 0),
    ("ส่งต่อ:", {"pdf": b""}, "ไม่มีข้อความ", 0),
]


@pytest.mark.parametrize(("words", "changed", "reason", "alarms"), SET_ASIDE)
async def test_what_does_not_count_is_set_aside_and_the_officer_is_told(
    office: PaperOffice, paper: bytes, words: str, changed: dict[str, Any], reason: str, alarms: int
) -> None:
    mail = await referred(office)
    for number in (100, 101):  # told once a day, however often it is tried
        await check(office, officers_mail(mail, words, number=number, **({"pdf": paper} | changed)))
    assert nothing_went_out(office)
    assert len(why(office)) == 2
    assert all(reason in said for said in why(office))
    told = [m for m in sent(office, "notice") + sent(office, "referral")[1:] if m["To"] == OFFICER]
    assert len(told) == 1
    assert reason in text(told[0])
    assert len(suspicions(office)) == 2 * alarms


async def test_a_token_counts_once(office: PaperOffice, paper: bytes) -> None:
    mail = await referred(office)
    await check(office, officers_mail(mail, "ผล: อนุมัติ", pdf=paper))
    row = releasing.proposal(office, items(office)[0]["id"])
    assert row is not None
    releasing.reject(office, row, "ผิด")
    await check(office, officers_mail(mail, "ผล: ไม่อนุมัติ", pdf=paper, number=101))
    assert why(office) == ["รหัสตอบกลับนี้ใช้ไปแล้ว"]
    assert [i["state"] for i in items(office)] == ["cancelled"]
    assert suspicions(office) == []  # it is the officer's own mail


async def test_a_second_proposal_waits_for_the_first(office: PaperOffice, paper: bytes) -> None:
    mail = await referred(office)
    await check(office, officers_mail(mail, "ผล: อนุมัติ", pdf=paper))
    await check(office, officers_mail(mail, "ผล: ไม่อนุมัติ", pdf=paper, number=101))
    assert why(office) == ["เรื่องนี้มีข้อเสนอที่รอการอนุญาตให้ส่งอยู่แล้ว"]


async def test_an_old_token_is_no_good(office: PaperOffice, paper: bytes) -> None:
    mail = await referred(office)
    office.paper_clock.advance(timedelta(days=181))
    await check(office, officers_mail(mail, "ผล: อนุมัติ", pdf=paper))
    assert why(office) == ["รหัสตอบกลับหมดอายุแล้ว"]
    fresh = sent(office, "referral")[-1]  # what tells the officer so may be answered instead
    await check(office, officers_mail(fresh, "ผล: อนุมัติ", pdf=paper, number=101))
    assert [i["state"] for i in items(office)] == ["held"]


async def test_only_who_is_responsible_now(make: MakeOffice, paper: bytes) -> None:
    office = make()
    mail = await referred(office)
    cases.assign(office, FIRST, officer="clerk@example.go.th")
    await check(office, officers_mail(mail, "ผล: อนุมัติ", pdf=paper))
    assert why(office) == ["ท่านมิได้เป็นเจ้าหน้าที่ผู้รับผิดชอบเรื่องนี้แล้ว"]


async def test_nothing_confidential_by_mail(office: PaperOffice, paper: bytes) -> None:
    mail = await referred(office, "แจ้งการทุจริต")
    assert mail["To"] == "secret@example.go.th"
    await check(office, officers_mail(mail, "ผล: อนุมัติ", sender="secret@example.go.th", pdf=paper))
    assert "เป็นเรื่องปกปิด" in why(office)[0]
    assert nothing_went_out(office)


async def test_it_can_be_switched_off(make: MakeOffice, paper: bytes) -> None:
    office = make(decisions={"by_mail": False})
    await check(office, officers_mail(await referred(office), "ผล: อนุมัติ", pdf=paper))
    assert "มิได้เปิดให้เสนอ" in why(office)[0]
    assert nothing_went_out(office)


async def test_an_answer_to_another_mail_of_ours_is_told_too(office: PaperOffice, paper: bytes) -> None:
    await referred(office)
    acknowledgement = sent(office, "acknowledgement")[0]
    await check(office, officers_mail(acknowledgement, "ผล: อนุมัติ", pdf=paper))
    assert nothing_went_out(office)
    assert [n["To"] for n in sent(office, "notice")] == [OFFICER]


async def test_an_officer_without_token_is_told_how(office: PaperOffice, paper: bytes) -> None:
    await referred(office)
    await check(office, officers_mail(None, "ผล: อนุมัติ", pdf=paper))
    assert nothing_went_out(office)
    [told] = [n for n in sent(office, "notice") if n["To"] == OFFICER]
    assert "ไม่มีรหัสตอบกลับ" in text(told).replace("จึง", "")


class TestCode:
    @pytest.fixture
    def office(self, make: MakeOffice) -> PaperOffice:
        return make(decisions={"release": "code"})

    @staticmethod
    def code(mail: EmailMessage) -> str:
        found = re.search(r"รหัส: (\S+)", text(mail))
        assert found
        return found[1]

    async def test_it_releases_what_was_proposed(self, office: PaperOffice, paper: bytes) -> None:
        await check(office, officers_mail(await referred(office), "ผล: อนุมัติ", pdf=paper))
        [mail] = sent(office, "code")
        assert mail["To"] == OFFICER
        assert not [n for n in sent(office, "notice") if n["To"] == "clerk@example.go.th"]
        await check(office, officers_mail(mail, f"รหัส: {self.code(mail).lower()}", number=101))
        await poll.send(office)
        [decision] = sent(office, "decision")
        assert decision["To"] == "citizen1@b1.test"
        await check(office, officers_mail(mail, f"รหัส: {self.code(mail)}", number=102))  # a second time does nothing
        await poll.send(office)
        assert len(sent(office, "decision")) == 1

    @pytest.mark.parametrize("spoof", [{"results": ""}, {"sender": "clerk@example.go.th"}, {"sender": "a@evil.test"}])
    async def test_only_from_the_officer(self, office: PaperOffice, paper: bytes, spoof: dict[str, str]) -> None:
        await check(office, officers_mail(await referred(office), "ผล: อนุมัติ", pdf=paper))
        [mail] = sent(office, "code")
        await check(office, officers_mail(mail, f"รหัส: {self.code(mail)}", number=101, **spoof))
        await poll.send(office)
        assert not sent(office, "decision")
        assert len(suspicions(office)) == 1

    async def test_few_tries(self, office: PaperOffice, paper: bytes) -> None:
        await check(office, officers_mail(await referred(office), "ผล: อนุมัติ", pdf=paper))
        [mail] = sent(office, "code")
        for n in range(5):
            await check(office, officers_mail(mail, "รหัส: AAAAA-AAAAA", number=101 + n))
        await check(office, officers_mail(mail, f"รหัส: {self.code(mail)}", number=110))
        await poll.send(office)
        assert not sent(office, "decision")
        release(office, items(office)[0]["id"])  # the clerk still may
        await poll.send(office)
        assert len(sent(office, "decision")) == 1

    async def test_it_expires(self, office: PaperOffice, paper: bytes) -> None:
        await check(office, officers_mail(await referred(office), "ผล: อนุมัติ", pdf=paper))
        [mail] = sent(office, "code")
        office.paper_clock.advance(timedelta(hours=25))
        await check(office, officers_mail(mail, f"รหัส: {self.code(mail)}", number=101))
        await poll.send(office)
        assert not sent(office, "decision")
        assert "หมดอายุ" in text([n for n in sent(office, "notice") if n["To"] == OFFICER][-1])


async def test_forgeries_raise_one_alarm_a_letter(office: PaperOffice, paper: bytes) -> None:
    mail = await referred(office)
    for n in range(3):
        await check(office, officers_mail(mail, "ผล: อนุมัติ", sender="a@evil.test", pdf=paper, number=100 + n))
    found = list(conditions._forgeries(office, office.clock.now(), {}))
    assert [c.key for c in found] == ["forgery:2026-11-23:1/2569"]
    assert len(office.store.db.all("SELECT 1 FROM event WHERE kind = 'forgery'")) == 3
    office.paper_clock.advance(timedelta(hours=25))
    assert list(conditions._forgeries(office, office.clock.now(), {})) == []


async def test_a_decision_that_does_not_arrive_comes_back(office: PaperOffice, paper: bytes) -> None:
    await check(office, officers_mail(await referred(office), "ผล: อนุมัติ", pdf=paper))
    item = items(office)[0]["id"]
    release(office, item)
    with office.store.db.immediate("test"):
        office.store.db.sql.execute("UPDATE outbox SET state = 'trying', attempts = 1 WHERE id = ?", (item,))
    office.store.outbox.interrupted(office.clock.now())
    await poll.send(office)
    told = [n for n in sent(office, "notice") if "ส่งไม่ถึง" in n["Subject"]]
    assert sorted(n["To"] for n in told) == ["clerk@example.go.th", OFFICER]
    assert f"mailgate outbox resolve {item} --sent" in text(told[0])
    assert not poll.is_to_send(office)  # once
    office.store.outbox.by_hand(item, "resolve as sent", office.clock.now())
    assert items(office)[0]["state"] == State.ACCEPTED
