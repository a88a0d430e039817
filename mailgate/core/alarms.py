"""Which alarms to raise and which are solved, and in what words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from mailgate.core import thai

NO_ENDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that endangers the duty. ``key`` names it for as long as it lasts; ``text``: Thai, one line or more.

    ``ends``: False for what cannot be mended, such as a check that was missed for good: its end is not told.
    """

    key: str
    text: str
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Up:
    """An alarm that was sent, or is to be: when it came up (ISO 8601 with offset), and its text then."""

    since: str
    text: str
    sent: bool
    ends: bool = True


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told now: what came up, what is solved."""

    raised: Mapping[str, str]
    solved: Mapping[str, Up]

    def __bool__(self) -> bool:
        return bool(self.raised or self.solved)


NOTHING = Notice({}, {})


def within(up: Mapping[str, Up], scopes: Iterable[str]) -> dict[str, Up]:
    """The alarms of these kinds: whoever did not look at a thing cannot say that it is solved."""
    kinds = set(scopes)
    return {key: alarm for key, alarm in up.items() if key.partition(":")[0] in kinds}


def notice(up: Mapping[str, Up], found: Iterable[Condition], ends: Mapping[str, str] = NO_ENDS) -> Notice:
    """Each condition is told once when it comes up, and once when it is gone; what was never sent needs no end.

    ``ends``: by key, how it ended, where that is known; else the text tells what it was.
    """
    now = {c.key: c.text for c in found}
    raised = {key: text for key, text in now.items() if key not in up or not up[key].sent}
    over = {key: alarm for key, alarm in up.items() if key not in now and alarm.sent and alarm.ends}
    return Notice(raised, {key: replace(alarm, text=ends.get(key, alarm.text)) for key, alarm in over.items()})


def booked(up: Mapping[str, Up], found: Iterable[Condition], now: datetime, sent: bool) -> dict[str, Up]:
    """The book after the telling; what could not be told is told again next time."""
    kept = {}
    for c in found:
        before = up.get(c.key)
        since = before.since if before else now.isoformat(timespec="seconds")
        kept[c.key] = Up(since, c.text, sent or bool(before and before.sent), c.ends)
    if not sent:
        kept |= {key: alarm for key, alarm in up.items() if key not in kept and alarm.sent and alarm.ends}
    return kept


def carried(text: str) -> str:
    """The text as every way can carry it: bytes of a command line that were no UTF-8 are marked."""
    return text.encode("utf-8", "replace").decode()


def subject(office: str, told: Notice) -> str:
    """One line."""
    count = len(told.raised)
    what = f"แจ้งเหตุ {count} รายการ" if count else "เหตุที่แจ้งไว้สิ้นสุดแล้ว"
    return f"[mailgate] {what}: {office}"


def text(office: str, told: Notice, now: datetime) -> str:
    """The message: Thai first, a line of English, no word of what anybody wrote."""
    lines = [f"{office}", f"เวลา {thai.long_moment(now)}", ""]
    if told.raised:
        lines += ["เหตุที่ต้องดำเนินการ", *(f"- {thai.tidy(said, 600)}" for said in told.raised.values()), ""]
    if told.solved:
        lines += ["เหตุที่สิ้นสุดแล้ว", *(f"- {thai.tidy(alarm.text, 600)}" for alarm in told.solved.values()), ""]
    lines += [
        "ดูรายละเอียดด้วยคำสั่ง mailgate status และ mailgate alarm list",
        f"{len(told.raised)} alarm(s) raised, {len(told.solved)} solved; see: mailgate status",
    ]
    return "\n".join(lines) + "\n"
