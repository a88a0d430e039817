"""Pages that are printed: a letter on paper with its address page, and the proof of service, as they can be read."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailgate.edges import pdf
from mailgate.jobs import dispatch_entry, dispatching, poll, printing, proof
from mailgate.model import Outcome, Receipt, Verdict
from mailgate.model_dispatch import Result
from mailgate.model_reading import Delivery, Recipient
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.letters import letter
from tests.jobs.letters import poll as check
from tests.jobs.test_decisions import FIRST, decide

OFFICE = "สำนักงานเขตพื้นที่การศึกษาประถมศึกษาตัวอย่าง เขต ๑"
ADDRESS = "๑๒ หมู่ ๓ ตำบลบางพลี\nอำเภอบางพลี จังหวัดสมุทรปราการ\n๑๐๕๔๐"
LONG_NAME = "คณะกรรมการบริหารศูนย์การเรียนรู้โดยครอบครัวและชุมชนแห่งอำเภอพระประแดงจังหวัดสมุทรปราการ"
LONG_ADDRESS = (
    "เลขที่ ๑๒๓/๔๕๖ หมู่บ้านพระปิ่นเกล้าวิลล่าการ์เด้นโฮม โครงการ ๒ ซอยบรมราชชนนี ๗๘/๑ แยก ๑๒\n"
    "ถนนบรมราชชนนี แขวงอรุณอมรินทร์\nเขตบางกอกน้อย กรุงเทพมหานคร\n๑๐๗๐๐"
)
WINDOW = (20.0, 50.0, 110.0, 88.0)  # mm from the sheet's corner: behind the window of a DL envelope
_MARKS = re.compile(r"[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\s]")
_WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>')


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    tables = builders.tables()["office"] | {"letter_code": "ศธ ๐๔๐๕๙", "name": OFFICE, "phone": "๐ ๒๑๒๓ ๔๕๖๗"}
    with builders.office(builders.config(tmp_path, office=tables)) as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf.render("<body style='font-family: Laksaman'><p>คำสั่งที่หนึ่ง</p></body>"))
    return path


def bare(text: str) -> str:
    """Without what poppler puts somewhere else: marks above and below a letter, and spaces."""
    return _MARKS.sub("", text.replace("\u0e33", "\u0e32"))


def said(path: Path, *options: str) -> str:
    """The bare text of the pages."""
    done = subprocess.run(["pdftotext", *options, str(path), "-"], capture_output=True, text=True, check=True)
    return bare(done.stdout)


def boxes(path: Path, page: int) -> list[tuple[float, float, float, float, str]]:
    """The words of a page and where they stand, in mm."""
    command = ["pdftotext", "-bbox", "-f", str(page), "-l", str(page), str(path), "-"]
    found = _WORD.findall(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return [(*(float(n) * 25.4 / 72 for n in numbers), word) for *numbers, word in found]  # type: ignore[misc]


async def on_paper(office: PaperOffice, out: Path, *files: Path, **wish: Any) -> Path:
    await check(office, letter(1, subject="homeschool"))
    return printing.printed(office, decide(office, FIRST, *files, paper=True, **wish), out)


@pytest.mark.parametrize(("name", "address"), [("นายสมชาย ใจดี", ADDRESS), (LONG_NAME, LONG_ADDRESS)])
async def test_the_addressee_stands_in_the_window_of_an_envelope(
    office: PaperOffice, tmp_path: Path, name: str, address: str
) -> None:
    path = await on_paper(office, tmp_path / "p.pdf", text="x", addressee=name, postal_address=address)
    words = boxes(path, 1)
    left, top, right, bottom = WINDOW
    inside = [w for w in words if w[1] >= top]
    assert bare("".join(w[4] for w in inside)).startswith("เรยน")
    assert all(left <= w[0] and w[2] <= right and w[3] <= bottom for w in inside)
    assert max(w[3] for w in words if w not in inside) < top - 5  # who sends it does not show
    assert inside[-1][4] == address.splitlines()[-1]


async def test_the_letter_has_what_an_official_letter_has(office: PaperOffice, tmp_path: Path, file: Path) -> None:
    path = await on_paper(
        office, tmp_path / "p.pdf", file, file, addressee="นายสมชาย ใจดี", postal_address=ADDRESS,
        text="ข้อหนึ่ง\nข้อสอง", subject="แจ้งผลการพิจารณาการขออนุญาตจัดการศึกษาขั้นพื้นฐานโดยครอบครัว " * 3,
    )  # fmt: skip
    text = said(path, "-f", "2", "-l", "2")
    order = ["ที่ศธ๐๔๐๕๙/๑", "๒๓พฤศจิกายน๒๕๖๙", "เรื่อง", "เรียน", "สิ่งที่ส่งมาด้วย", "เลขรับ๑/๒๕๖๙", "อนุมัติ",
             "ข้อสอง", "จึงเรียนมาเพื่อโปรดทราบ", "ขอแสดงความนับถือ", "ตำแหน่ง", "โทร."]  # fmt: skip
    assert [word for word in order if bare(word) not in text] == []
    assert sorted(order, key=lambda word: text.index(bare(word))) == order
    for page in (1, 2):
        assert all(w[0] >= 20 and w[2] <= 192 and w[3] <= 280 for w in boxes(path, page))
    assert said(path, "-f", "3").count(bare("คำสั่งที่หนึ่ง")) == 2


async def test_a_long_text_goes_on_and_is_not_signed_alone(office: PaperOffice, tmp_path: Path) -> None:
    path = await on_paper(office, tmp_path / "p.pdf", text="เอกสารไม่ครบถ้วน " * 120, result=Result.REFUSED)
    text = said(path)
    assert text.count(bare("เอกสารไม่ครบถ้วน")) == 120
    last = said(path, "-f", "3")
    assert bare("จึงเรียนมาเพื่อโปรดทราบ") in last
    assert bare("ขอแสดงความนับถือ") in last


def test_a_word_with_sara_am_is_not_broken(tmp_path: Path) -> None:
    words = "สำนักงาน ประจำปี กระทำ แนะนำ ดำเนินการ จำนวน อำนวย สำหรับ น้ำ".split()
    path = tmp_path / "p.pdf"
    page = "<body><div style='font: 16pt Laksaman; width: {}mm'>{}</div></body>"
    for width in range(25, 60, 5):
        path.write_bytes(pdf.render(page.format(width, "ระยะเวลา" + "และได้".join(words))))
        done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True)
        lines = [bare(line) for line in done.stdout.splitlines()]
        # But those that the dictionary itself takes for two.
        for word in set(words) - {"ประจำปี", "ดำเนินการ", "น้ำ"}:
            assert any(bare(word) in line for line in lines), (width, word)
        assert max(w[2] for w in boxes(path, 1)) < width + 30  # nothing runs over the edge


def proven(office: PaperOffice, given: Receipt, folder: Path) -> tuple[dict[str, Any], str]:
    """The proof of a dispatch, and the words of its PDF."""
    document = proof.document(office, dispatching.existing(office, given))
    proof.write_pdf(office, document, folder / "proof.pdf")
    return json.loads(json.dumps(document)), said(folder / "proof.pdf")


ENDS = [
    (Outcome(Verdict.ACCEPTED, "dot", 250, "2.0.0 queued as 4F"), "accepted", "เครื่องปลายทางรับไว้แล้ว"),
    (Outcome(Verdict.REFUSED, "rcpt", 550, "5.1.1 unknown user"), "refused", "เครื่องปลายทางปฏิเสธ"),
    (Outcome(Verdict.UNSURE, "dot", 0, "connection lost"), "unsure", "ไม่ทราบผลแน่ชัด"),
    (Outcome(Verdict.LATER, "rcpt", 451, "4.7.1 greylisted"), "queued", "ขอให้ส่งใหม่ภายหลัง"),
]


@pytest.mark.parametrize(("outcome", "state", "words"), ENDS, ids=[e[1] for e in ENDS])
async def test_proof_of_what_became_of_a_mail(
    office: PaperOffice, tmp_path: Path, file: Path, outcome: Outcome, state: str, words: str
) -> None:
    await check(office, letter(1, subject="homeschool"))
    given = decide(office, FIRST, file)
    office.paper_courier.script = [outcome]
    await poll.send(office)
    document, text = proven(office, given, tmp_path)
    [mail] = document["mails"]
    assert (mail["state"], document["delivery"]) == (state, state)
    assert (mail["sha256"], len(mail["sha256"])) == (mail["sha256_now"], 64)
    assert [(a["verdict"], a["code"], a["text"]) for a in mail["attempts"]] == [
        (outcome.verdict, outcome.code, outcome.text)
    ]
    assert (mail["envelope_id"], document["letter"], document["result"]) == (mail["envelope_id"], "1/2569", "approved")
    assert [e["kind"] for e in document["events"]] == ["dispatched"]
    for shown in (words, outcome.text, mail["sha256"], document["files"][0]["sha256"], document["chain"]["head"],
                  "citizen1@b1.test", "๑/๒๕๖๙", "ลงทะเบียนส่ง"):  # fmt: skip
        assert bare(shown) in text


async def test_proof_after_the_report_of_the_last_server(office: PaperOffice, tmp_path: Path) -> None:
    await check(office, letter(1))
    given = decide(office, FIRST, text="x")
    await poll.send(office)
    item = office.store.dispatches.mails(1)[0]["id"]
    with office.store.db.immediate("reported"):
        report = Recipient("citizen1@b1.test", Delivery.DELIVERED, "2.1.5", "delivered to mailbox")
        office.store.outbox.reported(item, 1, report, NOW)
    document, text = proven(office, given, tmp_path)
    assert document["delivery"] == "delivered"
    assert [(r["action"], r["status"]) for r in document["mails"][0]["reports"]] == [("delivered", "2.1.5")]
    assert bare("ส่งถึงตู้ไปรษณีย์ของผู้รับแล้ว") in text
    assert "deliveredtomailbox" in text


async def test_proof_of_what_is_void_posted_or_changed(office: PaperOffice, tmp_path: Path, file: Path) -> None:
    await check(office, letter(1), letter(2), letter(3))
    one = decide(office, Receipt(1, 2569), text="x")
    dispatch_entry.void(office, one, "พิมพ์ผิด")
    document, text = proven(office, one, tmp_path)
    assert (document["state"], document["delivery"]) == ("void", "void")
    assert document["mails"][0]["attempts"] == []
    assert [e["kind"] for e in document["events"]] == ["dispatched", "dispatch void"]
    assert bare("ยกเลิก:พิมพ์ผิด") in text

    two = decide(office, Receipt(2, 2569), text="x", paper=True)
    dispatch_entry.posted(office, two, NOW.date(), "EX123456789TH")
    document, text = proven(office, two, tmp_path)
    assert (document["delivery"], document["mails"]) == ("posted", [])
    assert "EX123456789TH" in text

    three = decide(office, Receipt(3, 2569), file)
    office.attachments.path(office.store.dispatches.files(3)[0].sha256).write_bytes(b"changed")
    document, text = proven(office, three, tmp_path)
    assert "have been changed" in document["mails"][0]["sha256_now"]
    assert bare("ไม่ตรงกับข้อความที่เก็บไว้") in text
