"""Which copies of the registry stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailgate.core.copies import kept
from tests.builders import NOW


def daily(days: int) -> list[datetime]:
    return [NOW - timedelta(days=n) for n in range(days)]


def test_the_newest_stay() -> None:
    made = daily(20)  # back to 4 November
    assert kept(made, 14) == set(made[:14])


def test_the_last_of_each_month_stays_for_a_year_and_of_each_year_for_good() -> None:
    made = daily(3 * 366)
    stay = sorted(kept(made, 2), reverse=True)
    assert [f"{at:%Y-%m-%d}" for at in stay] == [
        "2026-11-23", "2026-11-22", "2026-10-31", "2026-09-30", "2026-08-31", "2026-07-31", "2026-06-30", "2026-05-31",
        "2026-04-30", "2026-03-31", "2026-02-28", "2026-01-31", "2025-12-31", "2024-12-31", "2023-12-31",
    ]  # fmt: skip


def test_no_copy_no_choice() -> None:
    assert kept([], 14) == set()
