"""Where letters go: follow-ups, officers, agencies, reports on our mails, and what a person does by hand."""

from __future__ import annotations

import asyncio
import base64
import email
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailgate.edges.parser_cell import PaperCell
from mailgate.edges.store.readings import MOST_ENDED
from mailgate.errors import ArchiveError, MailgateError, Unreadable
from mailgate.jobs import cases, views
from mailgate.jobs.verify import verify
from mailgate.model import Kind, Receipt
from mailgate.model_reading import Delivery, Reading, Recipient, Report
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.letters import answer_to, letter, poll, sent, text, with_document

FIRST = Receipt(1, 2569)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path, referrals={})) as made:
        yield made
        assert verify(made).problems == []


def rows(office: PaperOffice) -> list[dict[str, Any]]:
    return [views.letter(row, builders.ZONE) for row in office.store.reports.letters()]


class TestReferrals:
    async def test_the_officer_gets_the_letter_with_the_original(self, office: PaperOffice) -> None:
        raw = with_document(letter(1, subject="homeschool request", extra=("X-Test: 1",)))
        await poll(office, raw)
        [mail] = sent(office, "referral")
        assert mail["To"] == "officer@example.go.th"
        assert mail["Auto-Submitted"] == "auto-generated"
        said = text(mail)
        assert "๑/๒๕๖๙" in said
        assert "homeschool request" in said
        assert "a.pdf" in said
        assert "๒๓ ธันวาคม ๒๕๖๙" in said
        original = next(mail.iter_attachments())
        assert original.get_content_type() == "message/rfc822"
        assert raw in b"".join(a.raw for a in office.paper_courier.delivered)

    async def test_a_letter_in_8_bit_thai_goes_untouched_too(self, office: PaperOffice) -> None:
        raw = letter(1, body="ข้อความดิบ ๘ บิต\r\n".encode("cp874"))
        await poll(office, raw)
        [mail] = sent(office, "referral")
        assert next(mail.iter_attachments())["Content-Transfer-Encoding"] == "8bit"
        assert raw in b"".join(a.raw for a in office.paper_courier.delivered)

    @pytest.mark.parametrize("body", [b"bare\nline\r\n", b"\0\r\n", b"x" * 999 + b"\r\n", b"a\rb\r\n"])
    async def test_a_letter_that_cannot_go_untouched_goes_as_a_file(self, office: PaperOffice, body: bytes) -> None:
        raw = letter(1, body=body)
        await poll(office, raw)
        [mail] = sent(office, "referral")
        [original] = list(mail.iter_attachments())
        assert original.get_content_type() == "application/octet-stream"
        assert original.get_content() == raw

    async def test_what_has_no_officer_goes_to_the_clerk(self, office: PaperOffice) -> None:
        await poll(office, letter(1))
        assert [m["To"] for m in sent(office, "referral")] == ["clerk@example.go.th"]

    async def test_a_large_letter_is_named_not_attached(self, tmp_path: Path) -> None:
        with builders.office(builders.config(tmp_path, referrals={"attach_up_to": 100})) as office:
            await poll(office, letter(1, body=b"x" * 200 + b"\r\n"))
            [mail] = sent(office, "referral")
            assert list(mail.iter_attachments()) == []
            assert "มิได้แนบ" in text(mail)

    async def test_a_confidential_letter_shows_nothing_in_the_header(self, office: PaperOffice) -> None:
        await poll(office, letter(1, subject="ร้องเรียนทุจริต canary"))
        [mail] = sent(office, "referral")
        assert mail["To"] == "secret@example.go.th"
        assert "canary" not in str(mail["Subject"])
        assert "canary" in text(mail)
        assert "canary" not in json.dumps(rows(office), ensure_ascii=False)

    async def test_a_complaint_shown_by_its_text_only_is_restricted_from_then_on(self, office: PaperOffice) -> None:
        await poll(office, letter(1, subject="เรียนสอบถาม", body="พบการทุจริตในโครงการ\r\n".encode()))
        assert [m["To"] for m in sent(office, "referral")] == ["secret@example.go.th"]
        assert (rows(office)[0]["confidential"], rows(office)[0]["subject"]) == (True, views.MASK)

    async def test_a_confidential_service_without_officers_tells_the_clerk_the_number_only(
        self, tmp_path: Path
    ) -> None:
        services = builders.tables()["services"]
        services[1]["officers"] = []
        with builders.office(builders.config(tmp_path, referrals={}, services=services)) as office:
            raw = with_document(
                letter(1, sender="canary@b.test", subject="ทุจริต canary", body=b"canary\r\n"), "canary.pdf"
            )
            await poll(office, raw)
            [mail] = sent(office, "referral")
            assert mail["To"] == "clerk@example.go.th"
            assert "๑/๒๕๖๙" in text(mail)
            assert "canary" not in mail.as_string() + text(mail)
            cases.assign(office, FIRST, officer="officer@example.go.th")
            await poll(office)
            assert "canary" in text(sent(office, "referral")[1])

    async def test_a_letter_without_a_subject_gets_a_summary(self, office: PaperOffice) -> None:
        raw = builders.raw_mail("From: a@b.test", f"To: {builders.OFFICE}", body="ขอใบรับรอง\r\n".encode())
        await poll(office, raw)
        assert rows(office)[0]["summary"] == "ขอใบรับรอง"
        assert "ขอใบรับรอง" in str(sent(office, "referral")[0]["Subject"])

    async def test_a_number_quoted_in_the_text_is_a_remark(self, office: PaperOffice) -> None:
        await poll(office, letter(1), letter(2, body="ตามเลขรับ ๑/๒๕๖๙ และ 77/2569\r\n".encode()))
        assert "อาจเกี่ยวกับเลขรับ 1/2569" in rows(office)[1]["remarks"]
        assert "77" not in rows(office)[1]["remarks"]

    async def test_nothing_is_referred_twice_after_a_crash(self, office: PaperOffice) -> None:
        await poll(office, letter(1))
        await poll(office)
        assert len(sent(office, "referral")) == 1


