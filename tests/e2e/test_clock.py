"""The clock of a letter and the wish for paper, as commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.letters import letter
from tests.e2e.program import Program
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, sink: Sink) -> Program:
    return Program.at(tmp_path / "office", mailbox, sink.port)


def test_the_clock_is_stopped_and_started_and_a_wish_is_noted(office: Program, mailbox: Dovecot, sink: Sink) -> None:
    mailbox.drop_in([letter(1, subject="ขอโฮมสคูล")])
    assert office("poll").code == 0
    mails = len(sink.messages)
    receipt = office("letter", "list", "--json").json[0]["receipt"]
    running = office("letter", "clock", receipt, "--json").json
    assert (running["state"], running["days"], running["history"]) == ("running", 30, [])
    standing = office("letter", "clock", receipt, "--stop", "รอเอกสาร", "--json").json
    assert (standing["state"], standing["due_on"], standing["history"][0]["why"]) == ("standing", None, "รอเอกสาร")
    again = office("letter", "clock", receipt, "--stop", "รอเอกสาร")
    assert (again.code, again.out) == (1, "")
    assert "stands still already" in again.err
    shown = office("letter", "clock", receipt, "--start", "ได้รับแล้ว")
    assert (shown.code, "รอเอกสาร" in shown.out) == (0, True)
    noted = office("letter", "assign", receipt, "--paper", "--post-to", "๑ ถนนตัวอย่าง\nกรุงเทพฯ", "--json").json
    assert (noted["paper"], noted["postal_address"], noted["officer"]) == (
        "yes",
        "๑ ถนนตัวอย่าง\nกรุงเทพฯ",
        "นางสาวตัวอย่าง ใจดี",
    )
    document = office("letter", "show", receipt, "--no-paper", "--json").json
    assert (document["paper"], [turn["what"] for turn in document["clock"]]) == ("no", ["stopped", "started"])
    assert document["dispatches"] == []
    assert office("poll").code == 0
    assert len(sink.messages) == mails  # nobody was written to


def test_what_cannot_be_meant_is_wrong_usage(office: Program, tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(letter(1))
    for code, *words in (
        (2, "clock", "1/2569", "--stop", "a", "--start", "b"),
        (1, "clock", "1/2569"),
        (2, "show", str(file), "--paper"),
        (2, "assign", "1/2569", "--no-paper", "--post-to", "x"),
    ):
        found = office("letter", *words)
        assert (found.code, found.out) == (code, ""), words
