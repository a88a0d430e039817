"""How many automatic replies may go out, and when somebody's mail looks like a loop (RFC 3834 6).

A limit is asked as "when was the n-th last one?": that stays quick however many there were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from mailgate.config_answers import Limits
from mailgate.model_entry import Over

Scope = Literal["address", "domain", "all"]
NthLast = Callable[[Scope, int], datetime | None]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_USUAL_TIMES = 5
_USUAL_LEAST = 60  # a quiet office may have a busy day


class Limit(NamedTuple):
    """At most so many within a window, of this scope."""

    scope: Scope
    most: int
    window: timedelta
    why: str


def over(
    limits: Limits, domain: str, usual: int, nth_last: NthLast, now: datetime, *, returned: bool = False
) -> Over | None:
    """The limit that one more reply would break and lasts longest, or None.

    ``usual``: the busiest hour known, 0 if none. ``returned``: that address answers our replies lately.
    A clock that was set back counts as now.
    """
    reached = [
        Over(limit.why, at + limit.window)
        for limit in _table(limits, domain, usual, returned)
        if limit.most and (at := nth_last(limit.scope, limit.most)) is not None and at > now - limit.window
    ]
    return max(reached, key=lambda o: o.until, default=None)


def is_return(limits: Limits, arrived: datetime, answered: datetime | None) -> bool:
    """Whether a mail came soon after our last reply before it, as the answer of a machine does."""
    return answered is not None and arrived <= answered + limits.return_within


def is_loop(limits: Limits, nth_echo: NthLast, now: datetime) -> bool:
    """Whether the mail at hand is the ``loop_after``-th of its sender within the window that refers to ours."""
    before = nth_echo("address", limits.loop_after - 1)
    return before is not None and before > now - limits.loop_window


def _table(limits: Limits, domain: str, usual: int, returned: bool) -> Iterator[Limit]:
    yield Limit("address", limits.per_address_hour, HOUR, "ครบจำนวนคำตอบถึงที่อยู่นี้ในหนึ่งชั่วโมง")
    yield Limit("address", limits.per_address_day, DAY, "ครบจำนวนคำตอบถึงที่อยู่นี้ในหนึ่งวัน")
    if returned:
        yield Limit("address", limits.per_returner_day, DAY, "ผู้ส่งรายนี้ตอบกลับข้อความอัตโนมัติของสำนักงานหลายครั้งในหนึ่งวัน")
    if domain not in limits.free_mail:
        yield Limit("domain", limits.per_domain_hour, HOUR, "ครบจำนวนคำตอบถึงโดเมนนี้ในหนึ่งชั่วโมง")
    yield Limit("all", limits.per_hour, HOUR, "ครบจำนวนคำตอบทั้งหมดในหนึ่งชั่วโมง")
    if usual and limits.per_hour:
        most = max(_USUAL_LEAST, _USUAL_TIMES * usual)
        yield Limit("all", most, HOUR, "จำนวนคำตอบในหนึ่งชั่วโมงสูงกว่าปกติมาก")