class TestFollowUps:
    async def first(self, office: PaperOffice) -> Any:
        await poll(office, letter(1, sender="a@b.test", subject="ขอจัดบ้านเรียน"))
        return sent(office, "acknowledgement")[0]

    async def test_words_alone_are_filed_with_the_case_and_shown_to_its_officer(self, office: PaperOffice) -> None:
        report = await poll(office, answer_to(await self.first(office), 2, sender="a@b.test", body=b"thanks\r\n"))
        assert (report.registered, report.follow_ups, report.balance) == (0, 1, 0)
        assert [m["To"] for m in sent(office, "referral")] == ["officer@example.go.th"] * 2
        assert len(sent(office, "acknowledgement")) == 1
        assert "ข้อความเพิ่มเติม" in str(sent(office, "referral")[1]["Subject"])

    async def test_documents_make_a_letter_of_their_own_that_is_linked(self, office: PaperOffice) -> None:
        await poll(office, with_document(answer_to(await self.first(office), 2, sender="a@b.test", subject="Re")))
        assert rows(office)[1]["follows"] == "1/2569"
        assert rows(office)[1]["service"] == "homeschool"
        assert len(sent(office, "acknowledgement")) == 2

    async def test_a_forged_token_threads_nothing(self, office: PaperOffice) -> None:
        first = await self.first(office)
        forged = first["Message-ID"][:-20] + "aaaa" + first["Message-ID"][-16:]
        await poll(office, letter(2, extra=(f"In-Reply-To: {forged}",)))
        assert rows(office)[1]["follows"] is None

    @pytest.mark.parametrize("where", ["address", "subject"])
    async def test_the_token_may_stand_elsewhere_where_configured(self, tmp_path: Path, where: str) -> None:
        made = builders.config(tmp_path, replies={"token_in": [where]})
        with builders.office(made) as office:
            first = await self.first(office)
            to = str(first["Reply-To"] or builders.OFFICE).strip("<>")
            raw = letter(2, sender="a@b.test", subject=f"Re: {first['Subject']}" if where == "subject" else "Re")
            report = await poll(office, raw.replace(f"To: {builders.OFFICE}".encode(), f"To: {to}".encode()))
            assert report.follow_ups == 1

    async def test_the_token_elsewhere_is_nothing_where_it_is_not_configured(self, office: PaperOffice) -> None:
        first = await self.first(office)
        tag = first["Message-ID"].removeprefix("<r.").partition("@")[0]
        assert (await poll(office, letter(2, subject=f"[{tag}]"))).registered == 1

    async def test_a_follow_up_of_a_confidential_letter_is_masked(self, office: PaperOffice) -> None:
        await poll(office, letter(1, sender="a@b.test", subject="ทุจริต"))
        raw = answer_to(sent(office, "acknowledgement")[0], 2, sender="canary@b.test", subject="canary")
        await poll(office, raw)
        shown = [views.mail(row, builders.ZONE) for row in office.store.reports.mails_since(NOW)]
        assert "canary" not in json.dumps(shown)


