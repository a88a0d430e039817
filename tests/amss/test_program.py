"""All five subjects of the order's annex, with the real servers: from request to registers, digest and public pages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from mailgate.edges import sealing
from tests.amss import requests
from tests.builders import raw_mail
from tests.e2e.program import Program
from tests.servers.dovecot import Dovecot
from tests.servers.mariadb import PASSWORD, MariaDb
from tests.servers.sink import Sink, ThreadedSink
from tests.web.test_service import Web, complain, open_case


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, amss: MariaDb, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MAILGATE_AMSS_PASSWORD", PASSWORD)
    with ThreadedSink() as sink:
        pair = sealing.new_key()
        made = Program.at(tmp_path, mailbox, sink.port)
        homeschool, corruption = made.values["services"]
        officer = {"name": "นางรัตนาธิ์", "email": "rat@example.go.th", "key": pair.public}
        corruption |= {"channel": "website", "officers": [officer]}
        made.values["services"] = [homeschool, corruption, *requests.SERVICES]
        made.set("amss", **requests.tables(socket=str(amss.socket)))
        made.set("publish", directory="site", up_to="today", smallest=2)
        made.set("digests", to_clerk=["day"], to_officers=[], attach_register=False)
        yield made, sink, pair


def ask(amss: MariaDb) -> None:
    """A journey, a leave, an outing."""
    amss.sql("INSERT INTO permission_main (person_id, ref_id, subject, place, rec_date, school_code) "
             "VALUES ('1440100123456', 'a', 'ประชุม', 'ขอนแก่น', now(), '44')", database="amss")  # fmt: skip
    amss.sql("INSERT INTO la_main (person_id, la_type, because, la_start, la_finish, rec_date, school_code) "
             "VALUES ('1440100123456', 1, 'ผ่าตัด', '2026-11-24', '0000-00-00', now(), '44')",
             database="amss")  # fmt: skip
    amss.sql("INSERT INTO outing (no, about, goes_to, made, school) VALUES (7, 'ทัศนศึกษา', 'ภูพาน', now(), '44')",
             database="amss")  # fmt: skip


def decide(amss: MariaDb) -> None:
    amss.sql("UPDATE permission_main SET grant_x = 1, grant_date = now()", database="amss")
    amss.sql("UPDATE la_main SET commander_grant = 2, grant_date = now()", database="amss")
    amss.sql("UPDATE outing SET result = 'yes', result_day = curdate()", database="amss")


def test_requests_of_amss_from_poll_to_poll(office: tuple[Program, Sink, Any], amss: MariaDb, mailbox: Dovecot) -> None:
    program, _, _ = office
    ask(amss)
    mailbox.deliver(raw_mail("From: a@example.com", f"To: {mailbox.address}", "Subject: =?utf-8?q?=E0=B9=82?= โฮมสคูล"))
    first = program("poll", "--json")
    assert first.json["requests"] == 3, first.err
    assert first.json["registered"] == 1
    decide(amss)
    second = program("poll", "--json")
    assert (second.code, second.json["requests"], second.json["outcomes"]) == (0, 0, 3), second.err
    letters = program("letter", "list", "--json").json
    assert sorted(row["channel"] for row in letters) == ["amss", "amss", "amss", "email"]
    assert {row["state"] for row in letters if row["channel"] == "amss"} == {"closed"}
    assert any("ไม่ถูกต้อง" in row["remarks"] for row in letters)
    dispatches = program("dispatch", "list", "--json").json
    assert [row["way"] for row in dispatches] == ["amss"] * 3
    assert {row["action"] for row in dispatches} == {"แจ้งผลในระบบ AMSS++"}
    assert program("verify").code == 0
    everything = b"".join(p.read_bytes() for p in program.folder.rglob("*") if p.is_file())
    assert b"1440100123456" not in everything
    assert "ผ่าตัด".encode() not in everything
    assert program("amss", "check").code == 0


def test_a_database_that_is_away_is_told_and_mail_is_registered(
    office: tuple[Program, Sink, Any], mailbox: Dovecot
) -> None:
    program, _, _ = office
    program.set("amss", socket="/nonexistent/db.sock")
    mailbox.deliver(raw_mail("From: a@example.com", f"To: {mailbox.address}", "Subject: x"))
    done = program("poll", "--json")
    assert (done.code, done.json["registered"]) == (3, 1)
    assert "AMSS++ cannot be read" in done.err
    assert program("amss", "check").code == 1
    assert program("amss", "read").code == 3


def test_a_fork_is_explained(office: tuple[Program, Sink, Any], amss: MariaDb) -> None:
    program, _, _ = office
    amss.sql("ALTER TABLE permission_main CHANGE grant_x approve INT", database="amss")
    ask(amss)
    done = program("poll", "--json")
    assert (done.code, done.json["requests"]) == (3, 2)
    assert "[amss.travel] outcome: permission_main has no column grant_x; it has approve" in done.err
    findings = {f["name"]: f for f in program("doctor", "--json").json}
    assert not findings["amss"]["ok"]
    assert "approve" in findings["amss"]["detail"]
    program.values["amss"]["travel"] = {"outcome": "approve"}
    assert program("poll", "--json").json["requests"] == 1


def test_every_subject_of_the_annex(
    office: tuple[Program, Sink, Any], amss: MariaDb, mailbox: Dovecot, browser: Browser
) -> None:
    """Homeschool by mail, a complaint by the website, travel, leave and outing by AMSS++."""
    program, _, pair = office
    for n in range(2):
        lines = (
            f"From: p{n}@example.com",
            f"To: {mailbox.address}",
            f"Subject: โฮมสคูล {n}",
            f"Message-ID: <{n}@x.test>",
        )
        mailbox.deliver(raw_mail(*lines))
    ask(amss)
    assert program("poll").code == 0
    with browser.new_context() as context, Web.opened(program, pair) as web:
        receipt, passphrase = complain(context.new_page(), web)
    decide(amss)
    assert program("poll").code == 0
    for row in program("letter", "list", "--service", "homeschool", "--json").json:
        assert answer(program, row["receipt"], "approved", "อนุญาต") == 0
    assert answer(program, receipt, "information", "ตรวจสอบแล้ว ๗๗") == 0
    with browser.new_context() as context, Web.opened(program, pair) as web:
        page = context.new_page()
        open_case(page, web, receipt, passphrase)
        assert "ตรวจสอบแล้ว ๗๗" in page.inner_text("main")
    assert program("poll").code == 0
    assert_followed(program)


def answer(program: Program, receipt: str, result: str, text: str) -> int:
    return program("decide", receipt, "--result", result, "--text", text, "--yes", "--json").code


def assert_followed(program: Program) -> None:
    """Registers, digest and public pages have all of them."""
    letters = program("letter", "list", "--json").json
    services = {"homeschool", "corruption", "head-travel", "head-leave", "student-outing"}
    assert {row["service"] for row in letters} == services
    assert {row["state"] for row in letters} == {"closed"}
    assert [row["number"] for row in letters] == list(range(1, 7))
    assert {row["way"] for row in program("dispatch", "list", "--json").json} == {"email", "website", "amss"}
    digest = program("digest", "--period", "day", "--print").out
    for said in ("โฮมสคูล", "ไปราชการ", "ลาป่วย", "ทัศนศึกษา"):
        assert said in digest
    assert program("publish").code == 0
    [permissions] = (program.folder / "site/data").glob("permissions-*.json")
    assert {row["service"] for row in json.loads(permissions.read_text("utf-8"))} >= {"head-travel", "student-outing"}
    year = next((program.folder / "site").glob("year-*.html")).read_text("utf-8")
    assert re.search(r"AMSS\+\+", year)
    assert program("verify").code == 0
