"""mailgate calendar as a person types it; it needs no server."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.builders import tables
from tests.e2e.program import Program, Result

YEAR = date.today().year + 1  # noqa: DTZ011 - the program itself goes by the wall clock
BUDDHIST = YEAR + 543
NEW_YEAR = f"{YEAR}-01-01"


@pytest.fixture
def office(tmp_path: Path) -> Program:
    return Program(tmp_path / "office", tables(registry={"path": "registry.db", "archive": "archive"}), "imap-secret-8")


def refused(result: Result, code: int, *words: str) -> None:
    assert (result.code, result.out) == (code, ""), result
    for word in words:
        assert word in result.err


def kinds(office: Program) -> dict[str, str]:
    return {d["date"]: d["kind"] for d in office("calendar", "show", str(BUDDHIST), "--json").json["days"]}


def test_a_year_is_shown_to_people_and_to_programs(office: Program) -> None:
    shown = office("calendar", "show", str(BUDDHIST))
    assert shown.code == 0
    assert "๑ มกราคม" in shown.out
    assert "วันขึ้นปีใหม่" in shown.out
    assert f"mailgate calendar confirm {BUDDHIST}" in shown.out
    assert office("calendar", "show", str(YEAR), "--json").json["buddhist_year"] == BUDDHIST
    assert office("calendar", "show", "--json").json["year"] == YEAR - 1


def test_days_are_added_and_removed(office: Program) -> None:
    added = office("calendar", "add", f"30/1/{BUDDHIST}", "--name", "ครึ่งวัน", "--half-day", "--json")
    assert added.code == 0
    [change] = added.json["changes"]
    assert (change["date"], change["is"]["opens"], change["is"]["closes"]) == (f"{YEAR}-01-30", "08:30", "12:00")
    assert "hours 08:30-12:00 ครึ่งวัน" in added.err
    assert office("calendar", "add", f"{BUDDHIST}-02-01", "--name", "ชดเชย", "--working").code == 0
    assert office("calendar", "add", f"{BUDDHIST}-02-02", "--name", "อบรม", "--hours", "10:00-15:00").code == 0
    assert office("calendar", "add", f"{BUDDHIST}-02-03", "--name", "วันหยุดพิเศษ").code == 0
    removed = office("calendar", "remove", NEW_YEAR)
    assert "goes by its weekday (was: holiday วันขึ้นปีใหม่, from the beginning)" in removed.err
    found = kinds(office)
    assert [found.get(f"{YEAR}-{day}") for day in ("01-01", "01-30", "02-01", "02-02", "02-03")] == [
        None, "hours", "working", "hours", "holiday"
    ]  # fmt: skip
    assert "nothing changes" in office("calendar", "remove", NEW_YEAR).err
    assert office("verify", "--json").json["ok"] is True


def test_a_year_is_confirmed_by_somebody(office: Program) -> None:
    assert office("calendar", "confirm", str(BUDDHIST), "--by", "นางสาวตัวอย่าง").code == 0
    assert "ยืนยันโดย นางสาวตัวอย่าง" in office("calendar", "show", str(BUDDHIST)).out
    undone = office("calendar", "confirm", str(BUDDHIST), "--undo", "--json")
    assert (undone.json["confirmed"], undone.json["confirmed_by"]) == (False, "")
    refused(office("calendar", "confirm", str(BUDDHIST), "--undo"), 2, "is not confirmed")
    by_account = office("calendar", "confirm", str(BUDDHIST), "--json")
    assert by_account.json["confirmed_by"]


def test_a_file_is_taken_over_whole_or_not_at_all(office: Program, tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    file.write_bytes(f"วันที่,ชื่อ\n2/2/{BUDDHIST},วันหยุดพิเศษ\n30/2/{BUDDHIST},ไม่มีวันนี้\n".encode("tis-620"))
    refused(office("calendar", "import", str(file)), 2, "line 3: ", "does not exist", "Nothing was changed")
    file.write_bytes(f"2/2/{BUDDHIST},วันหยุดพิเศษ\n{NEW_YEAR},วันขึ้นปีใหม่\n".encode("utf-8-sig"))
    dry = office("calendar", "import", str(file), "--dry-run", "--json")
    assert [c["date"] for c in dry.json["changes"]] == [f"{YEAR}-02-02"]
    assert "dry run" in dry.err
    assert f"{YEAR}-02-02" not in kinds(office)
    assert office("calendar", "import", str(file)).code == 0
    assert kinds(office)[f"{YEAR}-02-02"] == "holiday"


def test_an_ics_file_is_taken_over(office: Program, tmp_path: Path) -> None:
    file = tmp_path / "days.ics"
    lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "SUMMARY:วันหยุดพิเศษ", f"DTSTART;VALUE=DATE:{YEAR}0202"]
    file.write_text("\r\n".join([*lines, f"DTEND;VALUE=DATE:{YEAR}0204", "END:VEVENT", "END:VCALENDAR", ""]), "utf-8")
    assert len(office("calendar", "import", str(file), "--json").json["changes"]) == 2


def test_wrong_usage_is_a_sentence(office: Program, tmp_path: Path) -> None:
    day = f"{BUDDHIST}-02-02"
    refused(office("calendar", "show", "99"), 2, "not a year")
    refused(office("calendar", "add", f"{BUDDHIST}-02-30", "--name", "ก"), 2, "does not exist")
    refused(office("calendar", "add", day), 2, "--name")
    refused(office("calendar", "add", day, "--name", " "), 2, "no name")
    refused(office("calendar", "add", day, "--name", "ก", "--working", "--half-day"), 2, "exclude each other")
    refused(office("calendar", "add", day, "--name", "ก", "--hours", "12:00-08:30"), 2, "cannot end at 08:30")
    refused(office("calendar", "add", "2560-01-01", "--name", "ก"), 2, "have passed", "--past")
    refused(office("calendar", "confirm", str(BUDDHIST), "--by", "ก", "--undo"), 2, "exclude each other")
    refused(office("calendar", "import", str(tmp_path / "none.csv")), 2, "does not exist")
    (tmp_path / "empty.csv").touch()
    refused(office("calendar", "import", str(tmp_path / "empty.csv")), 2, "no day in the file")
    assert office("calendar", "show", str(BUDDHIST), "--json").json["seeded"] is False
