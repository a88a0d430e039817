"""How a citizen wants the answer: heard in the letter, noted by a person, shown to the officer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailgate.errors import MailgateError, UsageError
from mailgate.jobs import cases, views, wishes
from mailgate.jobs.verify import verify
from mailgate.jobs.wishes import Wished
from mailgate.model import Receipt
from tests import builders
from tests.builders import PaperOffice
from tests.jobs.letters import answer_to, letter, poll, sent, text

FIRST = Receipt(1, 2569)
ASKS = "เรียน ผู้อำนวยการ\r\nขอรับผลการพิจารณาทางไปรษณีย์\r\n".encode()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path, referrals={})) as made:
        yield made
        assert verify(made).problems == []


def shown(office: PaperOffice, receipt: Receipt = FIRST) -> dict[str, Any]:
    row = office.store.reports.letter(receipt)
    assert row is not None
    return views.letter(row, builders.ZONE)


class TestHeard:
    async def test_words_that_ask_for_paper_are_a_proposal_that_the_officer_sees(self, office: PaperOffice) -> None:
        await poll(office, letter(1, subject="บ้านเรียน", body=ASKS), letter(2, subject="บ้านเรียน"))
        assert (shown(office)["paper"], shown(office, Receipt(2, 2569))["paper"]) == ("proposed", "")
        said = [text(mail) for mail in sent(office, "referral")]
        assert ["ผู้ส่งอาจประสงค์ขอรับคำตอบเป็นเอกสาร โปรดตรวจสอบ" in words for words in said] == [True, False]

    async def test_the_subject_line_may_say_it(self, office: PaperOffice) -> None:
        await poll(office, letter(1, subject="ขอรับผลทางไปรษณีย์"))
        assert shown(office)["paper"] == "proposed"

    async def test_a_quotation_of_our_own_mail_asks_for_nothing(self, office: PaperOffice) -> None:
        await poll(office, letter(1))
        quoted = "".join(f"> {line}\r\n" for line in text(sent(office, "acknowledgement")[0]).splitlines())
        await poll(office, letter(2, body=f"ขอบคุณ\r\n\r\n{quoted}".encode()))
        assert shown(office, Receipt(2, 2569))["paper"] == ""

    async def test_a_later_mail_of_the_citizen_may_say_it(self, office: PaperOffice) -> None:
        await poll(office, letter(1, sender="a@b.test"))
        await poll(office, answer_to(sent(office, "acknowledgement")[0], 2, sender="a@b.test", body=ASKS))
        assert shown(office)["paper"] == "proposed"
        assert "อาจประสงค์" in text(sent(office, "referral")[1])

    async def test_what_a_person_decided_stands(self, office: PaperOffice) -> None:
        await poll(office, letter(1, sender="a@b.test"))
        wishes.note(office, FIRST, Wished(paper=False))
        await poll(office, answer_to(sent(office, "acknowledgement")[0], 2, sender="a@b.test", body=ASKS))
        assert shown(office)["paper"] == "no"

    async def test_the_clerk_learns_nothing_of_a_confidential_letter_by_it(self, tmp_path: Path) -> None:
        services = builders.tables()["services"]
        services[1]["officers"] = []
        with builders.office(builders.config(tmp_path, referrals={}, services=services)) as office:
            await poll(office, letter(1, subject="ทุจริต", body=ASKS))
            assert shown(office)["paper"] == "proposed"
            assert "ประสงค์" not in text(sent(office, "referral")[0])


class TestByHand:
    async def test_a_wish_alone_is_noted_and_nobody_is_written_to(self, office: PaperOffice) -> None:
        await poll(office, letter(1))
        before = office.store.reports.outbox_counts()
        cases.assign(office, FIRST, wished=Wished(paper=True, postal_address="1 ถนนตัวอย่าง\nกรุงเทพฯ 10200"))
        assert (shown(office)["paper"], shown(office)["postal_address"]) == ("yes", "1 ถนนตัวอย่าง\nกรุงเทพฯ 10200")
        assert office.store.reports.outbox_counts() == before
        cases.assign(office, FIRST, wished=Wished(paper=False))
        assert (shown(office)["paper"], shown(office)["postal_address"]) == ("no", "1 ถนนตัวอย่าง\nกรุงเทพฯ 10200")

    async def test_the_same_wish_again_is_no_change(self, office: PaperOffice) -> None:
        await poll(office, letter(1))
        wish = Wished(paper=True, postal_address="1", confidential=True)
        wishes.note(office, FIRST, wish)
        before = office.store.chain.head()
        wishes.note(office, FIRST, wish)
        wishes.note(office, FIRST, Wished(postal_address="1"))
        assert office.store.chain.head() == before

    async def test_with_an_officer_both_are_done_and_the_mail_says_so(self, office: PaperOffice) -> None:
        await poll(office, letter(1))
        row = cases.assign(office, FIRST, service="homeschool", wished=Wished(paper=True))
        assert (row["officer"], row["paper"]) == ("นางสาวตัวอย่าง ใจดี", "yes")
        await poll(office)
        assert "ผู้ส่งขอรับคำตอบเป็นเอกสาร" in text(sent(office, "referral")[1])

    async def test_a_letter_made_confidential_is_masked_from_then_on(self, office: PaperOffice) -> None:
        await poll(office, letter(1, subject="canary", sender="canary@b.test"))
        cases.assign(office, FIRST, wished=Wished(confidential=True, postal_address="canary 1"))
        assert "canary" not in json.dumps(shown(office), ensure_ascii=False)
        cases.assign(office, FIRST, service="homeschool")
        assert shown(office)["confidential"] is True
        kinds = [event["kind"] for event in office.store.reports.events_of(1)]
        assert {"restricted", "paper"} <= set(kinds)

    @pytest.mark.parametrize(
        ("wished", "error", "said"),
        [
            (Wished(paper=False, postal_address="1"), UsageError, "goes with --paper"),
            (Wished(postal_address=" \n "), UsageError, "needs an address"),
            (Wished(postal_address="1\x1b[31m"), UsageError, "control character"),
            (Wished(postal_address="1" * 20_001), UsageError, "at most"),
        ],
    )
    async def test_what_cannot_be_meant_is_said_and_changes_nothing(
        self, office: PaperOffice, wished: Wished, error: type[Exception], said: str
    ) -> None:
        await poll(office, letter(1))
        before = office.store.chain.head()
        for more in ({}, {"officer": "officer@example.go.th"}):
            with pytest.raises(error, match=said):
                cases.assign(office, FIRST, wished=wished, **more)
        assert office.store.chain.head() == before

    async def test_a_void_or_missing_letter_has_no_wish(self, office: PaperOffice) -> None:
        await poll(office, letter(1))
        cases.void(office, FIRST, "ลงรับซ้ำ")
        for receipt, said in ((FIRST, "is void"), (Receipt(9, 2569), "no letter")):
            with pytest.raises(MailgateError, match=said) as error:
                wishes.note(office, receipt, Wished(paper=True))
            assert error.value.exit_code == 1
