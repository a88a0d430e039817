"""The commands against a real Dovecot and an SMTP server, as the contract describes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.letters import ANSWERED, letter, ten
from tests.e2e.program import Program
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink

POLL_KEYS = (
    "slot seen registered duplicates automatic bounces lists set_aside failed acknowledged held balance receipts"
).split()
LETTER_KEYS = (
    "number year receipt channel book_no dated from_name from_address to subject service officer action remarks "
    "arrived_at legally_received_at registered_at acknowledged_at due_on state confidential sha256 follows"
).split()


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, sink: Sink) -> Program:
    return Program.at(tmp_path / "office", mailbox, sink.port)


def test_poll_prints_the_contracts_document_and_a_second_one_finds_nothing(
    office: Program, mailbox: Dovecot, sink: Sink
) -> None:
    mailbox.drop_in(ten())
    first, second = office("poll", "--json"), office("poll", "--json")
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert set(POLL_KEYS) <= set(first.json)
    counted = {k: v for k, v in first.json.items() if isinstance(v, int) and v}
    assert counted == {
        "seen": 10,
        "registered": 7,
        "duplicates": 1,
        "bounces": 1,
        "lists": 1,
        "acknowledged": ANSWERED,
        "read": 10,
    }
    assert [r.split("/")[0] for r in first.json["receipts"]] == [str(n) for n in range(1, 8)]
    assert second.json["seen"] == second.json["acknowledged"] == 0
    to_citizens = [m for m in sink.messages if m.rcpt_tos != ["clerk@example.go.th"]]
    assert (len(to_citizens), len(sink.messages) - len(to_citizens)) == (ANSWERED, 7)  # each letter to somebody
    assert mailbox.folder("INBOX") == []


def test_letters_can_be_listed_and_shown(office: Program, mailbox: Dovecot) -> None:
    mailbox.drop_in([letter(1, subject="ขอโฮมสคูล"), letter(2, subject="ร้องเรียนทุจริต")])
    office("poll")
    listed = office("letter", "list", "--json").json
    assert [d["receipt"] for d in listed] == [f"1/{listed[0]['year']}", f"2/{listed[0]['year']}"]
    assert set(LETTER_KEYS) <= set(listed[0])
    assert listed[0]["service"] == "homeschool"
    assert listed[0]["due_on"]
    assert listed[0]["acknowledged_at"].endswith("+07:00")
    shown = office("letter", "show", listed[0]["receipt"], "--json").json
    assert Path(shown["raw"]).read_bytes().startswith(b"Return-Path: <citizen1@")
    assert [a["verdict"] for a in shown["attempts"]] == ["accepted"] * 2  # the reply, and the referral
    assert shown["reading"]["text"].startswith("ข้อความ")
    secret = office("letter", "list")
    assert "citizen1" in secret.out or "Citizen 1" in secret.out
    assert "Citizen 2" not in secret.out + str(listed[1])
    assert listed[1]["confidential"] is True


def test_an_unknown_letter_is_a_sentence(office: Program) -> None:
    result = office("letter", "show", "7/2569")
    assert (result.code, result.out) == (1, "")
    assert "no letter 7/2569" in result.err
    assert office("letter", "show", "seven").code == 2


def test_replies_can_be_held_released_and_cancelled(office: Program, mailbox: Dovecot, sink: Sink) -> None:
    office.set("replies", enabled=False)
    mailbox.drop_in([letter(1), letter(2)])
    polled = office("poll", "--json")
    assert (polled.code, polled.json["held"], polled.json["acknowledged"]) == (3, 2, 0)
    office.set("replies", enabled=True)
    assert office("outbox", "release", "1", "--json").json[0]["state"] == "queued"
    assert office("outbox", "cancel", "2", "--note", "ไม่ต้องแจ้ง", "--json").json[0]["state"] == "cancelled"
    assert office("outbox", "hold", "2").code == 1
    assert office("poll", "--json").json["acknowledged"] == 1
    assert ["citizen1@example.org"] in [m.rcpt_tos for m in sink.messages]
    assert ["citizen2@example.org"] not in [m.rcpt_tos for m in sink.messages]
    assert [d["state"] for d in office("outbox", "list", "--json").json][:2] == ["accepted", "cancelled"]


def test_status_and_verify_and_doctor_are_content(office: Program, mailbox: Dovecot) -> None:
    mailbox.drop_in(ten())
    office("poll")
    status = office("status", "--json")
    assert status.code == 0
    assert status.json["balance"] == 0
    assert status.json["warnings"] == []
    verified = office("verify", "--json")
    assert (verified.code, verified.json["ok"]) == (0, True)
    doctor = office("doctor", "--json")
    assert doctor.code == 0, doctor.out
    assert {f["name"] for f in doctor.json} >= {"imap", "smtp", "mailbox", "registry", "archive", "templates"}


def test_only_one_works_at_a_time(office: Program, tmp_path: Path) -> None:
    office("status")
    lock = tmp_path / "office" / "registry.db.lock"
    result = office("poll", wrapper=("flock", str(lock)))
    assert result.code == 1
    assert "another mailgate" in result.err


def test_init_writes_a_config_that_is_accepted_but_for_its_passwords(tmp_path: Path, office: Program) -> None:
    path = tmp_path / "new.toml"
    assert office("init", str(path)).code == 0
    assert office("init", str(path)).code == 2
    assert office("init", "--force", str(path)).code == 0
    assert path.with_name("new.toml.old").exists()
    assert path.read_bytes() == Path("config.toml").read_bytes()
