"""Small builders for tests: a config, a raw mail, an entry for the register, an office on paper twins.

    made = builders.config(tmp_path)                    # security none on loopback, everything below tmp_path
    with builders.office(made) as paper:                # Office on PaperMailbox, PaperCourier, PaperClock
        paper.store.receipts.enter(builders.entry(1), judge, builders.draft)

Nothing here touches a network or the wall clock.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mailgate.cell import read_file
from mailgate.config import Config
from mailgate.config_file import parse
from mailgate.core.identity import content_digest
from mailgate.core.parse import header_block, headers
from mailgate.edges.clock import PaperClock
from mailgate.edges.courier import PaperCourier
from mailgate.edges.mailbox import PaperMailbox
from mailgate.edges.parser_cell import PaperCell
from mailgate.errors import MailboxGone
from mailgate.model import Draft, Enclosures, Kind, Receipt, Receiving, Screening, Stub
from mailgate.model_entry import Entry
from mailgate.office import Office, open_office

ZONE = ZoneInfo("Asia/Bangkok")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)  # a Monday, in Buddhist year 2569
CITIZEN = "citizen@example.com"
OFFICE = "saraban@example.go.th"
UNLIMITED = {"per_address_hour": 0, "per_address_day": 0, "per_domain_hour": 0, "per_hour": 0, "per_returner_day": 0}


def tables(**changed: Any) -> dict[str, Any]:
    """The tables of a valid config, as tomllib reads them; keyword arguments replace whole tables."""
    server = {"host": "127.0.0.1", "security": "none", "username": "office"}
    return {
        "office": {
            "name": "สำนักงานตัวอย่าง",
            "name_en": "Example Office",
            "address": OFFICE,
            "clerk": {"name": "เจ้าหน้าที่สารบรรณกลาง", "email": "clerk@example.go.th"},
        },
        "imap": dict(server),
        "smtp": dict(server),
        "limits": dict(UNLIMITED),
        "referrals": {"enabled": False},  # tests of replies count replies only
        "services": [
            {
                "key": "homeschool",
                "title": "การขอจัดการศึกษาโดยครอบครัว",
                "keywords": ["บ้านเรียน", "homeschool"],
                "days": 30,
                "officers": [{"name": "นางสาวตัวอย่าง ใจดี", "email": "officer@example.go.th"}],
            },
            {
                "key": "corruption",
                "title": "ร้องเรียนการทุจริต",
                "keywords": ["ทุจริต"],
                "days": 15,
                "confidential": True,
                "officers": [{"name": "นางปกปิด ลับ", "email": "secret@example.go.th"}],
            },
        ],
    } | changed


def config(folder: Path, **changed: Any) -> Config:
    """A valid config whose files are in ``folder``; ``changed`` replaces whole tables."""
    # Tests bring mail of other days than today; those of the go-live moment say so themselves.
    replies = {"go_live": datetime(2020, 1, 1, tzinfo=ZONE)} | changed.pop("replies", {})
    changed["replies"] = replies
    registry = {"path": folder / "registry.db", "archive": folder / "archive", "key_file": folder / "token.key"}
    return parse(tables(**({"registry": registry} | changed)))


def raw_mail(*lines: str | bytes, body: bytes = "สวัสดี\r\n".encode()) -> bytes:
    """A message of these header lines; without any, an ordinary letter of ``CITIZEN``."""
    chosen = lines or (
        f"Return-Path: <{CITIZEN}>",
        f"From: Citizen <{CITIZEN}>",
        f"To: {OFFICE}",
        "Subject: letter",
        "Date: Mon, 23 Nov 2026 08:00:00 +0700",
        "Message-ID: <1@example.com>",
    )
    encoded = [line.encode() if isinstance(line, str) else line for line in chosen]
    return b"\r\n".join([*encoded, b"", body])


def entry(
    uid: int = 1,
    *,
    raw: bytes | None = None,
    kind: Kind = Kind.LETTER,
    answer: bool = True,
    uidvalidity: int = 1,
    mailbox: str = "INBOX",
    now: datetime = NOW,
    due_on: date | None = None,
    service: str | None = None,
    confidential: bool = False,
    answers_item: int | None = None,
    sha256: str | None = None,
) -> Entry:
    """An entry ready to be registered. Without ``raw``, each ``uid`` is a letter of its own."""
    if raw is None:
        raw = raw_mail(
            f"From: {CITIZEN}", f"To: {OFFICE}", f"Subject: letter {uid}", f"Message-ID: <{uid}@example.com>"
        )
    mail = headers(raw)
    screening = Screening(kind, answer and kind is Kind.LETTER, "test", "เพื่อการทดสอบ", "", CITIZEN if answer else "")
    return Entry(
        mailbox=mailbox,
        stub=Stub(uidvalidity, uid, len(raw), now),
        seen_at=now,
        mail=mail,
        screening=screening,
        sha256=hashlib.sha256(raw).hexdigest() if sha256 is None else sha256,
        content_digest=content_digest(mail, [raw[header_block(raw)[1] :]]),
        size=len(raw),
        enclosures=Enclosures(),
        receiving=Receiving(now, now, now, due_on),
        service=service,
        officer="เจ้าหน้าที่สารบรรณกลาง",
        confidential=confidential,
        answers_item=answers_item,
    )


def draft(made_for: Entry, receipt: Receipt, item: int) -> Draft:
    """A stand-in for ``compose``: an acknowledgement whose bytes name receipt and item."""
    raw = f"Subject: {receipt}\r\n\r\n{item}\r\n".encode()
    return Draft(OFFICE, made_for.screening.destination, f"<r.{item}.test@example.go.th>", f"{item}.test", raw)


class Away(PaperMailbox):
    """A mail server that cannot be reached."""

    def open(self) -> PaperMailbox:
        raise MailboxGone("cannot reach the IMAP server", "Check the network")


class PaperOffice(Office):
    """An office whose twins are at hand by their own types."""

    @property
    def box(self) -> PaperMailbox:
        assert isinstance(self.post, PaperMailbox)
        return self.post

    @property
    def paper_clock(self) -> PaperClock:
        assert isinstance(self.clock, PaperClock)
        return self.clock

    @property
    def paper_courier(self) -> PaperCourier:
        made = self.courier()
        assert isinstance(made, PaperCourier)
        return made


def office(made: Config, *, now: datetime = NOW, courier: PaperCourier | None = None) -> PaperOffice:
    """The office of a config on paper twins; all its senders share one PaperCourier. To be used with ``with``."""
    shared = courier or PaperCourier()
    opened = open_office(
        made,
        clock=PaperClock(now),
        environment={},
        post=PaperMailbox(),
        courier=lambda: shared,
        cell=lambda: PaperCell(read_file),
    )
    opened.__class__ = PaperOffice
    assert isinstance(opened, PaperOffice)
    return opened
