"""Stopped at every named point; and with bugs seeded on purpose, which must be caught."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash import letters
from tests.crash.machine import KILLED, ForkServer, Maker
from tests.crash.mutants import MUTANTS


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
