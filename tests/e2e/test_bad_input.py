"""What goes wrong around the program ends in a clear line, the documented exit code, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.letters import letter
from tests.e2e.program import Program, Result
from tests.servers.certs import Certs
from tests.servers.dovecot import Dovecot
from tests.servers.process import as_root, free_ports
from tests.servers.sink import Sink


@pytest.fixture
def office(tmp_path: Path, mailbox: Dovecot, sink: Sink) -> Program:
    mailbox.drop_in([letter(1)])
    return Program.at(tmp_path / "office", mailbox, sink.port)


def failed(result: Result, *words: str) -> None:
    """Exit 1, one clear sentence on standard error, nothing on standard output."""
    assert (result.code, result.out) == (1, ""), result
    assert result.err.count("\n") == 1, result.err
    for word in words:
        assert word in result.err


def noted(office: Program, word: str) -> None:
    """The failure is an event of the registry."""
    with closing(sqlite3.connect(office.folder / "registry.db")) as db:
        payloads = [row[0] for row in db.execute("SELECT payload FROM event WHERE kind = 'check failed'")]
    assert any(word in p for p in payloads), payloads


def goes_on(office: Program, mailbox: Dovecot) -> None:
    """The next check does what this one could not."""
    result = office("poll", "--json")
    assert (result.code, result.json["registered"], result.json["acknowledged"]) == (0, 1, 1), result
    assert mailbox.folder("INBOX") == []


def test_wrong_password(office: Program, mailbox: Dovecot) -> None:
    right, office.password = office.password, "wrong-password-1"
    failed(office("poll", "--json"), "refuses the login", "username and the password")
    noted(office, "refuses the login")
    office.password = right
    goes_on(office, mailbox)


def test_wrong_authority(office: Program, mailbox: Dovecot, certs: Certs) -> None:
    office.set("imap", ca_file=str(certs.other_ca_file))
    failed(office("poll", "--json"), "certificate is not trusted", "ca_file")
    noted(office, "certificate")
    office.set("imap", ca_file=str(mailbox.ca_file))
    goes_on(office, mailbox)


def test_no_server(office: Program, mailbox: Dovecot) -> None:
    office.set("imap", port=free_ports(1)[0])
    failed(office("poll", "--json"), "cannot reach the IMAP server localhost")
    noted(office, "cannot reach")
    office.set("imap", port=mailbox.imaps_port)
    goes_on(office, mailbox)


def test_a_mailbox_that_does_not_exist(office: Program, mailbox: Dovecot) -> None:
    office.set("imap", mailbox="ไม่มี/กล่องนี้")
    failed(office("poll", "--json"), "ไม่มี/กล่องนี้", "[imap] mailbox")
    office.set("imap", mailbox="INBOX")
    goes_on(office, mailbox)


def test_no_smtp_server_keeps_the_reply_and_says_so(office: Program, mailbox: Dovecot, sink: Sink) -> None:
    office.set("smtp", port=free_ports(1)[0])
    result = office("poll", "--json")
    assert (result.code, result.json["registered"], result.json["acknowledged"]) == (3, 1, 0)
    assert "replies wait in the outbox: cannot use the SMTP server" in result.err
    office.set("smtp", port=sink.port)
    assert office("poll", "--json").json["acknowledged"] == 1


def test_a_message_of_60_mb_and_one_of_nothing(tmp_path: Path, mailbox: Dovecot, sink: Sink) -> None:
    office = Program.at(tmp_path / "office", mailbox, sink.port)
    mailbox.drop_in([letter(1, size=60_000_000), b"", letter(2)])
    result = office("poll", "--json", wrapper=("/usr/bin/env", "prlimit", f"--as={900 << 20}"))
    assert (result.code, result.json["registered"], result.json["acknowledged"]) == (0, 3, 2), result
    listed = office("letter", "list", "--json").json
    assert [d["size"] > 60_000_000 for d in listed] == [True, False, False]
    assert (listed[1]["size"], listed[1]["acknowledgement"]) == (0, None)


def test_a_full_disk(office: Program, mailbox: Dovecot) -> None:
    small = office.folder / "small"
    small.mkdir()
    as_root("mount", "-t", "tmpfs", "-o", f"size=24m,uid={os.geteuid()}", "tmpfs", str(small))
    try:
        office.set("registry", path="small/registry.db", archive="small/archive")
        assert office("status").code == 3
        filler = small / "filler"
        with filler.open("wb") as file:
            file.write(b"x" * (os.statvfs(small).f_bavail * 4096 - (100 << 10)))
        failed(office("poll", "--json"), "Free some space")
        assert len(mailbox.folder("INBOX")) == 1
        filler.unlink()
        goes_on(office, mailbox)
        assert office("verify").code == 0
    finally:
        as_root("umount", str(small))


def test_a_read_only_registry(office: Program, mailbox: Dovecot) -> None:
    folder = office.folder / "state"
    office.set("registry", path="state/registry.db", archive="state/archive")
    assert office("status").code == 3
    as_root("mount", "--bind", str(folder), str(folder))
    try:
        as_root("mount", "-o", "remount,ro,bind", str(folder))
        failed(office("poll", "--json"), str(folder))
    finally:
        as_root("umount", str(folder))
    goes_on(office, mailbox)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not toml [", "is not valid TOML"),
        ('[office]\nname = "x"\n', "imap: Field required"),
        ("", "office: Field required"),
    ],
)
def test_a_broken_config_is_exit_2(office: Program, text: str, words: str) -> None:
    broken = office.folder / "broken.toml"
    broken.write_text(text, "utf-8")
    result = office("--config", str(broken), "poll")
    assert result.code == 2
    assert words in result.err


def test_a_broken_template_is_refused_before_anything_is_done(office: Program, mailbox: Dovecot) -> None:
    templates = office.folder / "templates"
    templates.mkdir()
    (templates / "acknowledgement.txt").write_text("เลขรับ {{ receipt }\n{{ nothing }}", "utf-8")
    office.set("replies", templates=str(templates))
    result = office("poll")
    assert result.code == 2
    assert "acknowledgement.txt" in result.err
    assert len(mailbox.folder("INBOX")) == 1
