"""An office whose registers hold what registers hold: attacks, secrets, void numbers, long words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailgate.config import Config
from mailgate.core.identity import judge
from mailgate.core.registers import Extract, Register
from mailgate.jobs import cases, dispatch_entry, dispatching, register_files, registers
from mailgate.jobs.register_files import Wanted
from mailgate.model import Receipt
from mailgate.model_dispatch import Outbound
from tests import builders
from tests.builders import NOW, PaperOffice

CANARY = "KANARIENVOGEL"
REASON = "ผู้ส่งแจ้งว่าส่งผิดหน่วยงาน"
ATTACK = "=cmd|' /C calc'!A0"
LONG = "ขออนุญาตจัดการศึกษาขั้นพื้นฐานโดยครอบครัวสำหรับผู้เรียนซึ่งอยู่ในความดูแลของผู้ปกครอง ณ จังหวัดตัวอย่าง " * 3


@pytest.fixture
def config(tmp_path: Path) -> Config:
    tables = builders.tables()["office"] | {"letter_code": "ศธ ๐๔๐๕๙"}
    return builders.config(tmp_path, office=tables)


@pytest.fixture
def office(config: Config) -> Iterator[PaperOffice]:
    with builders.office(config) as made:
        yield made


@pytest.fixture
def filled(office: PaperOffice) -> PaperOffice:
    """Five letters (the third confidential, the fourth void) and three dispatches (one void, one confidential)."""
    register(office, "ขออนุญาตจัดการศึกษา", 1)
    register(office, ATTACK, 2)
    register(office, CANARY, 3, confidential=True)
    register(office, "หนังสือที่ส่งผิด", 4)
    register(office, LONG, 5, now=NOW + timedelta(days=1))
    cases.void(office, Receipt(4, 2569), REASON)
    send(office, "ประกาศ")
    send(office, "หนังสือที่ยกเลิก")
    dispatch_entry.void(office, Receipt(2, 2569, "dispatch"), REASON)
    return office


def register(
    office: PaperOffice,
    subject: str,
    uid: int = 1,
    *,
    confidential: bool = False,
    now: datetime = NOW,
    sender: str = "สมชาย",
) -> None:
    """A letter with this subject; of a confidential one everything a stranger writes is a canary."""
    who = CANARY if confidential else sender
    raw = builders.raw_mail(
        f"From: {who} <{who.lower() if who.isascii() else 'somchai'}@example.com>",
        f"To: {builders.OFFICE}",
        f"Subject: {subject}",
        "Date: Mon, 23 Nov 2026 23:30:00 +0000",
        f"Message-ID: <{uid}@example.com>",
    )
    entry = builders.entry(uid, raw=raw, confidential=confidential, now=now)
    office.store.receipts.enter(entry, judge, builders.draft)


def many(office: PaperOffice, count: int, *, days: int = 1) -> None:
    """So many letters, spread over so many days."""
    for n in range(count):
        register(office, f"เรื่องที่ {n} " + "ยาว" * (n % 40), n + 1, now=NOW + timedelta(days=n * days // count))


def send(office: PaperOffice, subject: str, letter: Receipt | None = None, *, confidential: bool = False) -> Receipt:
    """A dispatch by e-mail."""
    out: Outbound = dispatch_entry.outbound(
        office, [], addressee="ผู้ปกครอง", subject=subject, addresses=["citizen@example.com"], text="", circular=False,
        postal_address="", note="", by="",
    )  # fmt: skip
    return dispatching.enter(office, out)


def whole(register: Register = "receive") -> Extract:
    return registers.period(register, 2026, None, None, NOW.date())


def written(office: PaperOffice, path: Path, extract: Extract | None = None, *, bom: bool = False) -> Path:
    """The file of an extract, in the form its name ends with."""
    chosen = registers.choose(office, extract or whole())
    register_files.write(office, path.suffix[1:], Wanted(path, chosen, bom), registers.entries(office, chosen))
    return path
