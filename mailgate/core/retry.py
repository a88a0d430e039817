"""What happens to an outbox item after an attempt."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from mailgate.model import Outcome, State, Verdict

_MINUTES = (1, 5, 15, 30, 60, 120, 240, 480)


class Next(NamedTuple):
    """The item's next state, and when it is due again (meaningful for QUEUED and UNSURE)."""

    state: State
    at: datetime


def delay(attempts: int, jitter: float) -> timedelta:
    """Wait before the next try: 1 minute growing to 8 hours, ±10 % by ``jitter`` in [-1, 1] so that retries spread."""
    minutes = _MINUTES[min(max(attempts, 1), len(_MINUTES)) - 1]
    return timedelta(minutes=minutes) * (1 + 0.1 * jitter)


def after(outcome: Outcome, attempts: int, created: datetime, now: datetime, jitter: float, give_up: timedelta) -> Next:
    """The arrow that leaves ``trying``. A refusal ends it; a delay queues it again until ``give_up`` is over."""
    if outcome.verdict is Verdict.ACCEPTED:
        return Next(State.ACCEPTED, now)
    if outcome.verdict is Verdict.REFUSED:
        return Next(State.REFUSED, now)
    if outcome.verdict is Verdict.UNSURE:
        return Next(State.UNSURE, now)
    due = now + delay(attempts, jitter)
    return Next(State.EXPIRED, now) if due > created + give_up else Next(State.QUEUED, due)
