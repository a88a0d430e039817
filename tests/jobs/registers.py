"""What stands in a registry, so that two runs can be compared, and an office on a scripted IMAP server."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from mailgate.config import Config
from mailgate.edges.imap import ImapPost
from mailgate.errors import MailgateError
from mailgate.jobs.intake import Check
from mailgate.model import CheckReport
from tests import builders
from tests.builders import PaperOffice
from tests.servers.fake_imap import FakeImap

FULL_DISK = OSError(errno.ENOSPC, "No space left on device")


def letter(number: int, *, body: bytes = b"body\r\n", message_id: str | None = None, extra: str = "") -> bytes:
    """A letter that is unlike every other one, from a citizen of its own."""
    lines = [
        f"Return-Path: <citizen{number}@example.com>",
        *([extra] if extra else []),
        f"From: Citizen <citizen{number}@example.com>",
        f"To: {builders.OFFICE}",
        f"Subject: letter {number}",
        "Date: Mon, 23 Nov 2026 08:00:00 +0700",
        f"Message-ID: {message_id or f'<{number}@example.com>'}",
    ]
    return builders.raw_mail(*lines, body=body)


async def check(office: PaperOffice) -> CheckReport:
    """One check of the mailbox."""
    report = CheckReport()
    await Check(office, report).run()
    return report


async def check_until_done(office: PaperOffice, tries: int = 60) -> list[MailgateError]:
    """Checks until one comes through; what went wrong before."""
    errors: list[MailgateError] = []
    for _ in range(tries):
        try:
            await check(office)
        except MailgateError as error:
            errors.append(error)
        else:
            return errors
    raise AssertionError(errors)


def numbers(office: PaperOffice) -> list[int]:
    return [row["number"] for row in office.store.reports.letters()]


def fates(office: PaperOffice) -> dict[str, int]:
    return office.store.reports.fates()


def rows(office: PaperOffice, sql: str) -> list[dict[str, Any]]:
    return [dict(row) for row in office.store.db.all(sql)]


def picture(office: PaperOffice) -> dict[str, Any]:
    """All that must be equal after a disturbed and an undisturbed run."""
    return {
        "letters": rows(office, "SELECT number, year, subject, sha256, remarks FROM letter ORDER BY id"),
        "mails": rows(office, "SELECT uid, fate, sha256, filed_at IS NOT NULL AS filed FROM mail ORDER BY uid"),
        "outbox": rows(office, "SELECT recipient, state, attempts FROM outbox ORDER BY id"),
        "counters": rows(office, "SELECT * FROM counter"),
    }


@contextmanager
def paper(folder: Path, **changed: Any) -> Iterator[PaperOffice]:
    """An office on paper."""
    with builders.office(builders.config(folder, **changed)) as office:
        yield office


@contextmanager
def fake(folder: Path, server: FakeImap, *, seconds: float = 1, **imap: Any) -> Iterator[PaperOffice]:
    """An office whose mailbox is a server with faults."""
    table = {"host": server.host, "port": server.port, "security": "none", "username": "office"} | imap
    made = builders.config(folder, imap=table)
    made = _with_timeout(made, seconds)
    with builders.office(made) as office:
        office.post = ImapPost(made.imap, lambda: "secret")
        yield office


def _with_timeout(made: Config, seconds: float) -> Config:
    imap = made.imap.model_copy(update={"timeout": timedelta(seconds=seconds)})
    return made.model_copy(update={"imap": imap})
