"""Words put into complaints on purpose stand in no file and no answer, whatever happens around their reading."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from mailgate import config_file
from mailgate.edges.parser_cell import PaperCell
from mailgate.errors import Unreadable
from mailgate.jobs import poll
from mailgate.jobs.verify import verify
from tests import builders
from tests.builders import PaperOffice
from tests.sealing.letters import SECRET, by_text, cut_off, hits, more, take
from tests.sealing.test_sealing import CANARIES, PAIR, assert_nowhere, complaint, config, forms

IDENTIFIERS = {
    "Message-ID": "canary-mid-77@example.com",
    "In-Reply-To": "canary-irt-88@example.com",
    "References": "canary-ref-99@example.com",
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(config(tmp_path)) as made:
        yield made


@pytest.mark.parametrize("again", [b"", b"Received: by another way\r\n"], ids=["the same bytes", "by another way"])
async def test_delivered_twice_in_one_check(office: PaperOffice, tmp_path: Path, again: bytes) -> None:
    """The second is read when the first has shown what both are."""
    await take(office, by_text(), again + by_text())
    assert [r["fate"] for r in office.store.db.all("SELECT fate FROM mail ORDER BY id")] == ["registered", "duplicate"]
    assert_nowhere(tmp_path)
    assert not verify(office).problems


async def test_the_reply_names_no_identifier_of_the_complaint(office: PaperOffice, tmp_path: Path) -> None:
    raw = complaint().replace(b"Message-ID: <1@example.com>", b"".join(
        f"{name}: <{canary}>\r\n".encode() for name, canary in IDENTIFIERS.items()).rstrip())  # fmt: skip
    await take(office, raw)
    await poll.send(office)
    assert not {name: found for name, canary in IDENTIFIERS.items() if (found := hits(tmp_path, canary))}


async def test_an_open_letter_is_answered_in_its_thread_as_ever(office: PaperOffice) -> None:
    await take(office, builders.raw_mail())
    assert b"In-Reply-To: <1@example.com>" in office.store.db.value(
        "SELECT raw FROM outbox WHERE kind = 'acknowledgement'"
    )


async def test_somebody_reads_in_the_registry_meanwhile(office: PaperOffice, tmp_path: Path) -> None:
    """Such as a backup: the write-ahead log cannot be emptied then, and is as soon as it can."""
    with closing(sqlite3.connect(office.config.registry.path, isolation_level=None)) as other:
        await take(office, builders.raw_mail())
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM letter").fetchone()
        await take(office, complaint())
        assert poll.is_to_read(office)
        assert not verify(office).problems
        other.execute("COMMIT")
    await take(office)
    assert not poll.is_to_read(office)
    assert office.store.db.value("PRAGMA busy_timeout") == 30_000
    assert_nowhere(tmp_path)


async def test_what_a_crash_leaves_of_a_duplicate_is_something_to_read(
    office: PaperOffice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await take(office, complaint())
    await cut_off(office, monkeypatch, complaint())
    assert poll.is_to_read(office)
    await take(office)
    assert_nowhere(tmp_path)


async def test_one_in_three_of_many_letters(office: PaperOffice, tmp_path: Path) -> None:
    """Rows are moved about in the pages of the registry; nothing stays behind."""
    for start in range(1, 121, 40):
        await take(office, *(_any(number) for number in range(start, start + 40)))
    assert office.store.db.value("SELECT count(*) FROM letter WHERE sealed = 1") == 40
    assert_nowhere(tmp_path)
    assert not verify(office).problems


def _any(number: int) -> bytes:
    if number % 3 == 0:
        raw = by_text(number) if number % 2 else complaint(number=number)
        return raw.replace(b"citizen@", b"c%d@" % number)
    lines = (
        f"From: c{number}@x.test",
        f"To: {builders.OFFICE}",
        f"Subject: letter {number}",
        f"Message-ID: <n{number}@x.test>",
    )
    return builders.raw_mail(*lines, body=b"x" * (number * 7) + b"\r\n")


async def test_one_that_brings_the_reader_down(tmp_path: Path) -> None:
    def dies(raw: Path, into: Path) -> NoReturn:
        raise Unreadable("the reader died of signal 11")

    with builders.office(config(tmp_path)) as office:
        office.cell = lambda: PaperCell(dies)
        await take(office, complaint())
        await take(office)
        assert office.store.db.value("SELECT state FROM reading") == "unreadable"
        assert_nowhere(tmp_path)
        assert not verify(office).problems


async def test_the_officer_answers_by_mail_and_quotes_it(office: PaperOffice, tmp_path: Path) -> None:
    await take(office, complaint())
    await poll.send(office)
    await take(office, more(office, sender=SECRET, to="referral", body=f"> {CANARIES['body']}"))
    assert_nowhere(tmp_path)
    assert not verify(office).problems


COMMANDS = (
    "letter list --json", "letter show 1/2569 --json", "letter show 1/2569", "mail list --json", "outbox list --json",
    "letter list --json --confidential --by somebody --text คานารี่", "-v verify",
)  # fmt: skip


async def test_no_command_shows_anything(office: PaperOffice, tmp_path: Path) -> None:
    await take(office, complaint())
    services = builders.tables()["services"]
    services[1]["officers"][0]["key"] = PAIR.public
    path = tmp_path / "config.toml"
    path.write_text(config_file.render(builders.tables(services=services)), "utf-8")
    said = {command: _said(path, command) for command in COMMANDS}
    raw = json.loads(said["letter show 1/2569 --json"].partition(b"\0")[0])["raw"]
    assert raw == str(office.archive.path(office.store.sealing.files()[0]["sealed_sha256"]))
    whole = b"".join(said.values())
    assert not [what for what, canary in CANARIES.items() if any(form in whole for form in forms(canary))]


def _said(path: Path, command: str) -> bytes:
    """Both outputs of a command, NUL between them."""
    words = [sys.executable, "-m", "mailgate", "--config", str(path), *command.split()]
    done = subprocess.run(words, capture_output=True, check=False, cwd=path.parent)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout + b"\0" + done.stderr
