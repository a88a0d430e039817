"""Letters are found by what stands in them and in the register; confidential ones only by who asks, which is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core import thai
from mailgate.core.grams import grams, words
from mailgate.jobs import cases, indexing, searching
from mailgate.jobs.verify import verify
from mailgate.model import Receipt
from mailgate.model_search import Wanted
from tests import builders
from tests.builders import NOW, PaperOffice
from tests.jobs.letters import answer_to, letter, sent, with_document
from tests.jobs.letters import poll as check

THAI = "กขคงจฉชซดตถทธนบปผพมยรลวสหอะาิีึืุูเแโใไ่้๊๋์ำ"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path)) as opened:
        yield opened
        assert verify(opened).problems == []


def find(office: PaperOffice, text: str = "", newest: int | None = None, **narrowed: Any) -> list[str]:
    """The receipts of what is found."""
    wanted = Wanted(today=office.clock.now().date(), words=words(text), **narrowed)
    ids = searching.found(office, wanted, newest, "ผู้ตรวจสอบ")
    return [d["receipt"] for page in searching.pages(office, ids) for d in page]


async def test_words_are_found_in_subject_sender_text_and_names_of_files(office: PaperOffice) -> None:
    first = letter(1, sender="สมหญิง <ying@b.test>", subject="ขอใช้สนามหญ้า", body="ด้วยชุมชนบ้านหนองบัวจะจัดกีฬา".encode())
    await check(office, first, with_document(letter(2, subject="Transfer"), "แผนที่-Map.pdf"))
    for text in ("สนามหญ้า", "ying@b", "หนองบัว", "บ้านหนองบัวจะ", "สนาม ying", '"ชุมชนบ้าน"'):
        assert find(office, text) == ["1/2569"], text
    for text in ("TRANSFER", "transf", "map.pdf", "แผนที่", "แผ transfer"):
        assert find(office, text) == ["2/2569"], text
    assert find(office, "สนาม transfer") == []


@pytest.mark.parametrize("text", ["ขอ", "ก", "ด้", "สน", "1", "ใช", "กี"])
async def test_one_or_two_characters_are_found_though_an_index_of_trigrams_is_silent(
    office: PaperOffice, text: str
) -> None:
    await check(
        office, letter(1, subject="ขอใช้สนาม 1 วัน", body="ด้วยจะจัดกีฬา".encode()), letter(2, subject="xyz", body=b"q")
    )
    assert find(office, text) == (["1/2569"])


async def test_spellings_that_look_alike_are_one(office: PaperOffice) -> None:
    await check(office, letter(1, subject="ขอน้ำดื่ม ปี ๒๕๖๙ เเละอาหาร"))
    for text in ("นํ้า", "น้ำดื่ม", "2569", "๒๕๖๙", "และ"):
        assert find(office, text) == ["1/2569"], text


async def test_what_looks_like_an_operator_is_a_word(office: PaperOffice) -> None:
    await check(office, letter(1, subject='a"b OR NEAR(x) * AND -c ^d: {e} 123/2569'))
    for text in ("NEAR(x)", "OR", "123/2569", "^d:", "{e}", "*", "-c", "AND"):
        assert find(office, text) == ["1/2569"], text
    assert find(office, "NOT") == []


async def test_a_mail_filed_with_a_letter_leads_to_it(office: PaperOffice) -> None:
    await check(office, letter(1), letter(2))
    office.paper_clock.advance(timedelta(hours=2))
    await check(
        office, answer_to(sent(office, "acknowledgement")[0], 3, sender="citizen1@b1.test", body="ส่งสำเนาเพิ่ม".encode())
    )
    assert find(office, "สำเนาเพิ่ม") == ["1/2569"]


async def test_confidential_letters_are_found_only_by_who_asks_and_that_is_an_event(office: PaperOffice) -> None:
    await check(office, letter(1, subject="ร้องเรียนทุจริต อาหารกลางวัน"), letter(2, subject="เมนูอาหารกลางวัน"))
    assert find(office, "อาหารกลางวัน") == ["2/2569"]
    assert find(office, "อา") == ["2/2569"]
    before = office.store.chain.head()[0]
    assert find(office, "อาหารกลางวัน", confidential=True) == ["1/2569", "2/2569"]
    [event] = list(office.store.chain.events(before))
    assert event["kind"] == "confidential searched"
    assert json.loads(event["payload"]) == {"by": "ผู้ตรวจสอบ", "found": 2, "words": 1}
    assert find(office, "อาหารกลางวัน", newest=1) == ["2/2569"]


async def test_a_letter_that_becomes_confidential_is_not_found_any_more(office: PaperOffice) -> None:
    await check(office, letter(1, subject="หัวข้อแคนารี่"))
    with office.store.db.immediate("test"):
        office.store.cases.restrict(1, NOW)
    assert find(office, "แคนารี่") == []


async def test_lists_are_narrowed_by_year_days_service_officer_and_state(office: PaperOffice) -> None:
    await check(office, letter(1, subject="homeschool"), letter(2, subject="ขอใช้สนาม"))
    office.paper_clock.set(NOW + timedelta(days=60))
    await check(office, letter(3, subject="homeschool"))
    cases.void(office, Receipt(2, 2569), "ลงผิด")
    office.store.db.sql.execute("UPDATE letter SET due_on = '2027-01-20' WHERE id = 1")
    assert find(office) == ["1/2569", "2/2569", "1/2570"]
    assert find(office, newest=2) == ["2/2569", "1/2570"]
    assert find(office, year=2569) == ["1/2569", "2/2569"]
    assert find(office, year=2500) == []
    assert find(office, service="homeschool") == ["1/2569", "1/2570"]
    assert find(office, officer="ตัวอย่าง") == ["1/2569", "1/2570"]
    assert find(office, officer="OFFICER@example.go.th") == ["1/2569", "1/2570"]
    assert find(office, officer="ไม่มี") == []
    assert find(office, state="void") == ["2/2569"]
    assert find(office, state="open") == ["1/2569", "1/2570"]
    assert find(office, state="overdue") == ["1/2569"]
    day = datetime(2026, 11, 23, tzinfo=builders.ZONE)
    assert find(office, since=day, before=day + timedelta(days=1)) == ["1/2569", "2/2569"]
    assert find(office, since=day + timedelta(days=1)) == ["1/2570"]
    assert find(office, before=day) == []
    assert find(office, "homeschool", since=day + timedelta(days=1)) == ["1/2570"]
    assert find(office, "ho", year=2569) == ["1/2569"]


async def test_letters_of_an_earlier_version_are_indexed_when_it_is_opened(office: PaperOffice) -> None:
    await check(office, letter(1, subject="เรื่องเก่า"))
    assert find(office, "เรื่องเก่า") == ["1/2569"]
    assert not office.store.search.waiting(1)
    assert indexing.step(office) is False


@given(
    st.lists(st.text(st.sampled_from(THAI + "aB1 /\u0e00\u0301ß🙂"), min_size=1, max_size=30), min_size=1, max_size=4)
)
def test_every_piece_of_a_text_is_among_its_grams(texts: list[str]) -> None:
    folded = [thai.fold(t) for t in texts]
    found = set(grams(folded).split(" "))
    for text in folded:
        for n in range(len(text)):
            for piece in (text[n], text[n : n + 2]):
                assert " " in piece or piece.isspace() or piece in found


@given(st.text(st.sampled_from(THAI + 'ab1 /"*:^'), min_size=1, max_size=40), st.data())
def test_the_index_finds_what_a_plain_look_finds(office_once: PaperOffice, text: str, data: st.DataObject) -> None:
    """Whatever stands in a text is found by any piece of it, of whatever length."""
    folded = thai.fold(text)
    if not folded:
        return
    store = office_once.store
    start = data.draw(st.integers(0, len(folded) - 1))
    piece = folded[start : start + data.draw(st.integers(1, 6))].strip()
    if not piece:
        return
    number = int(store.db.value("SELECT coalesce(max(rowid), 0) FROM grams")) + 1
    with store.db.immediate("test"):
        store.db.sql.execute("INSERT INTO found (rowid, text) VALUES (?, ?)", (number, folded))
        store.db.sql.execute("INSERT INTO grams (rowid, gram) VALUES (?, ?)", (number, grams([folded])))
    found = [row[0] for cursor in store.search._cursors((piece,), (0, number)) for row in cursor]
    assert number in found


@pytest.fixture(scope="module")
def office_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path_factory.mktemp("search"))) as opened:
        yield opened
