"""Limits of replies and the loop brake, on a history of moments."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config_answers import Limits
from mailgate.core.limits import NthLast, Scope, is_loop, over
from tests.builders import NOW

MINUTE = timedelta(minutes=1)


def history(**minutes_ago: list[float]) -> NthLast:
    """Answers of each scope so many minutes ago."""
    moments = {scope: sorted((NOW - m * MINUTE for m in ago), reverse=True) for scope, ago in minutes_ago.items()}

    def nth_last(scope: Scope, n: int) -> datetime | None:
        found = moments.get(scope, [])
        return found[n - 1] if len(found) >= n else None

    return nth_last


def test_the_sixth_reply_within_an_hour_waits_until_the_first_is_an_hour_old() -> None:
    found = over(Limits(), "b.test", 0, history(address=[50, 40, 30, 20, 10]), NOW)
    assert found is not None
    assert found.until == NOW + 10 * MINUTE


def test_the_fifth_does_not() -> None:
    assert over(Limits(), "b.test", 0, history(address=[50, 40, 30, 20]), NOW) is None
    assert over(Limits(), "b.test", 0, history(address=[61, 40, 30, 20, 10]), NOW) is None


def test_the_longest_lasting_limit_decides() -> None:
    twenty = [float(m) for m in range(1, 21)]
    found = over(Limits(), "b.test", 0, history(address=twenty), NOW)
    assert found is not None
    assert found.until == NOW + timedelta(days=1) - 20 * MINUTE


def test_a_domain_many_share_has_no_limit_of_its_own() -> None:
    sixty = [1.0] * 60
    assert over(Limits(), "b.test", 0, history(domain=sixty), NOW) is not None
    assert over(Limits(), "gmail.com", 0, history(domain=sixty), NOW) is None


def test_all_together_are_limited() -> None:
    assert over(Limits(), "b.test", 0, history(all=[1.0] * 199), NOW) is None
    assert over(Limits(), "b.test", 0, history(all=[1.0] * 200), NOW) is not None


@pytest.mark.parametrize(
    ("usual", "answers", "limited"), [(30, 149, False), (30, 150, True), (1, 59, False), (1, 60, True)]
)
def test_five_times_the_busiest_hour_is_a_limit_too(usual: int, answers: int, limited: bool) -> None:
    found = over(Limits(), "b.test", usual, history(all=[1.0] * answers), NOW)
    assert (found is not None) is limited


def test_no_limit_asks_nothing() -> None:
    none = Limits(per_address_hour=0, per_address_day=0, per_domain_hour=0, per_hour=0)

    def never(scope: Scope, n: int) -> datetime | None:
        raise AssertionError(scope, n)

    assert over(none, "b.test", 5, never, NOW) is None


@given(st.lists(st.floats(0, 3000), max_size=60))
def test_when_there_is_room_again_one_more_breaks_no_limit(ago: list[float]) -> None:
    """Waiting as told is enough: at that moment the same history allows a reply."""
    found = over(Limits(), "b.test", 0, history(address=ago, domain=ago, all=ago), NOW)
    if found is not None:
        assert found.until > NOW
        assert over(Limits(), "b.test", 0, history(address=ago, domain=ago, all=ago), found.until) is None


def test_the_third_echo_within_ten_minutes_is_a_loop() -> None:
    assert is_loop(Limits(), history(address=[9, 5]), NOW)
    assert not is_loop(Limits(), history(address=[11, 5]), NOW)
    assert not is_loop(Limits(), history(address=[5]), NOW)
