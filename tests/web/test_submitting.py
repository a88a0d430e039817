"""From form to register: numbered, sealed, told once; and what is wrong is told kindly, with nothing half done."""

from __future__ import annotations

import io
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from mailgate.edges import sealing
from mailgate.errors import MailgateError
from mailgate.jobs.verify import verify
from tests.web.visitor import Visitor, told, website

FACTS = "ผู้อำนวยการเรียกรับเงินค่าอาหารกลางวัน"
PICTURE = ("files", ("หลักฐาน ๑.bin", b"\x00evidence\xff" * 999, "application/octet-stream"))


def everything(folder: Path) -> bytes:
    """All bytes of all files."""
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    with website(tmp_path) as made:
        yield made


async def test_a_complaint_gets_a_number_and_only_the_officer_can_read_it(visitor: Visitor, tmp_path: Path) -> None:
    page = await visitor.send(facts=FACTS, name="สมหญิง ลับสุด", files=[PICTURE])
    assert page.status_code == 200
    receipt, passphrase = told(page.text)
    assert (receipt, len(passphrase)) == ("1/2569", 29)
    [letter] = visitor.office.store.db.all("SELECT * FROM letter")
    assert (letter["channel"], letter["sealed"], letter["confidential"]) == ("website", 1, 1)
    assert letter["subject"] == letter["from_name"] == letter["from_address"] == ""
    plain = io.BytesIO()
    with visitor.office.archive.path(letter["sha256"]).open("rb") as file:
        sealing.unseal(file, plain, [visitor.pair.private])
    message = message_from_bytes(plain.getvalue(), policy=policy.default)
    assert FACTS in message.get_body().get_content()
    [evidence] = message.iter_attachments()
    assert evidence.get_filename() == "หลักฐาน ๑.bin"
    assert evidence.get_payload(decode=True) == PICTURE[1][1]
    assert not verify(visitor.office).problems
    stored = everything(tmp_path)
    for secret in (FACTS, "สมหญิง", "หลักฐาน", passphrase.replace("-", ""), passphrase):
        assert secret.encode() not in stored


async def test_an_open_service_is_read_and_handed_on_like_a_mail(visitor: Visitor) -> None:
    page = await visitor.send("transfer", facts="ขอย้ายไปโรงเรียนใกล้บ้าน", subject="ขอย้าย", name="นายมี ชื่อ",
                              wanted="email", email="mee@example.com")  # fmt: skip
    assert told(page.text)[0] == "1/2569"
    [letter] = visitor.office.store.db.all("SELECT * FROM letter")
    assert (letter["subject"], letter["from_name"], letter["reply_to"]) == ("ขอย้าย", "นายมี ชื่อ", "mee@example.com")
    assert letter["sealed"] == 0
    assert visitor.office.store.readings.waiting(5)
    assert not visitor.office.store.db.all("SELECT * FROM outbox WHERE kind = 'acknowledgement'")
    assert not verify(visitor.office).problems


async def test_the_same_form_sent_twice_is_one_case(visitor: Visitor) -> None:
    token = await visitor.form()
    first = await visitor.send(token=token, facts=FACTS)
    second = await visitor.send(token=token, facts=FACTS)
    assert told(first.text) == told(second.text)
    assert visitor.office.store.db.value("SELECT count(*) FROM letter") == 1


async def test_case_opens_with_thai_digits_and_spaces_and_with_nothing_else(visitor: Visitor) -> None:
    receipt, passphrase = told((await visitor.send(facts=FACTS)).text)
    thai = passphrase.replace("-", " ").translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    page = await visitor.open("๑/๒๕๖๙", thai)
    assert page.status_code == 200
    assert "อยู่ระหว่างดำเนินการ" in page.text
    assert FACTS not in page.text  # the office cannot show what it cannot read
    wrong = await visitor.open(receipt, "0" * 24)
    unknown = await visitor.open("99/2569", passphrase)
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.count("เลขรับหรือรหัสผ่านไม่ถูกต้อง") == unknown.text.count("เลขรับหรือรหัสผ่านไม่ถูกต้อง") == 1


