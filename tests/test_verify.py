"""``mailgate verify`` finds every change made behind the registry's back, and nothing in a registry that is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailgate.core.identity import judge
from mailgate.jobs import poll as polls
from mailgate.jobs.deciding import composer
from mailgate.jobs.verify import verify
from tests import builders
from tests.builders import CITIZEN, NOW, OFFICE, PaperOffice, raw_mail


@pytest.fixture
async def office(tmp_path: Path) -> Iterator[PaperOffice]:  # type: ignore[misc]
    """Three letters (the second silent), a bounce, a duplicate and a list's post, checked and answered."""
    with builders.office(builders.config(tmp_path)) as made:
        letters = [
            raw_mail(
                f"Return-Path: <{CITIZEN}>", f"From: {CITIZEN}", f"To: {OFFICE}", f"Subject: letter {n}",
                f"Message-ID: <{n}@b.test>", *(["Precedence: bulk"] if n == 2 else []),
            )
            for n in (1, 2, 3)
        ]  # fmt: skip
        bounce = raw_mail("Return-Path: <>", "From: MAILER-DAEMON@b.test", "Subject: Undeliverable")
        post = raw_mail("From: l@b.test", "List-Id: <l>", "List-Post: <mailto:l@b.test>")
        for raw in [*letters, bounce, letters[0], post]:
            made.box.deliver(raw, NOW)
        report = await polls.poll(made, reads=False)
        assert (report.registered, report.bounces, report.duplicates, report.lists) == (3, 1, 1, 1)
        assert report.acknowledged == 2
        yield made


def by_hand(office: PaperOffice, *statements: str) -> None:
    """Change the registry as someone with the file and without its guards would."""
    other = sqlite3.connect(office.config.registry.path)
    for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        other.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        assert other.execute(statement).rowcount != 0, statement
    other.commit()
    other.close()


async def test_a_whole_registry_has_no_findings(office: PaperOffice) -> None:
    steps: list[str] = []
    found = verify(office, steps.append)
    assert found.problems == []
    assert found.checked["letters"] == 3
    assert found.checked["replies"] == 2
    assert found.checked["mails"] == 6
    assert found.checked["archived mails"] == 5
    assert found.checked["events"] == office.store.chain.head()[0]
    assert steps[0] == "registry file"
    assert len(steps) == 11


async def test_it_only_reads(office: PaperOffice) -> None:
    before = list(office.store.db.sql.iterdump())
    verify(office)
    assert list(office.store.db.sql.iterdump()) == before


def test_an_empty_registry_has_no_findings(tmp_path: Path) -> None:
    with builders.office(builders.config(tmp_path)) as made:
        assert verify(made).problems == []


async def test_a_lawful_erasure_is_no_finding(office: PaperOffice) -> None:
    office.store.db.sql.execute("UPDATE event SET payload = NULL, salt = NULL WHERE kind = 'registered'")
    assert verify(office).problems == []


async def test_a_registry_of_two_years_has_no_findings(office: PaperOffice) -> None:
    next_year = builders.entry(90, now=NOW.replace(year=2027), sha256="")
    office.store.receipts.enter(next_year, judge, composer(office))
    assert verify(office).problems == []


COPY = (
    "register, year, channel, book_no, dated, from_name, from_address, addressee, subject, service, officer, action, "
)
COPY += (
    "remarks, arrived_at, legally_received_at, registered_at, due_on, state, confidential, content_digest, message_id, "
)
COPY += "size, enclosures, follows"

