"""What follows an attempt: each verdict one state, each delay within its bounds, and an end in sight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.retry import Next, after, delay
from mailgate.model import Outcome, State, Verdict

CREATED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FOUR_DAYS = timedelta(days=4)


def outcome(verdict: Verdict) -> Outcome:
    return Outcome(verdict, "dot", 250, "said")


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.ACCEPTED, State.ACCEPTED),
        (Verdict.REFUSED, State.REFUSED),
        (Verdict.UNSURE, State.UNSURE),
        (Verdict.LATER, State.QUEUED),
    ],
)
def test_each_verdict_has_its_state(verdict: Verdict, state: State) -> None:
    found = after(outcome(verdict), 1, CREATED, CREATED, 0, FOUR_DAYS)
    assert found.state is state
    if verdict is not Verdict.LATER:
        assert found.at == CREATED


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(0, 1), (1, 1), (2, 5), (3, 15), (4, 30), (5, 60), (6, 120), (7, 240), (8, 480), (9, 480), (10_000, 480)],
)
def test_the_wait_grows_to_eight_hours(attempts: int, minutes: int) -> None:
    assert delay(attempts, 0) == timedelta(minutes=minutes)
    assert delay(attempts, 1) == timedelta(minutes=minutes) * 1.1
    assert delay(attempts, -1) == timedelta(minutes=minutes) * 0.9


def test_a_delay_ends_as_expired_once_the_next_try_would_come_too_late() -> None:
    just_in_time = CREATED + FOUR_DAYS - timedelta(minutes=480)
    assert after(outcome(Verdict.LATER), 8, CREATED, just_in_time, 0, FOUR_DAYS) == Next(
        State.QUEUED, CREATED + FOUR_DAYS
    )
    late = just_in_time + timedelta(microseconds=1)
    assert after(outcome(Verdict.LATER), 8, CREATED, late, 0, FOUR_DAYS) == Next(State.EXPIRED, late)


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REFUSED, Verdict.UNSURE])
def test_a_late_end_keeps_its_own_name(verdict: Verdict) -> None:
    long_after = CREATED + 10 * FOUR_DAYS
    assert after(outcome(verdict), 50, CREATED, long_after, 0, FOUR_DAYS).state.value == verdict.value


@given(st.integers(1, 60), st.floats(-1, 1), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_the_next_try_is_always_in_the_future_and_never_after_the_end(
    attempts: int, jitter: float, age: timedelta
) -> None:
    now = CREATED + age
    found = after(outcome(Verdict.LATER), attempts, CREATED, now, jitter, FOUR_DAYS)
    if found.state is State.QUEUED:
        assert now < found.at <= CREATED + FOUR_DAYS
    else:
        assert found == Next(State.EXPIRED, now)


@given(st.floats(-1, 1))
def test_always_delayed_it_ends_after_some_twenty_tries(jitter: float) -> None:
    now, tries = CREATED, 0
    while True:
        tries += 1
        found = after(outcome(Verdict.LATER), tries, CREATED, now, jitter, FOUR_DAYS)
        if found.state is State.EXPIRED:
            break
        now = found.at
    assert 15 <= tries <= 25
