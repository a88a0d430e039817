"""What becomes of a case: handed to its officer, answered on its page, asked for more, decided on paper or by mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from mailgate.errors import MailgateError
from mailgate.jobs import decisions, dispatching, poll, sealed_answers
from mailgate.jobs.decisions import Wish
from mailgate.jobs.verify import verify
from mailgate.model import CheckReport, Receipt
from mailgate.model_dispatch import Outbound, Result, Way
from tests.builders import PaperOffice
from tests.web.test_submitting import everything
from tests.web.visitor import OFFICER, Visitor, hidden, told, website

FIRST = Receipt(1, 2569)


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    with website(tmp_path) as made:
        yield made


def answer(
    office: PaperOffice, result: Result = Result.INFORMATION, text: str = "ตรวจสอบแล้ว", **wish: object
) -> Outbound:
    out = decisions.outbound(office, FIRST, Wish(result=result, text=text, **wish), [])  # type: ignore[arg-type]
    if sealed_answers.is_needed(office, out):
        out = sealed_answers.seal(office, out, [])
    dispatching.enter(office, out)
    return out


async def test_the_officer_gets_the_encrypted_letter(visitor: Visitor) -> None:
    await visitor.send(facts="เรียกรับเงิน")
    [mail] = visitor.office.store.db.all("SELECT * FROM outbox WHERE kind = 'referral'")
    [carried] = visitor.office.store.outbox.carried(mail["id"])
    assert mail["recipient"] == OFFICER
    assert b'filename="receipt-1-2569.eml.age"' in mail["raw"]
    assert carried.sha256 == visitor.office.store.db.value("SELECT sha256 FROM letter")
    assert visitor.office.archive.read(carried.sha256).startswith(b"age-encryption.org/v1")


async def test_an_answer_is_sealed_and_shown_on_the_page_only(visitor: Visitor, tmp_path: Path) -> None:
    number, passphrase = told((await visitor.send(facts="เรียกรับเงิน")).text)
    out = answer(visitor.office, text="คำตอบลับ")
    assert (out.way, out.text) == (Way.WEBSITE, "")
    page = await visitor.open(number, passphrase)
    assert "คำตอบลับ" in page.text
    assert "ดำเนินการแล้ว" in page.text
    assert "คำตอบลับ".encode() not in everything(tmp_path)
    assert not verify(visitor.office).problems


async def test_more_is_asked_for_and_given(visitor: Visitor) -> None:
    number, passphrase = told((await visitor.send(facts="เรียกรับเงิน")).text)
    answer(visitor.office, Result.MORE_DOCUMENTS, "ขอทราบวันที่")
    page = await visitor.open(number, passphrase)
    assert "เจ้าหน้าที่ขอข้อมูลเพิ่มเติม" in page.text
    due = visitor.office.store.db.value("SELECT due_on FROM letter")
    visitor.office.paper_clock.advance(timedelta(days=3))
    added = await add(visitor, page, text="วันจันทร์", file=b"evidence")
    assert "ได้รับข้อมูลเพิ่มเติมแล้ว" in added.text
    assert due is None
    assert visitor.office.store.db.value("SELECT due_on FROM letter") is not None
    assert visitor.office.store.db.value("SELECT count(*) FROM outbox WHERE kind = 'referral'") == 2
    assert visitor.office.store.db.value("SELECT count(*) FROM letter") == 1
    assert not verify(visitor.office).problems


async def test_more_needs_the_passphrase_of_this_case(visitor: Visitor) -> None:
    page = await visitor.open(*told((await visitor.send(facts="ก")).text))
    data = {"token": hidden(page.text, "token"), "visit": "made-up", "text": "x"}
    refused = await visitor.client.post("/case/add", data=data, files=[("none", ("", b"", ""))])
    assert refused.status_code == 403
    empty = await add(visitor, page, text="")
    assert empty.status_code == 422
    assert visitor.office.store.db.value("SELECT count(*) FROM mail") == 1


async def test_an_open_case_is_answered_on_the_page_by_mail_or_on_paper(visitor: Visitor) -> None:
    number, passphrase = told((await visitor.send("transfer", facts="ขอย้าย")).text)
    await poll.read(visitor.office, CheckReport())
    out = answer(visitor.office, text="ย้ายได้")
    assert (out.way, out.text) == (Way.WEBSITE, "ย้ายได้")
    assert "ย้ายได้" in (await visitor.open(number, passphrase)).text
    for fields, way in (({"wanted": "email", "email": "a@example.com"}, Way.EMAIL),
                        ({"wanted": "paper", "postal": "1 ม.1"}, Way.PAPER)):  # fmt: skip
        receipt, _ = told((await visitor.send("transfer", facts="ขอย้าย", **fields)).text)
        number_of = Receipt(int(receipt.partition("/")[0]), 2569)
        made = decisions.outbound(visitor.office, number_of, Wish(result=Result.INFORMATION, text="x"), [])
        assert made.way is way
        assert list(made.addresses) == ([fields["email"]] if way is Way.EMAIL else [])


async def test_a_confidential_answer_goes_by_no_plain_mail(visitor: Visitor) -> None:
    await visitor.send(facts="เรียกรับเงิน", wanted="email", email="a@example.com")
    assert visitor.office.store.db.value("SELECT reply_to FROM letter") == ""
    with pytest.raises(MailgateError, match="confidential"):
        decisions.outbound(visitor.office, FIRST, Wish(result=Result.INFORMATION, text="x", paper=False), [])


async def add(visitor: Visitor, page: httpx.Response, text: str, file: bytes = b"") -> httpx.Response:
    data = {name: hidden(page.text, name) for name in ("token", "visit")} | {"text": text}
    chosen = ("files", ("x.bin", file, "")) if file else ("files", ("", b"", ""))
    return await visitor.client.post("/case/add", data=data, files=[chosen])