class TestOfficers:
    async def referral(self, office: PaperOffice) -> Any:
        await poll(office, letter(1, subject="ขอจัดบ้านเรียน"))
        return sent(office, "referral")[0]

    async def test_an_officers_answer_is_filed_with_the_case_and_goes_nowhere(self, office: PaperOffice) -> None:
        mail = await self.referral(office)
        report = await poll(office, answer_to(mail, 2, sender="officer@example.go.th", body=b"done\r\n"))
        assert (report.registered, report.follow_ups) == (0, 1)
        assert len(office.paper_courier.delivered) == 2
        row = office.store.reports.mail(2)
        assert row
        assert (row["kind"], row["number"]) == (Kind.OFFICER, 1)

    async def test_an_officers_token_from_another_address_is_a_letter_without_answer(self, office: PaperOffice) -> None:
        report = await poll(office, answer_to(await self.referral(office), 2, sender="evil@b.test"))
        assert (report.registered, len(sent(office, "acknowledgement"))) == (1, 1)
        assert rows(office)[1]["answer_rule"] == "officer-token-stranger"

    async def test_an_officers_address_without_a_token_is_a_letter_without_answer(self, office: PaperOffice) -> None:
        report = await poll(office, letter(2, sender="officer@example.go.th"))
        assert (report.registered, sent(office, "acknowledgement")) == (1, [])


class TestByHand:
    async def test_a_mail_that_looked_automatic_becomes_a_letter_with_all_that_goes_with_it(
        self, office: PaperOffice
    ) -> None:
        marks = ("List-Id: <a.moe.go.th>", "List-Unsubscribe: <mailto:a@moe.go.th>", "Precedence: bulk")
        spam = ("X-Spam-Flag: YES",)
        await poll(office, letter(1, extra=spam), letter(2, subject="ขอจัดบ้านเรียน", extra=marks))
        registered = [m["id"] for m in office.store.reports.mails_since(NOW) if m["fate"] != "registered"]
        assert registered
        given = cases.register(office, registered[0], answer=True)
        await poll(office)
        letters = rows(office)
        assert letters[-1]["receipt"] == str(given)
        assert len(sent(office, "referral")) == len(letters)
        assert office.store.reports.mail(registered[0])["fate"] == "registered"  # type: ignore[index]
        with pytest.raises(MailgateError, match="already"):
            cases.register(office, registered[0], answer=True)

    async def test_a_letter_is_assigned_to_a_service_and_its_officer_gets_it(self, office: PaperOffice) -> None:
        await poll(office, letter(1))
        row = cases.assign(office, FIRST, service="homeschool")
        assert (row["officer"], row["due_on"]) == ("นางสาวตัวอย่าง ใจดี", "2026-12-23")
        await poll(office)
        assert [m["To"] for m in sent(office, "referral")] == ["clerk@example.go.th", "officer@example.go.th"]

    async def test_a_letter_once_restricted_stays_so(self, office: PaperOffice) -> None:
        await poll(office, letter(1, subject="ทุจริต"))
        assert cases.assign(office, FIRST, service="homeschool")["confidential"] == 1

    async def test_a_letter_is_assigned_to_one_officer(self, office: PaperOffice) -> None:
        await poll(office, letter(1))
        assert cases.assign(office, FIRST, officer="officer@example.go.th")["officer"] == "นางสาวตัวอย่าง ใจดี"

    async def test_what_is_not_ours_is_told_with_the_agencys_name(self, office: PaperOffice) -> None:
        await poll(office, letter(1, sender="a@b.test"))
        cases.pass_on(office, FIRST, "เทศบาลเมืองตัวอย่าง")
        await poll(office)
        [mail] = sent(office, "transfer")
        assert mail["To"] == "a@b.test"
        assert "เทศบาลเมืองตัวอย่าง" in text(mail)
        assert mail["Auto-Submitted"] is None
        assert (rows(office)[0]["state"], "เทศบาล" in rows(office)[0]["action"]) == ("closed", True)

    async def test_what_was_not_answered_cannot_be_told(self, office: PaperOffice) -> None:
        await poll(office, letter(1, extra=("Precedence: bulk",)))
        with pytest.raises(MailgateError, match="no address to answer"):
            cases.pass_on(office, FIRST, "เทศบาล")

    async def test_a_void_letter_keeps_its_number_and_its_reason(self, office: PaperOffice) -> None:
        await poll(office, letter(1), letter(2))
        cases.void(office, FIRST, "ลงรับซ้ำ")
        await poll(office, letter(3))
        assert [(d["number"], d["state"]) for d in rows(office)] == [(1, "void"), (2, "open"), (3, "open")]
        assert rows(office)[0]["action"] == "ยกเลิก: ลงรับซ้ำ"
        with pytest.raises(MailgateError, match="void"):
            cases.assign(office, FIRST, service="homeschool")

    @pytest.mark.parametrize(
        ("act", "said"),
        [
            (lambda o: cases.register(o, 99, answer=True), "no mail 99"),
            (lambda o: cases.assign(o, Receipt(9, 2569), service="homeschool"), "no letter 9/2569"),
            (lambda o: cases.assign(o, FIRST, service="nothing"), "no service 'nothing'"),
            (lambda o: cases.assign(o, FIRST, officer="x@y.test"), "no officer"),
            (lambda o: cases.assign(o, FIRST), "say to whom"),
            (lambda o: cases.pass_on(o, FIRST, " "), "one line"),
            (lambda o: cases.pass_on(o, FIRST, "a\nb"), "one line"),
            (lambda o: cases.void(o, FIRST, ""), "reason"),
        ],
    )
    async def test_what_cannot_be_done_is_said_and_changes_nothing(
        self, office: PaperOffice, act: Any, said: str
    ) -> None:
        await poll(office, letter(1))
        before = office.store.chain.head()
        with pytest.raises(MailgateError, match=said):
            act(office)
        assert office.store.chain.head() == before


