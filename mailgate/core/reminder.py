"""Mails about service times that end: to the people of the office, and to citizens whose letter is overdue.

A reminder stays inside the office and names subjects, except of what is confidential. A delay notice goes to an address
that may be forged, and so repeats nothing of what the sender wrote (law 9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from mailgate.config import Config, Person
from mailgate.core import thai
from mailgate.core.letterhead import Letterhead, Outgoing, draft, office_values
from mailgate.model import Draft, Receipt

_LONGEST_SUBJECT = 100


@dataclass(frozen=True, slots=True)
class Pending:
    """A letter whose time ends or has ended. ``subject`` is "" for a confidential one."""

    receipt: Receipt
    due: date
    officer: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Untold:
    """A letter whose sender is to be told of the delay by a person; and why not by e-mail (Thai)."""

    receipt: Receipt
    due: date
    why: str


@dataclass(frozen=True, slots=True)
class Delay:
    """An overdue letter as its sender is told of it. A confidential one is its number alone."""

    receipt: Receipt
    received: date | None = None
    due: date | None = None
    officer: str = ""


def windows(last: date, today: date, before: Iterable[int], after: Iterable[int]) -> list[tuple[date, date]]:
    """Due dates, each (after, up to and including), of which a reminder falls into the days since the last one."""
    shifts = {*before, *(-days for days in after)}
    return [(last + timedelta(shift), today + timedelta(shift)) for shift in sorted(shifts)]


def mail(head: Letterhead, to: Person, values: Mapping[str, Any], item: int, now: datetime) -> Draft:
    """The reminder to one person, from the values of ``reminder_values``."""
    return draft(
        head,
        Outgoing(
            kind="reminder",
            item=item,
            letter="",
            recipient=to.email,
            subject=head.render("reminder.subject.txt", values).strip(),
            text=head.render("reminder.txt", values),
            made="auto-generated",
            now=now,
            threaded=False,
        ),
    )


def reminder_values(
    config: Config, to: Person, today: date, pending: Sequence[Pending], untold: Sequence[Untold] = ()
) -> dict[str, Any]:
    """The values of reminder.txt: the letters by officer, each the earliest due first."""
    digits = thai.digits if config.office.thai_digits else str
    groups = [
        {"officer": officer, "letters": [_line(config, p, today) for p in pending if p.officer == officer]}
        for officer in sorted({p.officer for p in pending})
    ]
    late = sum(p.due < today for p in pending)
    return {
        "office": office_values(config),
        "to": to.name,
        "is_clerk": to.email.lower() == config.office.clerk.email.lower(),
        "today": thai.long_date(today, thai_digits=config.office.thai_digits),
        "near": digits(len(pending) - late) if len(pending) > late else "",
        "late": digits(late) if late else "",
        "untold_count": digits(len(untold)) if untold else "",
        "groups": groups,
        "untold": [_untold(config, u) for u in untold],
    }


def notice(head: Letterhead, delay: Delay, recipient: str, item: int, now: datetime, *, copy: bool = False) -> Draft:
    """Tell a citizen that the letter is overdue; or a copy of that to whom the law names."""
    values = delay_values(head.config, delay, copy=copy)
    return draft(
        head,
        Outgoing(
            kind="delay",
            item=item,
            letter=str(delay.receipt),
            recipient=recipient,
            subject=head.render("delay.subject.txt", values).strip(),
            text=head.render("delay.txt", values),
            made="auto-generated",
            now=now,
        ),
    )


def delay_values(config: Config, delay: Delay, *, copy: bool = False) -> dict[str, Any]:
    """The values of delay.txt."""
    digits = thai.digits if config.office.thai_digits else str
    received, due = (_long(config, day) for day in (delay.received, delay.due))
    return {
        "office": office_values(config),
        "copy": copy,
        "receipt": digits(delay.receipt),
        "received": received,
        "due": due,
        "ask": delay.officer or config.office.clerk.name,
        "en": {"receipt": str(delay.receipt), "received": _english(delay.received), "due": _english(delay.due)},
    }


def _line(config: Config, pending: Pending, today: date) -> dict[str, str]:
    digits = thai.digits if config.office.thai_digits else str
    days = (pending.due - today).days
    left = f"เหลือ {days} วัน" if days > 0 else f"เกินกำหนด {-days} วัน" if days else "ครบกำหนดวันนี้"
    return {
        "receipt": digits(pending.receipt),
        "due": _long(config, pending.due),
        "left": digits(left),
        "subject": thai.tidy(pending.subject, _LONGEST_SUBJECT),
    }


def _untold(config: Config, untold: Untold) -> dict[str, str]:
    digits = thai.digits if config.office.thai_digits else str
    return {"receipt": digits(untold.receipt), "due": _long(config, untold.due), "why": untold.why}


def _long(config: Config, day: date | None) -> str:
    return thai.long_date(day, thai_digits=config.office.thai_digits) if day else ""


def _english(day: date | None) -> str:
    return f"{day:%-d %B %Y}" if day else ""
