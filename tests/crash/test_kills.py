"""Killed at random moments of a check."""

from __future__ import annotations

import random
import time

import pytest

from tests.crash import letters
from tests.crash.machine import KILLED, ForkServer, Maker

RANDOM_KILLS = 200
KILLS_A_MAILBOX = 5


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
