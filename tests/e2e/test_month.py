"""The month as evidence: on the terminal, as a page, and as a PDF whose Thai can be read and searched."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailgate.core.thai import fold
from tests.e2e.daemon import due_now
from tests.e2e.program import Program
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, sink: Sink) -> Program:
    made = due_now(Program.at(tmp_path / "office", mailbox, sink.port))
    assert made("poll").code == 0
    return made


def month() -> str:
    today = datetime.now(ZoneInfo("Asia/Bangkok"))
    return f"{today.year + 543}-{today.month:02d}"


def read(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_page_and_the_pdf_say_the_same(office: Program, tmp_path: Path) -> None:
    page, pdf = tmp_path / "month.html", tmp_path / "month.pdf"
    result = office("status", "--month", month(), "--html", str(page), "--pdf", str(pdf))
    assert "บันทึกการตรวจกล่องจดหมายอิเล็กทรอนิกส์" in page.read_text("utf-8")
    assert "สำนักงานเขตพื้นที่การศึกษาตัวอย่าง" in result.out
    text = fold(read("pdftotext", "-raw", str(pdf), "-"))
    assert fold("สำนักงานเขตพื้นที่การศึกษาตัวอย่าง") in text
    assert fold("หน้า") in text
    assert "วันหยุดราชการ" in text
    fonts = read("pdffonts", str(pdf)).splitlines()[2:]
    assert any("Laksaman" in line for line in fonts)
    assert all(line.split()[-5] == "yes" for line in fonts)  # embedded
    # Letters that lie upon each other, as with a font that stands in for another, make a line far too short.
    words = [line for line in read("pdftotext", "-bbox", str(pdf), "-").splitlines() if "<word" in line]
    title = next(line for line in words if ">บันทึก" in line)
    left, right = (float(title.split(f'{side}="')[1].split('"')[0]) for side in ("xMin", "xMax"))
    assert right - left > 150


def test_a_document_for_programs(office: Program) -> None:
    result = office("status", "--month", month(), "--json")
    assert result.json["month"] == month()
    assert sum(result.json["totals"].values()) == sum(len(d["checks"]) for d in result.json["days"])


@pytest.mark.parametrize("arguments", [("--month", "2569"), ("--pdf", "x.pdf")])
def test_wrong_usage_is_a_sentence(office: Program, arguments: tuple[str, ...]) -> None:
    result = office("status", *arguments)
    assert result.code == 2
    assert "2569-11" in result.err


def test_a_folder_that_is_not_there_is_a_sentence(office: Program, tmp_path: Path) -> None:
    result = office("status", "--month", month(), "--html", str(tmp_path / "away" / "x.html"))
    assert result.code == 1
    assert "away" in result.err
