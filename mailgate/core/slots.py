"""What came of a mandated check (clause 3 of the order): done in time, late, or missed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from mailgate.core import thai
from mailgate.model_entry import Closing

_SLOW = "การตรวจแล้วเสร็จช้ากว่ากำหนด"
_NOT_AT_WORK = "ระบบมิได้ทำงานเมื่อถึงเวลาตรวจ"


def fulfilled(
    rows: Iterable[tuple[datetime, str]], started: datetime, ended: datetime, grace: timedelta, problem: str
) -> list[Closing]:
    """How a check that came to its end closes the open ones of its day.

    ``rows``: due time and reason known so far, all times in the office's zone; ``problem``: why an earlier try failed.
    A check fulfils only what was due before it began.
    """
    return [
        Closing(due, "done", "") if ended <= due + grace else Closing(due, "late", reason or _failed(problem) or _SLOW)
        for due, reason in rows
        if due <= started and due.date() == started.date()
    ]


def missed(rows: Iterable[tuple[datetime, str]], now: datetime, problem: str) -> list[Closing]:
    """Those of earlier days: a mandated day that has passed cannot be made up."""
    return [
        Closing(due, "missed", reason or _failed(problem) or _NOT_AT_WORK)
        for due, reason in rows
        if due.date() < now.date()
    ]


def why_opened_late(due: datetime, now: datetime, grace: timedelta, away_since: datetime | None) -> str:
    """The reason for a check that nobody was there to make; "" if it is not late yet."""
    if now <= due + grace:
        return ""
    if away_since is None or away_since > due:
        return _NOT_AT_WORK
    return f"ระบบมิได้ทำงานตั้งแต่ {thai.long_moment(away_since)} ถึง {thai.long_moment(now)}"


def _failed(problem: str) -> str:
    return f"ตรวจกล่องจดหมายไม่สำเร็จ: {problem}" if problem else ""
