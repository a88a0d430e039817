"""The watch where the registry is missing, damaged or hangs, or where another process hangs: it tells, and ends."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mailgate.config import Config
from mailgate.edges import alarm_book
from mailgate.edges.alarm_book import AlarmBook
from mailgate.jobs import watching
from tests import builders


@pytest.fixture
def config(tmp_path: Path) -> Config:
    command = ["/bin/sh", "-c", f"cat >> {tmp_path}/told.txt"]
    return builders.config(tmp_path, alarm={"command": command, "disk_free": 0})


def told(config: Config) -> str:
    return (config.registry.path.parent / "told.txt").read_text("utf-8")


async def test_a_registry_that_is_missing_is_told_and_not_made(config: Config) -> None:
    for _ in range(2):
        assert [c.key for c in await watching.watch(config)] == ["registry"]
    assert told(config).count("there is no registry") == 1
    assert not config.registry.path.exists()


async def test_damage_that_nobody_thought_of_is_told(config: Config) -> None:
    with builders.office(config) as office:
        office.store.db.sql.execute("DROP TABLE slot")
    assert [c.key for c in await watching.watch(config)] == ["registry"]
    assert "no such table: slot" in told(config)


async def test_a_registry_that_does_not_answer_is_told(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    config.registry.path.touch()
    free = threading.Event()
    with monkeypatch.context() as hung:
        hung.setattr(watching, "_LOOK_SECONDS", 0.05)
        hung.setattr(watching, "_look", lambda _: free.wait())
        assert [c.key for c in await watching.watch(config)] == ["registry"]
        free.set()
    assert "ทะเบียนไม่ตอบสนอง" in told(config)
    found = await watching.watch(config)
    assert [c.key for c in found] == ["daemon"]
    assert "เหตุที่สิ้นสุดแล้ว" in told(config)


async def test_a_process_that_hangs_over_the_book_keeps_nobody_from_telling(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm_book, "PATIENCE", 0.05)
    hung = AlarmBook(config.registry.path)
    held = hung.lock()
    await watching.watch(config)
    hung.unlock(held)
    assert "there is no registry" in told(config)


def test_it_ends_in_time_whatever_hangs() -> None:
    script = (
        "import time\nfrom mailgate.jobs import watching\n"
        "async def hang(config):\n    time.sleep(60)\n"
        "watching._LONGEST, watching.watch = 0.2, hang\nwatching.run(None)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=30).returncode == 1
