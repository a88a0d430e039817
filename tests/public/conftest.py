"""An office with a year of letters behind it, by way of the registry's own doors."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailgate.model import Outcome, Verdict
from mailgate.model_dispatch import Outbound, Result, Way
from mailgate.model_entry import Judgement
from tests import builders
from tests.builders import PaperOffice

CANARY = "นางสาวความลับสุดยอด"
SERVICES = (
    {"key": "homeschool", "title": "การขอจัดการศึกษาโดยครอบครัว", "days": 30, "legal_basis": "ประกาศตัวอย่าง"},
    {"key": "outing", "title": "=การพานักเรียนไปนอกสถานศึกษา", "channel": "email"},
    {"key": "corruption", "title": "ร้องเรียนการทุจริต", "channel": "website", "confidential": True},
)
RESULTS = (Result.APPROVED, Result.APPROVED, Result.REFUSED, Result.INFORMATION)


def config(folder: Path, **publish: object) -> object:
    place = {"directory": folder / "www" / "site"} | publish
    return builders.config(folder, services=[dict(s) for s in SERVICES], publish=place)


def receive(office: PaperOffice, n: int, now: datetime, service: str | None, *, confidential: bool = False) -> int:
    """A letter whose every word is a canary; its row."""
    raw = builders.raw_mail(
        f"From: {CANARY} <canary{n}@example.com>", f"To: {builders.OFFICE}", f"Subject: {CANARY} {n}",
        f"Message-ID: <{n}@example.com>", body=f"{CANARY} {n}\r\n".encode(),
    )  # fmt: skip
    due = (now + timedelta(days=30)).date() if service == "homeschool" else None
    entry = builders.entry(n, raw=raw, now=now, service=service, confidential=confidential, due_on=due)
    entered = office.store.receipts.enter(entry, lambda _: Judgement(False, None, ""), builders.draft)
    assert entered is not None
    return n


def acknowledge(office: PaperOffice, now: datetime) -> None:
    while attempt := office.store.outbox.claim(now):
        from mailgate.edges.store.outbox import Settled
        from mailgate.model import State

        settled = Settled(attempt, Outcome(Verdict.ACCEPTED, "data", 250, "ok"), State.ACCEPTED, now, False)
        office.store.outbox.settle([settled], now)


def decide(office: PaperOffice, letter_id: int, result: Result, now: datetime, *, confidential: bool = False) -> None:
    """A decision on paper, which closes the letter."""
    row = office.store.reports.letter_by_id(letter_id)
    assert row is not None
    out = Outbound(
        Way.PAPER, CANARY, CANARY, CANARY, [], [], CANARY, result=result, letter=None, letter_id=letter_id,
        confidential=confidential, postal_address=CANARY,
    )  # fmt: skip
    with office.store.db.immediate("test"):
        office.store.dispatches.enter(
            out, "-", lambda n, _: f"ศธ ๐๔๐๕๙/{n} ({now.year})", lambda *_: pytest.fail("no mail"), now
        )
        office.store.cases.close(row, "closed", "-", now)


def fill(office: PaperOffice, letters: int = 400, until: datetime = builders.NOW, seed: int = 1) -> None:
    """Letters of two years of every kind, the last on the day of ``until``."""
    chance = random.Random(seed)
    start = until - timedelta(days=500)
    pending: list[tuple[datetime, int, str | None]] = []
    for n in range(1, letters + 1):
        now = start + (until - start) * n / letters
        while pending and pending[0][0] <= now:
            when, letter, kind = pending.pop(0)
            decide(office, letter, chance.choice(RESULTS), when, confidential=kind == "corruption")
        service = chance.choices(("homeschool", "outing", None, "corruption"), (50, 4, 30, 8))[0]
        receive(office, n, now, service, confidential=service == "corruption")
        acknowledge(office, now)
        if chance.random() < 0.7:
            pending.append((now + timedelta(days=20), n, service))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(config(tmp_path)) as made:  # type: ignore[arg-type]
        yield made


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperOffice]:
    """An office with letters, which no test changes."""
    folder = tmp_path_factory.mktemp("filled")
    with builders.office(config(folder)) as made:  # type: ignore[arg-type]
        fill(made)
        yield made