class TestRules:
    def config(self, folder: Path, **rule: Any) -> Any:
        return builders.config(folder, rules=[{"name": "ระบบกระทรวง", "sender": "@moe.test"} | rule])

    async def test_a_system_that_looks_automatic_is_registered_and_answered(self, tmp_path: Path) -> None:
        with builders.office(self.config(tmp_path, service="homeschool")) as office:
            raw = letter(1, sender="a@moe.test", extra=("Precedence: bulk", "List-Unsubscribe: <mailto:x@moe.test>"))
            report = await poll(office, raw)
            assert (report.registered, report.acknowledged) == (1, 1)
            assert rows(office)[0]["service"] == "homeschool"

    async def test_a_rule_may_forbid_the_answer_or_the_number(self, tmp_path: Path) -> None:
        with builders.office(self.config(tmp_path / "a", answer=False)) as office:
            assert (await poll(office, letter(1, sender="a@moe.test"))).acknowledged == 0
            assert rows(office)[0]["answer_reason"] == "ตามกฎของสำนักงาน: ระบบกระทรวง"
        with builders.office(self.config(tmp_path / "b", treat_as="journal")) as office:
            assert (await poll(office, letter(1, sender="a@moe.test"))).automatic == 1


class TestReports:
    async def reported(self, office: PaperOffice, action: Delivery, **named: Any) -> str:
        """The state of the acknowledgement after a report with this in it."""
        report = Report(action, True, **({"envelope_id": "", "message_ids": (), "recipients": ()} | named))
        office.cell = lambda: PaperCell(lambda raw, into: Reading("", 0, "", report=report))
        await poll(office, builders.raw_mail("Return-Path: <>", "From: MAILER-DAEMON@b.test", "Subject: Undelivered"))
        return str(office.store.outbox.get(1)["state"])

    async def acknowledged(self, office: PaperOffice) -> Any:
        await poll(office, letter(1, sender="a@b.test"))
        return office.paper_courier.delivered[0]

    async def test_a_failure_with_our_envelope_id_marks_the_reply_bounced(self, office: PaperOffice) -> None:
        envid = (await self.acknowledged(office)).envid
        recipient = Recipient("a@b.test", Delivery.FAILED, "5.1.1", "no such user")
        state = await self.reported(office, Delivery.FAILED, envelope_id=envid, recipients=(recipient,))
        assert state == "bounced"
        assert dict(office.store.db.one("SELECT * FROM delivery"))["status"] == "5.1.1"  # type: ignore[arg-type]

    async def test_a_message_id_of_ours_does_too_and_a_success_is_noted(self, office: PaperOffice) -> None:
        await self.acknowledged(office)
        message_id = sent(office, "acknowledgement")[0]["Message-ID"]
        assert await self.reported(office, Delivery.DELIVERED, message_ids=(message_id,)) == "delivered"

    async def test_a_delay_changes_nothing(self, office: PaperOffice) -> None:
        envid = (await self.acknowledged(office)).envid
        assert await self.reported(office, Delivery.DELAYED, envelope_id=envid) == "accepted"

    @pytest.mark.parametrize(
        "envid", ["1.aaaaaaaaaaaaaaaaaaaaaaaaaa", "1", "x.y", "", "9" * 30 + ".a", "1." + "é" * 26]
    )
    async def test_a_forged_report_says_nothing(self, office: PaperOffice, envid: str) -> None:
        await self.acknowledged(office)
        assert await self.reported(office, Delivery.FAILED, envelope_id=envid) == "accepted"