async def test_guessing_ends_after_ten(visitor: Visitor) -> None:
    receipt, passphrase = told((await visitor.send(facts=FACTS)).text)
    for n in range(10):
        assert (await visitor.open(receipt, f"{n:024}")).status_code == 403
    page = await visitor.open(receipt, passphrase)
    assert "หนึ่งชั่วโมง" in page.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "โปรดกรอกช่องนี้"),
        ({"facts": "ก" * 20_001}, "ข้อความยาวเกินไป"),
        ({"facts": "ก", "wanted": "email", "email": "nobody"}, "ไปรษณีย์อิเล็กทรอนิกส์ไม่ถูกต้อง"),
        ({"facts": "ก", "wanted": "paper"}, "โปรดกรอกช่องนี้"),
        ({"facts": "ก", "website": "http://spam.example"}, "เว้นช่องนี้ว่าง"),
    ],
)
async def test_what_is_to_be_mended_is_said_and_the_text_stays(
    visitor: Visitor, fields: dict[str, str], said: str
) -> None:
    page = await visitor.send(**fields, place="หน้าอาคาร")
    assert page.status_code == 422
    assert said in page.text
    assert 'value="หน้าอาคาร"' in page.text
    assert not visitor.office.store.db.value("SELECT count(*) FROM letter")


async def test_a_form_of_another_browser_or_site_is_not_taken(visitor: Visitor) -> None:
    token = await visitor.form()
    visitor.client.cookies.clear()
    assert (await visitor.send(token=token, facts=FACTS)).status_code == 403
    assert (await visitor.send(token="made up", facts=FACTS)).status_code == 403
    visitor.client.headers["sec-fetch-site"] = "cross-site"
    assert (await visitor.send(facts=FACTS)).status_code == 403
    assert not visitor.office.store.db.value("SELECT count(*) FROM letter")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("files", (f"{n}.txt", b"x", "text/plain")) for n in range(1000)], "แนบไฟล์มากเกินกำหนด"),
        ([("files", ("big.bin", b"\0" * 1_500_000, ""))], "มีไฟล์ใหญ่เกินกำหนด"),
        ([("files", (f"{n}.bin", b"\0" * 900_000, "")) for n in range(4)], "ไฟล์รวมกันใหญ่เกินกำหนด"),
    ],
    ids=["a thousand files", "one too large", "too much together"],
)
async def test_too_much_is_told_and_nothing_is_kept(tmp_path: Path, files: list[object], said: str) -> None:
    with website(tmp_path, website={"max_file": 1_000_000, "max_total": 3_000_000}) as visitor:
        page = await visitor.send(facts=FACTS, files=files)
        assert page.status_code == 413
        assert said in page.text
        assert not visitor.office.store.db.value("SELECT count(*) FROM letter")
        assert not list((tmp_path / "archive/incoming").iterdir())


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="facts"\r\n\r\ncut'),
        ("multipart/form-data; boundary=x", b"nothing like it"),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=" + "x" * 500, b""),
        ("application/json", b"{}"),
    ],
)
async def test_a_broken_form_gets_a_page(visitor: Visitor, kind: str, body: bytes) -> None:
    page = await visitor.client.post("/form/corruption", content=body, headers={"content-type": kind})
    assert page.status_code == 400
    assert "ไม่ครบถ้วน" in page.text


async def test_a_registry_that_cannot_be_written_is_told_and_the_form_can_be_sent_again(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await visitor.form()

    def full(*_: object) -> None:
        raise MailgateError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(visitor.office.archive, "keep", full)
        page = await visitor.send(token=token, facts=FACTS)
    assert page.status_code == 503
    assert "ยังไม่ได้รับเรื่อง" in page.text
    assert told((await visitor.send(token=token, facts=FACTS)).text)[0] == "1/2569"


async def test_one_visitor_cannot_fill_the_register(tmp_path: Path) -> None:
    with website(tmp_path, website={"per_visitor_hour": 2}) as visitor:
        for _ in range(2):
            assert (await visitor.send(facts=FACTS)).status_code == 200
        page = await visitor.send(facts=FACTS)
        assert page.status_code == 429
        assert page.headers["retry-after"]


async def test_pages_load_nothing_from_elsewhere_and_set_no_other_cookie(visitor: Visitor) -> None:
    for path in ("/", "/form/corruption", "/case", "/en/", "/en/form/transfer", "/en/case", "/nothing"):
        page = await visitor.client.get(path)
        assert "script" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert all("src=" not in part and "http" not in part.split('"')[0] for part in page.text.split('href="')[1:])
    cookie = (await visitor.client.get("/case")).headers["set-cookie"]
    assert cookie.startswith("form=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
