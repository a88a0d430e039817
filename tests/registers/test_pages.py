"""The form as it is printed and shown: what can be read, copied and searched, on every page of it."""

from __future__ import annotations

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from mailgate.edges import pdf
from mailgate.jobs import register_pages, registers
from tests.builders import NOW, PaperOffice
from tests.registers.conftest import CANARY, LONG, REASON, many, register, whole, written

# Words whose marks the fonts swap or draw together, and others with the same marks.
HARD = "ผู้ดูแล หน้า ปู่ กุ้ง สัตว์ พันธุ์ ผู้รู้ น้ำ อำนวย ตั้ง ที่นี้"


def text(path: Path, *options: str) -> str:
    """What is copied out of it; poppler gives SARA AM as NIKHAHIT and SARA AA."""
    done = subprocess.run(["pdftotext", "-raw", *options, str(path), "-"], capture_output=True, text=True, check=True)
    return re.sub("\u0e4d([\u0e48-\u0e4b]?)\u0e32", "\\1\u0e33", done.stdout)


def told(path: Path, name: str) -> str:
    done = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True)
    return next(line.partition(":")[2].strip() for line in done.stdout.splitlines() if line.startswith(f"{name}:"))


def test_the_form_in_thai(filled: PaperOffice, tmp_path: Path) -> None:
    path = written(filled, tmp_path / "r.pdf")
    assert told(path, "Page size") == "841.89 x 595.276 pts (A4)"
    shown = text(path)
    for words in (
        "ทะเบียนหนังสือรับ ประจำปี พ.ศ. ๒๕๖๙",
        "สำนักงานตัวอย่าง",
        "วันที่ ๒๓ เดือน พฤศจิกายน พ.ศ. ๒๕๖๙",
        "วันที่ ๒๔ เดือน พฤศจิกายน พ.ศ. ๒๕๖๙",
        "การปฏิบัติ",
        "หน้า ๑ จาก ๑",
        "จัดทำโดยระบบอัตโนมัติ",
    ):
        assert words in shown
    assert "ยกเลิก" in shown
    assert CANARY.lower() not in shown.lower()


def test_fonts_are_embedded(filled: PaperOffice, tmp_path: Path) -> None:
    path = written(filled, tmp_path / "r.pdf")
    fonts = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert all("Laksaman" in line for line in fonts)
    assert all(line.split()[-5] == "yes" for line in fonts)


def test_every_page_has_the_columns_and_its_number(office: PaperOffice, tmp_path: Path) -> None:
    many(office, 60)
    path = written(office, tmp_path / "r.pdf")
    pages = int(told(path, "Pages"))
    assert pages > 1
    for n in range(1, pages + 1):
        page = text(path, "-f", str(n), "-l", str(n))
        assert "ลงวันที่" in page
        assert f"หน้า {thai(n)} จาก {thai(pages)}" in page


def test_a_long_register_is_made_in_parts_with_pages_counted_through(
    office: PaperOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_pages, "PART", 10)
    monkeypatch.setattr(register_pages, "_LONGEST", 20)
    many(office, 45, days=5)
    path = written(office, tmp_path / "r.pdf")
    shown = [text(path, "-f", str(n), "-l", str(n)) for n in range(1, int(told(path, "Pages")) + 1)]
    assert len(shown) >= 3
    assert [f"หน้า {thai(n)}" in page and "จาก ๑" not in page for n, page in enumerate(shown, 1)] == [True] * len(shown)
    assert [n for n, page in enumerate(shown) if "ประจำปี" in page] == [0]
    assert [n for n, page in enumerate(shown) if "จัดทำโดย" in page] == [len(shown) - 1]
    assert len(re.findall(r"เรื่องที่ \d+", "".join(shown))) == 45
    assert sorted(p.name for p in tmp_path.glob("*.part")) != []  # left in the draft's folder, which goes with it


def test_parts_are_whole_days(office: PaperOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_pages, "PART", 4)
    monkeypatch.setattr(register_pages, "_LONGEST", 8)
    for uid in range(1, 4):
        register(office, "one", uid)
    for uid in range(4, 24):
        register(office, "two", uid, now=NOW + timedelta(days=1))
    found = register_pages.parts(registers.entries(office, registers.choose(office, whole())))
    assert [[e.number for e in part] for part in found] == [[*range(1, 9)], [*range(9, 17)], [*range(17, 24)]]


def test_hard_words_are_copied_out_as_they_are(office: PaperOffice, tmp_path: Path) -> None:
    register(office, HARD)
    shown = text(written(office, tmp_path / "r.pdf"))
    for word in HARD.split():
        assert word in shown


@pytest.mark.parametrize("words", [HARD, " ".join(reversed(HARD.split()))])
def test_which_mark_comes_first_makes_no_difference(tmp_path: Path, words: str) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf.render(f"<html lang='th'><body style='font-family: Laksaman'><p>{words}</p></body></html>"))
    assert words in text(path).replace("\n", " ")


def test_a_page_for_a_browser_stands_alone(filled: PaperOffice, tmp_path: Path) -> None:
    page = written(filled, tmp_path / "r.html").read_text("utf-8")
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert re.findall(r"(?:src|href)=", page) == []
    assert page.count('<tr class="void">') == 1
    assert f"<td>ยกเลิก: {REASON}" in page
    assert "=cmd|&#39; /C calc&#39;!A0" in page
    assert LONG.strip() in page


def test_markup_in_a_subject_stays_words(office: PaperOffice, tmp_path: Path) -> None:
    register(office, "<script>alert(1)</script><img src=x>")
    page = written(office, tmp_path / "r.html").read_text("utf-8")
    assert "<script>" not in page
    assert "<img" not in page


def test_a_long_page_is_one_page(office: PaperOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many(office, 45, days=5)
    whole_page = written(office, tmp_path / "a.html").read_text("utf-8")
    monkeypatch.setattr(register_pages, "PART", 10)
    monkeypatch.setattr(register_pages, "_LONGEST", 20)
    page = written(office, tmp_path / "b.html").read_text("utf-8")
    assert re.sub(r"\s+", " ", page) == re.sub(r"\s+", " ", whole_page)
    assert page.count("<tr") == 1 + 5 + 45


def test_an_empty_register_says_so(office: PaperOffice, tmp_path: Path) -> None:
    assert "ไม่มีรายการ" in text(written(office, tmp_path / "r.pdf", whole("dispatch")))
    assert "ไม่มีรายการ" in written(office, tmp_path / "r.html").read_text("utf-8")


def thai(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