class TestUnreadable:
    async def test_a_letter_that_kills_the_reader_goes_to_the_clerk_after_two_tries(self, office: PaperOffice) -> None:
        tries = []

        def read(raw: Path, into: Path) -> Reading:
            tries.append(raw)
            if b"poison" in raw.read_bytes():
                raise Unreadable("the reader was killed")
            return Reading("", 0, "")

        office.cell = lambda: PaperCell(read)
        report = await poll(office, letter(1, body=b"poison\r\n"), letter(2))
        assert (report.registered, report.acknowledged, report.unreadable, report.read) == (2, 2, 1, 1)
        for _ in range(3):
            await poll(office)
        assert len(tries) == 3
        said = [text(m) for m in sent(office, "referral")]
        assert sum("the reader was killed" in t for t in said) == 1

    @pytest.mark.parametrize(("ended", "unreadable"), [(MOST_ENDED - 1, 0), (MOST_ENDED, 1)])
    async def test_the_program_may_be_ended_at_a_letter_a_few_times(
        self, office: PaperOffice, ended: int, unreadable: int
    ) -> None:
        good, office.cell = office.cell, lambda: PaperCell(_full)
        await poll(office, letter(1))
        for _ in range(ended):  # what a program leaves that is killed while it reads
            office.store.readings.begin([row["id"] for row in office.store.readings.waiting(1)])
        office.cell = good
        assert (await poll(office)).unreadable == unreadable
        assert any("the program was ended" in text(m) for m in sent(office, "referral")) == bool(unreadable)

    async def test_the_disks_fault_does_not_count_as_a_try(self, office: PaperOffice) -> None:
        good, office.cell = office.cell, lambda: PaperCell(_full)
        for _ in range(3):
            report = await poll(office, *([letter(1)] if not rows(office) else []))
            assert any("wait to be read" in p for p in report.problems)
        office.cell = good
        assert (await poll(office)).read == 1


def _full(raw: Path, into: Path) -> Reading:
    raise ArchiveError("the disk is full")


class Viruses:
    """A scanner that finds a virus in what holds its name."""

    async def scan(self, path: Path) -> str:
        return "Eicar" if b"EICAR" in await asyncio.to_thread(path.read_bytes) else ""


async def test_an_infected_attachment_is_quarantined_and_the_letter_keeps_its_number(office: PaperOffice) -> None:
    office.scanner = Viruses()
    infected = base64.b64encode(b"EICAR")
    raw = with_document(letter(1)).replace(b"JVBERi0xLjQK", infected)
    await poll(office, raw)
    assert len(rows(office)) == 1
    [file] = office.store.readings.attachments(1)
    assert (file["virus"], "infected" in file["flags"]) == ("Eicar", True)
    [mail] = sent(office, "referral")
    assert list(mail.iter_attachments()) == []
    assert b"EICAR" not in mail.as_bytes()
    assert infected not in email.message_from_bytes(mail.as_bytes()).as_bytes()
