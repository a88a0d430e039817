"""What a mandated check comes to: in time, late, missed; and why."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mailgate.core import slots
from mailgate.model_entry import Closing
from tests.builders import NOW

GRACE = timedelta(minutes=10)
NINE = NOW
ELEVEN = NOW.replace(hour=11)


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return NOW.replace(day=day, hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("started", "ended", "expected"),
    [
        (at(9), at(9, 10), [Closing(NINE, "done", "")]),
        (at(9), at(9, 11), [Closing(NINE, "late", "การตรวจแล้วเสร็จช้ากว่ากำหนด")]),
        (at(8, 59), at(9, 1), []),
        (at(11, 3), at(11, 4), [Closing(NINE, "late", "การตรวจแล้วเสร็จช้ากว่ากำหนด"), Closing(ELEVEN, "done", "")]),
        (at(9, day=24), at(9, day=24), []),
    ],
)
def test_a_check_fulfils_what_was_due_that_day_before_it_began(
    started: datetime, ended: datetime, expected: list[Closing]
) -> None:
    assert slots.fulfilled([(NINE, ""), (ELEVEN, "")], started, ended, GRACE, "") == expected


def test_the_reason_known_first_is_kept_then_what_went_wrong() -> None:
    [late] = slots.fulfilled([(NINE, "ไฟดับ")], at(10), at(10), GRACE, "no server")
    assert late.reason == "ไฟดับ"
    [late] = slots.fulfilled([(NINE, "")], at(10), at(10), GRACE, "no server")
    assert late.reason == "ตรวจกล่องจดหมายไม่สำเร็จ: no server"


def test_only_days_that_have_passed_are_missed() -> None:
    rows = [(NINE, ""), (ELEVEN, "x")]
    assert slots.missed(rows, at(23, 59), "") == []
    assert slots.missed(rows, at(0, day=24), "") == [
        Closing(NINE, "missed", "ระบบมิได้ทำงานเมื่อถึงเวลาตรวจ"),
        Closing(ELEVEN, "missed", "x"),
    ]


@pytest.mark.parametrize(
    ("now", "away_since", "expected"),
    [
        (at(9, 10), None, ""),
        (at(9, 11), None, "ระบบมิได้ทำงานเมื่อถึงเวลาตรวจ"),
        (at(9, 11), at(9, 5), "ระบบมิได้ทำงานเมื่อถึงเวลาตรวจ"),
        (at(10), at(8), "ระบบมิได้ทำงานตั้งแต่ ๒๓ พฤศจิกายน ๒๕๖๙ เวลา ๐๘.๐๐ น. ถึง ๒๓ พฤศจิกายน ๒๕๖๙ เวลา ๑๐.๐๐ น."),
    ],
)
def test_why_nobody_was_there(now: datetime, away_since: datetime | None, expected: str) -> None:
    assert slots.why_opened_late(NINE, now, GRACE, away_since) == expected
