"""A simulated year 2569: an office with its holidays on a machine that crashes, sleeps, and loses server and clock."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from mailgate.core import thai
from mailgate.daemon import Daemon
from mailgate.edges.holiday_seed import name_of
from mailgate.edges.notify import Notifier
from mailgate.edges.store.database import moment
from mailgate.jobs.verify import verify
from tests import builders
from tests.builders import ZONE, Away, PaperOffice
from tests.jobs.letters import letter

TIMES = (time(9), time(11), time(14), time(16))
LOOKS = tuple(
    time.fromisoformat(t)
    for t in "08:25 08:59 09:00 09:04 09:12 10:10 11:00 11:03 11:15 12:30 14:00 14:06 14:11 15:20 16:00 16:05 16:20 "
    "17:40 23:58".split()
)
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def mandated() -> list[datetime]:
    """Every mandated check of the year, by a calendar of the test's own."""
    days = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
    working = [d for d in days if d.weekday() < 5 and not name_of(d)]
    return [datetime.combine(d, t, ZONE) for d in working for t in TIMES]


class Machine:
    """The office's computer. ``skew``: how wrong its clock is; ``on``: whether anything runs at all."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.sent = folder / "alarms.txt"
        alarm = {"command": ["/bin/sh", "-c", f"cat >> {self.sent}"]}
        self.config = builders.config(folder, alarm=alarm)
        self.skew = timedelta()
        self._stack = stack
        self.office = self._open(datetime.combine(FIRST, time(), ZONE))
        self.daemon = self._started()

    def _open(self, now: datetime) -> PaperOffice:
        return self._stack.enter_context(builders.office(self.config, now=now))

    def _started(self) -> Daemon:
        return Daemon(self.office, lambda: self.config, Notifier({}))

    def restart(self) -> None:
        """A crash: nothing is said goodbye to; the mailbox is elsewhere and stays."""
        post = self.office.post
        self._stack.close()
        self.office = self._open(self.office.clock.now())
        self.office.post = post
        self.daemon = self._started()

    async def live(self, true: datetime) -> None:
        """A few seconds of work at this moment."""
        self.office.paper_clock.set(true + self.skew)
        await self.daemon.notice()
        for worker in self.daemon.workers:
            await worker.turn()


def history(chance: random.Random) -> Iterator[tuple[datetime, set[str]]]:
    """Every moment somebody could look, with what is wrong then: off, asleep, away, crash, ahead, back."""
    until = dict.fromkeys(("off", "asleep", "away", "ahead", "back"), datetime.combine(FIRST, time(), ZONE))
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(n)
        for look in LOOKS if day.weekday() < 5 else LOOKS[::9]:
            now = datetime.combine(day, look, ZONE)
            for trouble in until:
                if chance.random() < 0.004:
                    until[trouble] = now + timedelta(hours=chance.choice((1, 3, 8, 30, 80)))
            wrong = {trouble for trouble, end in until.items() if now < end}
            yield now, wrong | ({"crash"} if chance.random() < 0.02 else set())


@pytest.mark.parametrize("seed", range(1))
@pytest.mark.timeout(300)
async def test_every_mandated_check_is_accounted_for(tmp_path: Path, seed: int) -> None:
    chance, was_wrong, letters = random.Random(seed), set[str](), 0
    with ExitStack() as stack:
        machine = Machine(tmp_path, stack)
        there = machine.office.box
        for now, wrong in history(chance):
            if wrong & {"crash"} or (was_wrong & {"off"} and "off" not in wrong):
                machine.restart()
            if chance.random() < 0.02:
                there.deliver(letter(letters), now)
                letters += 1
            machine.office.post = Away() if "away" in wrong else there
            machine.skew = timedelta(hours=7 * ("ahead" in wrong) - 5 * ("back" in wrong))
            if not wrong & {"off", "asleep"}:
                await machine.live(now)
            was_wrong = wrong
        machine.office.post, machine.skew = there, timedelta()
        await machine.live(datetime.combine(LAST + timedelta(1), time(0, 5), ZONE))
        rows = machine.office.store.slots.between(*_bounds())
        due = mandated()
        assert len(due) == 964  # 241 working days
        assert [moment(row["due_at"]) for row in rows] == due
        states = [row["state"] for row in rows]
        assert set(states) <= {"done", "late", "missed"}
        assert states.count("done") > 500
        assert all(row["reason"] for row in rows if row["state"] != "done")
        said = machine.sent.read_text("utf-8")
        missed = [moment(row["due_at"]) for row in rows if row["state"] == "missed"]
        assert missed
        assert all(thai.long_moment(due.astimezone(ZONE)) in said for due in missed if due)
        assert verify(machine.office).problems == []
        assert len(machine.office.store.reports.letters()) + len(there.inbox) == letters


async def test_an_undisturbed_year_is_a_year_in_time(tmp_path: Path) -> None:
    with ExitStack() as stack:
        machine = Machine(tmp_path, stack)
        for due in mandated():
            await machine.live(due)
        rows = machine.office.store.slots.between(*_bounds())
        assert [(moment(row["due_at"]), row["state"]) for row in rows] == [(due, "done") for due in mandated()]
        assert not machine.sent.exists()


def _bounds() -> tuple[datetime, datetime]:
    return datetime.combine(FIRST, time(), ZONE), datetime.combine(LAST + timedelta(1), time(), ZONE)
