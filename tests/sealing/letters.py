"""Complaints of every kind for tests of sealing, and what a reviewer of the disk would look for."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate.errors import MailgateError
from mailgate.model import Receipt
from tests import builders
from tests.builders import PaperOffice
from tests.sealing.test_sealing import complaint, forms, take

FIRST = Receipt(1, 2569)
NEUTRAL = "เรียนท่านผู้อำนวยการ"
SECRET = "secret@example.go.th"


def by_text(number: int = 1) -> bytes:
    """A complaint that only its text shows to be one."""
    return complaint(NEUTRAL, number)


async def cut_off(office: PaperOffice, monkeypatch: pytest.MonkeyPatch, *mails: bytes) -> None:
    """The same; the power is cut before anything is removed from the archive."""

    def crash(*_: object) -> None:
        raise MailgateError("the power is cut")

    with monkeypatch.context() as patch:
        patch.setattr(office.archive, "remove", crash)
        with pytest.raises(MailgateError):
            await take(office, *mails)


def message_id(office: PaperOffice, kind: str) -> str:
    """That of the first mail of this kind which the office sent."""
    return str(office.store.db.value("SELECT message_id FROM outbox WHERE kind = ? ORDER BY id", (kind,)))


def more(
    office: PaperOffice, *, sender: str = builders.CITIZEN, to: str = "acknowledgement", body: str = "more"
) -> bytes:
    """A mail that answers one of ours."""
    return builders.raw_mail(
        f"Return-Path: <{sender}>", f"From: {sender}", f"To: {builders.OFFICE}", "Subject: Re: more",
        f"Message-ID: <more@{sender.partition('@')[2]}>", f"In-Reply-To: {message_id(office, to)}",
        body=f"{body}\r\n".encode(),
    )  # fmt: skip


def hits(folder: Path, canary: str) -> list[str]:
    """Files that hold these words in any encoding."""
    found = [p for p in folder.rglob("*") if p.is_file() and any(f in p.read_bytes() for f in forms(canary))]
    return [str(p.relative_to(folder)) for p in found]


def carried(office: PaperOffice) -> list[tuple[str, int]]:
    """Whom letters were handed to, and how many files each of these mails carries."""
    rows = office.store.db.all("SELECT id, recipient FROM outbox WHERE kind = 'referral' ORDER BY id")
    return [(row["recipient"], len(office.store.outbox.carried(row["id"]))) for row in rows]
