"""Stopped at every named point, killed at random moments; and with bugs seeded on purpose, which must be caught."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash import letters
from tests.crash.conftest import SinkProcess
from tests.crash.machine import ForkServer, Machine
from tests.crash.mutants import MUTANTS
from tests.servers.dovecot import Dovecot

Maker = Callable[[list[bytes]], Machine]
KILLED = -9
RANDOM_KILLS = 200
KILLS_A_MAILBOX = 5


@pytest.fixture
def machines(tmp_path: Path, mailbox: Dovecot, sink_process: SinkProcess) -> Maker:
    """A maker of fresh offices in front of a mailbox filled anew."""
    count = iter(range(10_000))

    def make(mails: list[bytes]) -> Machine:
        mailbox.empty()
        mailbox.drop_in(mails)
        return Machine(tmp_path / str(next(count)), mailbox, sink_process.port, sink_process.record)

    return make


def points_of(machines: Maker, program: ForkServer, tmp_path: Path) -> list[str]:
    """Every named point of an undisturbed run of the ten-mail check, as name:k."""
    log, mails = tmp_path / "points.txt", letters.ten()
    machine = machines(mails)
    assert program.run(machine.job(points_log=str(log))) == 0, machine.log()
    assert machine.violations(mails, letters.ANSWERED) == []
    return log.read_text().split()


@pytest.mark.timeout(1200)
def test_a_crash_at_every_named_point_breaks_no_law(machines: Maker, program: ForkServer, tmp_path: Path) -> None:
    points, mails, failures, stopped = points_of(machines, program, tmp_path), letters.ten(), [], 0
    for point in points:
        machine = machines(mails)
        code = program.run(machine.job(crash_at=point))
        stopped += code == KILLED
        again = program.run(machine.job())
        failures += [f"{point}: {v}" for v in machine.violations(mails, letters.ANSWERED)]
        failures += [f"{point}: resumed with {again}: {machine.log()[-500:]}"] if again not in (0, 3) else []
    assert failures == []
    # What runs at the same time may change the count of a name from run to run, but hardly ever.
    assert stopped >= 0.97 * len(points), f"only {stopped} of {len(points)} points were reached"
    print(f"{len(points)} points, {stopped} crashes, names: {sorted({p.split(':')[0] for p in points})}")


@pytest.mark.timeout(1800)
def test_sigkill_at_random_moments_of_a_check_of_200_letters(machines: Maker, program: ForkServer) -> None:
    seed = random.randrange(1 << 32)
    chance, mails, kills = random.Random(seed), [letters.letter(n) for n in range(1, 201)], 0
    machine = machines(mails)
    start = time.perf_counter()
    assert program.run(machine.job()) == 0, machine.log()
    whole = time.perf_counter() - start
    while kills < RANDOM_KILLS:
        machine = machines(mails)
        for _ in range(KILLS_A_MAILBOX):
            kills += program.run(machine.job(), kill_after=chance.uniform(0.02, whole)) == KILLED
        assert program.run(machine.job()) in (0, 3), machine.log()
        assert machine.violations(mails, len(mails)) == [], f"seed {seed}\n{machine.log()[-2000:]}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_seeded_ordering_bug_is_caught(machines: Maker, program: ForkServer, tmp_path: Path, mutant: str) -> None:
    """Undisturbed, the bug does no harm; a crash, and a new UIDVALIDITY as of a rebuilt mailbox, bring it out."""
    mails = [mail for mail in letters.ten() if b"Received: from other" not in mail]
    log = tmp_path / "mutant-points.txt"
    machine = machines(mails)
    assert program.run(machine.job(points_log=str(log), mutant=mutant)) == 0, machine.log()
    assert machine.violations(mails, letters.ANSWERED) == []
    points = [p for p in log.read_text().split() if p.split(":")[0] in _WHERE_ORDER_MATTERS]
    for point in points:
        machine = machines(mails)
        program.run(machine.job(crash_at=point, mutant=mutant))
        machine.dovecot.renumber()
        again = program.run(machine.job(mutant=mutant))
        if again not in (0, 3) or machine.violations(mails, letters.ANSWERED):
            return
    pytest.fail(f"{mutant} was not caught at any of {len(points)} points")


_WHERE_ORDER_MATTERS = {
    "imap.move.after",
    "counter.committed",
    "register.written",
    "register.committed",
    "late.written",
    "smtp.dot",
    "smtp.answered",
}
