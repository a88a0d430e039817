"""Replies, referrals and reports through a real Postfix and a real Dovecot, and the commands that steer them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailgate.edges.clamd import EICAR
from tests.crash.letters import letter
from tests.e2e.program import Program
from tests.servers.clamd import FakeClamd
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.servers.sink import Sink

VIRUS = EICAR.decode("ascii")


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, sink: Sink) -> Program:
    return Program.at(tmp_path / "office", mailbox, sink.port)


def from_(address: str, n: int = 1, **more: str) -> bytes:
    """A letter of the crash tests from another address."""
    return letter(n, **more).replace(f"citizen{n}@example.org".encode(), address.encode())


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until a server has done what it does in its own time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the server did not do it in time"
        time.sleep(0.05)


def test_a_reply_that_bounces_is_known_to_have_bounced(tmp_path: Path, mailbox: Dovecot, postfix: Postfix) -> None:
    """Postfix takes the reply, cannot deliver it, and sends its own report to our return path."""
    office = Program.at(tmp_path / "office", mailbox, postfix.smtp_port)
    office.set("referrals", enabled=False)
    mailbox.drop_in([from_("somebody@bounce.test")])
    assert office("poll", "--json").json["acknowledged"] == 1
    wait_for(lambda: len(mailbox.folder("INBOX")) == 1)
    second = office("poll", "--json").json
    assert (second["bounces"], second["registered"], second["balance"]) == (1, 0, 0)
    item = office("outbox", "list", "--json").json[0]
    assert item["state"] == "bounced"
    status = office("status", "--json")
    assert status.code == 3
    assert any("bounced" in w for w in status.json["warnings"])
    assert office("verify").code == 0


def test_a_burst_of_one_sender_is_answered_five_times_and_the_rest_waits(
    office: Program, mailbox: Dovecot, sink: Sink
) -> None:
    mailbox.drop_in([from_("a@b.test", n) for n in range(1, 31)])
    polled = office("poll", "--json")
    assert (polled.code, polled.json["registered"]) == (0, 30)
    assert (polled.json["acknowledged"], polled.json["deferred"]) == (5, 25)
    assert len([m for m in sink.messages if m.rcpt_tos == ["a@b.test"]]) == 5
    listed = office("letter", "list", "--json").json
    assert [d["acknowledgement"] for d in listed] == ["accepted"] * 5 + ["deferred"] * 25


def test_replies_are_paused_and_resumed(office: Program, mailbox: Dovecot, sink: Sink) -> None:
    office.set("referrals", enabled=False)
    assert office("pause", "replies", "--note", "ทดสอบ").code == 0
    mailbox.drop_in([letter(1)])
    polled = office("poll", "--json")
    assert (polled.json["registered"], polled.json["held"], sink.messages) == (1, 1, [])
    assert "ทดสอบ" in str(office("status", "--json").json["warnings"])
    assert office("resume", "replies", "--json").json == {"paused": False, "released": 1}
    assert office("poll", "--json").json["acknowledged"] == 1


def test_old_mail_is_adopted_in_silence(office: Program, mailbox: Dovecot, sink: Sink) -> None:
    office.set("referrals", enabled=False)
    mailbox.drop_in([letter(n) for n in range(1, 21)], arrived=datetime.now(UTC) - timedelta(days=400))
    mailbox.drop_in([letter(30)])
    polled = office("poll", "--json")
    assert (polled.code, polled.json["registered"], polled.json["set_aside"]) == (3, 1, 20)
    assert len(sink.messages) == 1
    assert office("adopt", "silent", "--json").json == {"word": "silent", "mails": 20}
    polled = office("poll", "--json")
    assert (polled.code, polled.json["registered"], polled.json["acknowledged"]) == (0, 20, 0)
    assert mailbox.folder("INBOX") == []
    assert len(sink.messages) == 1
    assert office("adopt", "silent").code == 2
    assert office("verify").code == 0


def test_a_letter_is_assigned_passed_on_and_voided(office: Program, mailbox: Dovecot, sink: Sink) -> None:
    mailbox.drop_in([letter(1), letter(2), letter(3)])
    office("poll")
    one, two, three = (d["receipt"] for d in office("letter", "list", "--json").json)
    assert office("letter", "assign", one, "--service", "homeschool", "--json").json["service"] == "homeschool"
    assert office("letter", "assign", two, "--agency", "เทศบาล", "--json").json["state"] == "closed"
    assert office("letter", "void", three, "--reason", "ลงรับซ้ำ", "--json").json["action"] == "ยกเลิก: ลงรับซ้ำ"
    office("poll")
    assert ["officer@example.go.th"] in [m.rcpt_tos for m in sink.messages]
    told = [m for m in sink.messages if m.rcpt_tos == ["citizen2@example.org"]]
    assert len(told) == 2
    for wrong in (("void", "9/2569", "--reason", "x"), ("assign", one, "--service", "nothing"), ("register", "99")):
        refused = office("letter", *wrong)
        assert refused.code in (1, 2)
        assert refused.err.startswith("mailgate: ")


def test_what_was_only_journaled_becomes_a_letter(office: Program, mailbox: Dovecot, sink: Sink) -> None:
    mailbox.drop_in([letter(1, extra="X-Spam-Flag: YES\n")])
    assert office("poll", "--json").json["automatic"] == 1
    [mail] = office("mail", "list", "--json").json
    shown = office("letter", "register", str(mail["id"]), "--json")
    assert shown.json["number"] == 1
    office("poll")
    assert ["clerk@example.go.th"] in [m.rcpt_tos for m in sink.messages]


def test_a_mail_in_a_file_can_be_looked_at(office: Program, tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(letter(1, subject="ขอโฮมสคูล"))
    shown = office("letter", "show", str(file), "--json").json
    assert (shown["kind"], shown["service"], shown["answer_to"]) == ("letter", "homeschool", "citizen1@example.org")
    assert not (office.folder / "registry.db").exists()


async def test_the_scanner_of_the_config_is_asked(office: Program, mailbox: Dovecot, tmp_path: Path) -> None:
    """What a clamd on a socket finds is quarantined; while it is away, letters wait to be read."""
    office.set("scan", clamd_socket=str(tmp_path / "clamd.ctl"))
    file = '--b\nContent-Type: text/plain; name="{}.txt"\n\n{}\n'
    part = file.format("x", "x") + file.format("y", VIRUS) + "--b--\n"
    mailbox.drop_in([letter(1, extra="Content-Type: multipart/mixed; boundary=b\n", body=part)])
    away = await asyncio.to_thread(office, "poll", "--json")
    assert (away.code, away.json["registered"], away.json["read"]) == (3, 1, 0)
    async with FakeClamd.run(tmp_path):
        assert (await asyncio.to_thread(office, "poll", "--json")).json["read"] == 1
    receipt = office("letter", "list", "--json").json[0]["receipt"]
    files = office("letter", "show", receipt, "--json").json["reading"]["attachments"]
    assert [bool(f["virus"]) for f in files if f["name"] == "y.txt"] == [True]
    assert ["infected" in f["flags"] for f in files if f["name"] == "y.txt"] == [True]
