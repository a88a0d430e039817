"""The daemon's own decisions on a paper office: what is due, absences, the watchdog, reloading, the ticker."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailgate.config import Config
from mailgate.daemon import Daemon
from mailgate.edges.notify import Notifier
from mailgate.edges.presence import Presence
from mailgate.errors import ConfigError
from mailgate.jobs import alarms
from tests import builders
from tests.builders import NOW, Away, PaperOffice
from tests.jobs.letters import letter, sent


class Ear(Notifier):
    """Remembers what systemd would hear."""

    def __init__(self) -> None:
        super().__init__({})
        self.heard: list[str] = []

    def _tell(self, **fields: str) -> None:
        self.heard.append(next(iter(fields)))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path)) as made:
        yield made


def daemon(office: PaperOffice, config: Config | ConfigError | None = None) -> tuple[Daemon, Ear]:
    def load() -> Config:
        if isinstance(config, ConfigError):
            raise config
        return config or office.config

    ear = Ear()
    return Daemon(office, load, ear), ear


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return NOW.replace(day=day, hour=hour, minute=minute)


async def turn(worked: Daemon, now: datetime) -> int:
    """A minute of the daemon; how many checks it made."""
    before = worked.work["checks"]
    worked.office.clock.set(now)  # type: ignore[attr-defined]
    await worked.notice()
    await worked.intake.turn()
    await worked.reading.turn()
    await worked.digest.turn()
    await worked.outbox.turn()
    return worked.work["checks"] - before


async def test_a_check_at_each_mandated_time_and_none_between(office: PaperOffice) -> None:
    worked, _ = daemon(office)
    made = [(h, m) for h in range(8, 18) for m in range(0, 60, 5) if await turn(worked, at(h, m))]
    assert made == [(9, 0), (11, 0), (14, 0), (16, 0)]


async def test_none_on_days_off(office: PaperOffice) -> None:
    worked, _ = daemon(office)
    assert await turn(worked, at(12, day=22)) == 0


async def test_a_letter_is_registered_and_answered(office: PaperOffice) -> None:
    worked, _ = daemon(office)
    office.box.deliver(letter(1), NOW)
    await turn(worked, NOW)
    assert worked.work == {"checks": 1, "registered": 1, "acknowledged": 1}


async def test_a_check_that_fails_is_tried_again_soon_and_not_at_once(office: PaperOffice) -> None:
    worked, _ = daemon(office)
    there, office.post = office.post, Away()
    tried = []
    for minute in range(60):
        before = worked.intake.failed
        await turn(worked, at(9, minute))
        tried += [minute] if worked.intake.failed > before else []
    assert tried[:3] == [0, 1, 6]
    assert max(b - a for a, b in itertools.pairwise(tried)) <= 10
    office.post = there
    assert sum([await turn(worked, at(10, m)) for m in range(15)]) == 1


async def test_an_absence_is_noted_and_made_up(office: PaperOffice) -> None:
    worked, _ = daemon(office)
    await turn(worked, at(9))
    assert await turn(worked, at(11, 30)) == 1  # the machine slept
    row = office.store.slots.between(at(11), at(12))[0]
    assert row["state"] == "late"
    assert "ตั้งแต่ ๒๓ พฤศจิกายน ๒๕๖๙ เวลา ๐๙.๐๐ น." in row["reason"]


async def test_a_restart_knows_since_when_it_was_away(office: PaperOffice) -> None:
    worked, _ = daemon(office)
    await turn(worked, at(9))
    again, _ = daemon(office)
    assert await turn(again, at(14, 30)) == 1
    assert [row["state"] for row in office.store.slots.between(at(9), at(15))] == ["done", "late", "late"]


async def test_the_clock_may_be_set_back_by_hours(office: PaperOffice) -> None:
    worked, _ = daemon(office)
    await turn(worked, at(11, 5))
    assert await turn(worked, at(9, 30)) == 1  # the check of 9 was never made, as far as this clock can tell
    assert await turn(worked, at(11)) == 1


async def test_the_machines_own_time_zone_does_not_matter(office: PaperOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    worked, _ = daemon(office)
    try:
        for zone, hour in (("Pacific/Auckland", 9), ("America/Anchorage", 11), ("UTC", 14)):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert await turn(worked, at(hour)) == 1
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [row["state"] for row in office.store.slots.between(at(9), at(15))] == ["done"] * 3


async def test_the_ticker_is_wound_up_anew_when_the_clock_was_set_back(
    office: PaperOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked, _ = daemon(office)
    worked._wind_up()
    for job in worked._ticker.get_jobs():
        job.next_run = datetime.now() + timedelta(hours=3)  # noqa: DTZ005 - schedule goes by local time

    async def stop(tasks: object) -> None:
        office.stopping.set()

    monkeypatch.setattr(worked, "_sleep", stop)
    await worked._tick_until_stopped(set())
    assert (worked._ticker.idle_seconds or 0) <= 60


async def test_the_year_ends_at_midnight(office: PaperOffice) -> None:
    worked, _ = daemon(office)
    for now, number in (
        (datetime(2026, 12, 30, 16, tzinfo=builders.ZONE), 1),
        (datetime(2027, 1, 4, 9, tzinfo=builders.ZONE), 2),
    ):
        office.box.deliver(letter(number), now)
        await turn(worked, now)
    assert [str(r["number"]) + "/" + str(r["year"]) for r in office.store.reports.letters()] == ["1/2569", "1/2570"]


async def test_the_watchdog_is_fed_only_while_nothing_hangs(office: PaperOffice) -> None:
    worked, ear = daemon(office)
    await worked._beat()
    assert ear.heard == ["WATCHDOG"]
    hang, began = asyncio.Event(), asyncio.Event()

    async def step() -> bool:
        began.set()
        await hang.wait()
        return False

    worked.intake._step, worked.intake._within = step, -1
    task = asyncio.create_task(worked.intake.turn())
    await began.wait()
    await worked._beat()
    assert ear.heard == ["WATCHDOG"]
    hang.set()
    await task
    await worked._beat()
    assert ear.heard == ["WATCHDOG", "WATCHDOG"]


async def test_a_registry_that_hangs_starves_the_watchdog(office: PaperOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    worked, ear = daemon(office)
    go = threading.Event()
    monkeypatch.setattr("mailgate.daemon._ANSWER_SECONDS", 0.01)
    hanging = asyncio.create_task(office.registry(go.wait))
    await asyncio.sleep(0)
    await worked._beat()
    assert ear.heard == []
    go.set()
    await hanging


async def test_a_reload_takes_the_new_config_or_keeps_the_old(office: PaperOffice, tmp_path: Path) -> None:
    changed = builders.config(tmp_path, checks={"times": ["10:00"]})
    worked, ear = daemon(office, changed)
    await worked.reload()
    assert worked.office.config.checks.times == changed.checks.times
    assert worked.office.store is office.store
    assert ear.heard[:2] == ["RELOADING", "READY"]
    broken, _ = daemon(office, ConfigError("config has 1 problem(s)"))
    await broken.reload()
    assert broken.office is office
    assert broken._guard.config_problem == "config has 1 problem(s)"
    elsewhere, _ = daemon(office, builders.config(tmp_path / "other"))
    await elsewhere.reload()
    assert elsewhere.office is office
    assert "Restart" in elsewhere._guard.config_problem


async def test_a_calendar_without_a_working_day_stops_nothing_else(tmp_path: Path) -> None:
    closed = builders.config(tmp_path, calendar={"add": [NOW.date() + timedelta(n) for n in range(800)]})
    with builders.office(closed) as office:
        worked, ear = daemon(office)
        await turn(worked, at(9))
        await worked.look_after()
        assert worked.work["checks"] == 0
        assert ear.heard == ["STATUS"]
        assert "calendar" in alarms.listed(closed)
    with builders.office(builders.config(tmp_path)) as office:
        worked, _ = daemon(office, closed)
        await worked.reload()
        assert worked.office is office
        assert "no working day" in worked._guard.config_problem
        await worked.look_after()
        assert "calendar" not in alarms.listed(closed)


def test_the_last_sign_of_life(tmp_path: Path) -> None:
    presence = Presence(tmp_path / "registry.db")
    assert presence.last() is None
    presence.touch(NOW)
    assert presence.last() == NOW
    presence.touch(NOW + timedelta(hours=1))
    assert Presence(tmp_path / "registry.db").last() == NOW + timedelta(hours=1)
    Presence(tmp_path / "away" / "registry.db").touch(NOW)  # a disk that refuses stops nothing


async def test_the_clerk_is_told_of_each_check_and_of_the_day(office: PaperOffice) -> None:
    worked, _ = daemon(office)
    await turn(worked, at(8))
    for hour, minute in itertools.product(range(9, 18), range(0, 60, 10)):
        if (hour, minute) == (10, 50):
            office.box.deliver(builders.raw_mail(), at(10, 49))
        await turn(worked, at(hour, minute))
    told = [str(mail["Subject"]) for mail in sent(office, "digest")]
    assert [("รอบ ๑๑.๐๐" in subject, "ประจำวัน" in subject) for subject in told] == [(True, False), (False, True)]
