"""Digests as the clerk gets them: mailed through Postfix, in Dovecot, and drawn by a browser as a phone would."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailgate.core import thai
from tests.e2e.program import Program
from tests.e2e.test_answers import from_
from tests.e2e.test_decisions import awaited, mails
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix

TODAY = datetime.now(ZoneInfo("Asia/Bangkok"))


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, postfix: Postfix) -> Program:
    """An office that is open today."""
    made = Program.at(tmp_path / "office", mailbox, postfix.smtp_port)
    made.set("office", hours="00:00-23:59").set("imap", done="flag")
    assert made("calendar", "add", f"{TODAY:%Y-%m-%d}", "--name", "วันทำการ", "--working", "--past").code == 0
    return made


def test_the_clerk_s_digest_is_known_as_our_own_and_fits_a_phone(
    office: Program, mailbox: Dovecot, tmp_path: Path
) -> None:
    mailbox.drop_in([from_("parent@citizen.test", subject="ขอโฮมสคูลให้บุตร")])
    assert office("poll", "--json").json["registered"] == 1
    assert office("digest", "--send").code == 0
    digest = awaited(mailbox, "สรุปงานสารบรรณอิเล็กทรอนิกส์ ประจำวัน")
    page = digest.get_body(("html",))
    assert page is not None
    assert "ขอโฮมสคูลให้บุตร" in page.get_content()
    assert digest["Auto-Submitted"] == "auto-generated"
    drawn = width_of(page.get_content(), tmp_path)
    assert drawn <= 360, f"it is {drawn} wide on a phone of 360"
    # It comes back into the office's own mailbox here, and is known as the office's own mail.
    assert office("poll", "--json").json["registered"] == 0


def test_a_digest_is_mailed_on_demand_with_the_days_register(office: Program, mailbox: Dovecot) -> None:
    mailbox.drop_in([from_("parent@citizen.test", subject="ขอโฮมสคูล")])
    office("poll")
    sent = office("digest", "--period", "day", "--send", "--json")
    assert sent.code == 0, sent.err
    assert len(sent.json["items"]) == 1
    digest = awaited(mailbox, "ประจำวัน")
    [register] = digest.iter_attachments()
    assert register.get_filename() == f"receive-{thai.buddhist_year(TODAY)}-{TODAY:%m-%d}.xlsx"
    assert register.get_content()[:2] == b"PK"
    assert office("verify").code == 0


def test_a_digest_is_printed_and_written_without_being_mailed(
    office: Program, mailbox: Dovecot, tmp_path: Path
) -> None:
    office("poll")
    printed = office("digest", "--period", "day")
    assert "ไม่มีหนังสือเข้า" in printed.out or "สรุปงาน" in printed.out
    written = office("digest", "--period", "week", "--to-dir", str(tmp_path / "week"))
    assert written.code == 0
    assert {p.name for p in (tmp_path / "week").iterdir()} == {"digest.html", "digest.txt"}
    assert mails(mailbox, "ประจำ") == []
    assert office("digest", "--officer", "nobody@example.go.th").code == 2
    assert office("digest", "--date", "2999-01-01").code == 2


def width_of(page: str, folder: Path) -> int:
    """How wide a page is on a phone of 360 CSS pixels; in a frame, for a browser's own window is never so narrow."""
    (folder / "digest.html").write_text(page, "utf-8")
    path = folder / "phone.html"
    path.write_text(
        '<iframe src="digest.html" style="width:360px;height:800px;border:0" onload="document.title = '
        'this.contentDocument.documentElement.scrollWidth"></iframe>',
        "utf-8",
    )
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        "--dump-dom",
    ]
    dumped = subprocess.run([*command, path.as_uri()], check=True, capture_output=True, text=True, timeout=60).stdout
    return int(dumped.partition("<title>")[2].partition("</title>")[0])
