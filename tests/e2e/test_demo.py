"""The demo, as a newcomer runs it: it ends with things to open, and all of them can be opened."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mailgate", *arguments], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "office"
    done = run("demo", "--dir", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["balance"] == 0
    assert len(document["decided"]) == 6
    assert document["requests"] == document["outcomes"] == 3
    names = {re.sub(r"-\d{4}.*?\.", ".", Path(f).relative_to(folder).as_posix()) for f in document["files"]}
    registers = {f"{name}.{kind}" for name in ("receive", "dispatch") for kind in ("pdf", "xlsx")}
    assert names == {"digest/digest.html", "digest/digest.txt", "digest/receive.xlsx", "site/index.html", *registers}
    return folder


@pytest.mark.parametrize(("register", "title"), [("receive", "ทะเบียนหนังสือรับ"), ("dispatch", "ทะเบียนหนังสือส่ง")])
def test_both_registers_can_be_opened(demo: Path, register: str, title: str) -> None:
    [pdf] = demo.glob(f"{register}-*.pdf")
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    assert title in text
    sheet = openpyxl.load_workbook(pdf.with_suffix(".xlsx")).active
    assert title in str(sheet["A1"].value)
    assert sheet.max_row > 6


def test_the_digest_tells_of_letters_and_decisions(demo: Path) -> None:
    text = (demo / "digest/digest.txt").read_text("utf-8")
    assert "ลงทะเบียนรับใหม่ (๒๕)" in text
    assert "ออกเลขหนังสือส่ง (๙)" in text
    assert "→ mailgate letter acknowledge" in text
    assert [p.name for p in (demo / "digest").glob("*.xlsx")]


def test_the_public_pages_are_what_the_registry_says(demo: Path) -> None:
    config = str(demo / "config.toml")
    checked = run("--config", config, "publish", "--check", "--json")
    assert (checked.returncode, json.loads(checked.stdout)["state"]) == (0, "same")
    [permissions] = (demo / "site/data").glob("permissions-*.json")
    assert len(json.loads(permissions.read_text("utf-8"))) == 8
    assert run("--config", config, "verify").returncode == 0


def test_each_acknowledgement_leads_to_a_page_of_its_own(demo: Path) -> None:
    pages = [p for p in (demo / "site/s").glob("*.html") if p.name != "index.html"]
    assert len(pages) == 27
    shown = [p.read_text("utf-8") for p in pages]
    assert sum("แจ้งผลแล้ว" in text for text in shown) == 9
    assert not any("โฮมสคูล" in text or "ทุจริต" in text for text in shown)


def test_one_of_each_channel_can_be_followed(demo: Path) -> None:
    config = str(demo / "config.toml")
    letters = json.loads(run("--config", config, "letter", "list", "--json").stdout)
    assert {row["channel"] for row in letters} == {"email", "website", "amss"}
    asked = [row for row in letters if row["channel"] == "amss"]
    assert {(row["service"], row["state"]) for row in asked} == {
        (service, "closed") for service in ("head-travel", "head-leave", "student-outing")
    }
    [complaint] = [row["receipt"] for row in letters if row["channel"] == "website"]
    opened = run("--config", config, "letter", "open", complaint, "--key", str(demo / "officer.key"), "--json")
    [document] = json.loads(opened.stdout)
    assert "เรียกรับเงิน" in document["text"]
    assert document["attachments"][0]["name"] == "หลักฐาน.jpg"
