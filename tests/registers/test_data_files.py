"""The register as data: spreadsheet, CSV and JSON, whatever strangers wrote into it."""

from __future__ import annotations

import csv
import json
import subprocess
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from mailgate.jobs.register_files import harmless
from tests.builders import PaperOffice
from tests.registers.conftest import ATTACK, CANARY, REASON, register, whole, written

ATTACKS = (ATTACK, "+1+1", "-1", "@SUM(A1)", "＝1+1", "https://example.com/x", "{=1}", "_x0041_", "1E9", "'x")


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


# --- spreadsheet -----------------------------------------------------------------------------------------------------


def test_a_spreadsheet_is_the_form(filled: PaperOffice, tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(written(filled, tmp_path / "r.xlsx")).active
    assert sheet is not None
    assert sheet["A1"].value == "ทะเบียนหนังสือรับ ประจำปี พ.ศ. ๒๕๖๙"
    assert sheet["A2"].value == "สำนักงานตัวอย่าง"
    assert [cell.value for cell in sheet[3]][:3] == ["เลขทะเบียนรับ", "ที่", "ลงวันที่"]
    assert sheet["A4"].value == datetime(2026, 11, 23)  # noqa: DTZ001 - spreadsheets know no zones
    assert sheet["A5"].value == 1
    assert sheet["C5"].value == datetime(2026, 11, 24)  # noqa: DTZ001
    assert sheet["C5"].is_date
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 9
    assert sheet.print_title_rows == "$3:$3"
    assert sheet.freeze_panes == "A4"
    assert [round(sheet.column_dimensions[c].width) for c in "ADF"] == [10, 29, 41]


def test_a_void_line_is_struck_out_but_not_its_reason(filled: PaperOffice, tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(written(filled, tmp_path / "r.xlsx")).active
    assert sheet is not None
    void = next(row for row in sheet.iter_rows(min_row=4) if row[0].value == 4)
    assert [bool(cell.font.strike) for cell in void] == [True] * 7 + [False]
    assert str(void[7].value).startswith(f"ยกเลิก: {REASON}")
    others = [cell for row in sheet.iter_rows(min_row=4) if row[0].value != 4 for cell in row]
    assert not any(cell.font.strike for cell in others)


def test_nothing_a_stranger_wrote_is_computed_or_a_link(office: PaperOffice, tmp_path: Path) -> None:
    for uid, subject in enumerate(ATTACKS, 1):
        register(office, subject, uid, sender="=1+1")
    path = written(office, tmp_path / "r.xlsx")
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    found = [cell for row in sheet.iter_rows(min_row=5) for cell in row]
    assert {cell.data_type for cell in found} <= {"s", "n", "d", "inlineStr"}
    assert [unescape(str(cell.value)) for cell in sheet["F"]][4:] == list(ATTACKS)
    with ZipFile(path) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in xml
        assert b"hyperlink" not in xml


def test_libreoffice_reads_it(filled: PaperOffice, tmp_path: Path) -> None:
    path = written(filled, tmp_path / "r.xlsx")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76"]
    subprocess.run([*command, "--outdir", str(tmp_path), str(path)], check=True, capture_output=True, timeout=100)
    text = rows(tmp_path / "r.csv")
    assert text[0][0].startswith("ทะเบียนหนังสือรับ")
    assert ATTACK in {row[5] for row in text}
    assert "2569" in text[3][0] or "๒๕๖๙" in text[3][0]


# --- CSV and JSON ----------------------------------------------------------------------------------------------------


def test_a_csv_has_the_columns_of_the_form(filled: PaperOffice, tmp_path: Path) -> None:
    path = written(filled, tmp_path / "r.csv")
    assert path.read_bytes().count(b"\r\n") == 6
    head, *lines = rows(path)
    assert head == [
        *"เลขทะเบียนรับ ที่ ลงวันที่ จาก ถึง เรื่อง การปฏิบัติ หมายเหตุ".split(),
        "registered_at",
        "state",
    ]
    assert [line[0] for line in lines] == ["1", "2", "3", "4", "5"]
    assert lines[0][2] == "2026-11-24"
    assert lines[3][9] == "void"
    assert REASON in lines[3][7]


def test_a_csv_begins_with_a_mark_only_where_it_is_wanted(filled: PaperOffice, tmp_path: Path) -> None:
    assert not written(filled, tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert written(filled, tmp_path / "b.csv", bom=True).read_bytes().startswith(b"\xef\xbb\xbf")


def test_no_cell_of_a_csv_begins_a_formula(office: PaperOffice, tmp_path: Path) -> None:
    for uid, subject in enumerate(ATTACKS, 1):
        register(office, subject, uid, sender="=1+1")
    for line in rows(written(office, tmp_path / "r.csv"))[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "＝")) for cell in line)
        assert line[3].startswith("'=1+1")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1"])
def test_what_begins_a_formula_is_defused(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=b", "ก-ข", "1-2"])
def test_other_words_stay(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(("register_name", "name"), [("receive", "receipt"), ("dispatch", "dispatch")])
def test_json_has_the_names_of_the_contract(filled: PaperOffice, tmp_path: Path, register_name: str, name: str) -> None:
    extract = whole("receive" if register_name == "receive" else "dispatch")
    lines = json.loads(written(filled, tmp_path / "r.json", extract).read_text("utf-8"))
    assert lines[0][name] == "1/2569"
    assert set(lines[0]) == {
        "number", "year", name, "book_no", "dated", "from", "to", "subject", "action", "remarks", "registered_at",
        "state", "confidential",
    }  # fmt: skip
    void = next(line for line in lines if line["state"] == "void")
    assert REASON in void["remarks"]


def test_an_empty_register_is_an_empty_array(office: PaperOffice, tmp_path: Path) -> None:
    assert json.loads(written(office, tmp_path / "r.json").read_text()) == []


@pytest.mark.parametrize("form", ["csv", "json", "html", "xlsx"])
def test_a_secret_is_in_no_file(filled: PaperOffice, tmp_path: Path, form: str) -> None:
    path = written(filled, tmp_path / f"r.{form}")
    content = path.read_bytes()
    if form == "xlsx":
        with ZipFile(path) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
    assert CANARY.lower().encode() not in content.lower()