CHANGES = {
    "changed mandated check": ("mandated checks: that of 2026-11-23", ["UPDATE slot SET state = 'late', reason = 'x'"]),
    "deleted mandated check": ("mandated checks: that of 2026-11-23", ["DELETE FROM slot"]),
    "changed subject": ("letters: 1/2569", ["UPDATE letter SET subject = 'other' WHERE number = 1"]),
    "changed sender": ("letters: 2/2569", ["UPDATE letter SET from_address = 'x@y' WHERE number = 2"]),
    "changed receipt time": ("letters: 1/2569", ["UPDATE letter SET legally_received_at = '2000' WHERE number = 1"]),
    "changed hash": ("letters: 1/2569", ["UPDATE letter SET sha256 = 'x' WHERE number = 1"]),
    "deleted letter": (
        "numbers: register receive of 2569",
        ["DELETE FROM letter WHERE number = 2"],
    ),
    "deleted last letter": ("numbers: the counter", ["DELETE FROM letter WHERE number = 3"]),
    "deleted letter, counter put back": (
        "letters: 3 were registered, 2 are",
        ["DELETE FROM letter WHERE number = 3", "UPDATE counter SET last = 2"],
    ),
    "renumbered": (
        "letters: 1/2569",
        [
            "UPDATE letter SET number = 99 WHERE number = 1",
            "UPDATE letter SET number = 1 WHERE number = 3",
            "UPDATE letter SET number = 3 WHERE number = 99",
        ],
    ),
    "another year": ("numbers", ["UPDATE letter SET year = 2568 WHERE number = 3"]),
    "slipped in": (
        "letters: 4/2569 has no event",
        [
            f"INSERT INTO letter (number, sha256, {COPY}) SELECT 4, 'x', {COPY} FROM letter WHERE number = 1",
            "UPDATE counter SET last = 4",
        ],
    ),
    "changed bytes of a reply": ("replies: the bytes of outbox item 1", ["UPDATE outbox SET raw = x'00' WHERE id = 1"]),
    "deleted reply": (
        "replies",
        ["DELETE FROM attempt WHERE item_id = 1", "DELETE FROM outbox WHERE id = 1"],
    ),
    "changed event": ("event chain: the content of event 2", ["UPDATE event SET payload = '{}' WHERE seq = 2"]),
    "event that is no JSON": ("event chain: the content of event 1", ["UPDATE event SET payload = 'x' WHERE seq = 1"]),
    "event without its salt": ("event chain: the content of event 1", ["UPDATE event SET salt = NULL WHERE seq = 1"]),
    "changed time of an event": ("event chain: event 2", ["UPDATE event SET at = '2000' WHERE seq = 2"]),
    "changed kind of an event": ("event chain: event 2", ["UPDATE event SET kind = 'x' WHERE seq = 2"]),
    "deleted event": ("event chain: event 2 is missing", ["DELETE FROM event WHERE seq = 2"]),
    "swapped events": (
        "event chain: event 2",
        ["UPDATE event SET seq = 900 WHERE seq = 2", "UPDATE event SET seq = 2 WHERE seq = 3",
         "UPDATE event SET seq = 3 WHERE seq = 900"],
    ),
    "counter put back": ("numbers: the counter", ["UPDATE counter SET last = 2"]),
    "counter put forward": ("numbers: the counter", ["UPDATE counter SET last = 9"]),
    "counter deleted": ("numbers", ["DELETE FROM counter"]),
    "mail of a letter deleted": ("mails: letter 1/2569", ["DELETE FROM mail WHERE letter_id = 1 AND fate = 'registered'"]),  # noqa: E501
    "mail of a letter called something else": ("mails: letter 1/2569", ["UPDATE mail SET fate = 'list' WHERE id = 1"]),
    "mail that was no letter deleted": ("mails", ["DELETE FROM mail WHERE fate = 'bounce'"]),
    "reference to nothing": ("registry file", ["UPDATE letter SET follows = 77 WHERE number = 2"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_is_found_and_named(office: PaperOffice, name: str) -> None:
    words, statements = CHANGES[name]
    by_hand(office, *statements)
    found = verify(office).problems
    assert any(problem.startswith(words) for problem in found), found


async def test_a_missing_file_of_the_archive_is_found(office: PaperOffice) -> None:
    sha256 = office.store.db.value("SELECT sha256 FROM letter WHERE number = 2")
    office.archive.path(sha256).unlink()
    assert verify(office).problems == [f"archive: {sha256[:16]}… cannot be read: No such file or directory"]


async def test_a_changed_file_of_the_archive_is_found(office: PaperOffice) -> None:
    sha256 = office.store.db.value("SELECT sha256 FROM mail WHERE fate = 'bounce'")
    path = office.archive.path(sha256)
    path.write_bytes(path.read_bytes().replace(b"Undeliverable", b"undeliverable"))
    assert verify(office).problems == [f"archive: {sha256[:16]}… its bytes have been changed"]


async def test_several_changes_are_all_found(office: PaperOffice) -> None:
    by_hand(office, "UPDATE letter SET subject = 'x'", "UPDATE outbox SET raw = x'00'")
    assert len(verify(office).problems) == 5
