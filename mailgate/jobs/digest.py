"""What a digest says of a span of time, as values for its templates. Confidential letters stand in it as a number only.

registry ─▶ lists (``store.digests``) ─▶ lines (``digest_lines``) ─▶ values ─▶ templates/digest.*
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from mailgate.config import Person
from mailgate.core import thai
from mailgate.core.digest import number
from mailgate.core.letterhead import office_values
from mailgate.core.periods import Told
from mailgate.edges.store.database import Row, moment
from mailgate.edges.store.digests import Span
from mailgate.jobs import alarms, calendars, digest_lines
from mailgate.jobs.digest_lines import Line
from mailgate.model import Fate
from mailgate.office import Office

_MOST = 100  # lines of a list; the register of the days has all
_MOST_ATTENTION = 30
_NEAR = timedelta(days=7)
_AUTOMATIC = (Fate.AUTOMATIC, Fate.BOUNCE, Fate.LIST, Fate.DUPLICATE)
# What is so, and did not come in the span.
_STANDING = ("waiting", "overdue", "due_soon")
# What somebody has to do something about.
_ATTENTION = ("waiting", "failed", "unanswered", "set_aside", "unreadable", "suspicious", "overdue", "due_soon")

Listed = tuple[int, list[Row]]


def values(office: Office, told: Told, to: Person, *, personal: bool = False, attached: bool = False) -> dict[str, Any]:
    """The values of the digest's templates. ``personal``: of this officer's letters only. On the registry's thread."""
    span = Span(told.since, told.until, _of(office, to) if personal else None)
    lists = _lists(office, told, span, personal)
    hidden = office.store.digests.confidential(span, _MOST)
    slots, balance = _slots(office, told), _balance(office)
    warnings = [] if personal else _warnings(office)
    shown: dict[str, Any] = {
        "office": office_values(office.config),
        "to": to.name,
        "personal": personal,
        "period": told.name,
        "now": thai.long_moment(office.clock.now(), thai_digits=office.config.office.thai_digits),
        "confidential": _numbers(office, hidden),
        "counts": _counts(office, lists, hidden[0]),
        "slots": slots,
        "balance": number(office.config, balance),
        "is_balanced": not balance,
        "outbox": _oldest(office),
        "registers": _registers(office),
        "head": "{} {}".format(*office.store.chain.head()),
        "warnings": warnings,
        "attached": attached,
    }
    shown |= {name: _lines(office, name, found) for name, found in lists.items()}
    brought = any(lists[name][0] for name in lists if name not in _STANDING)
    news = bool(brought or hidden[0] or (not personal and (slots["late"] or balance)))
    standing = any(lists[name][0] for name in _STANDING) or warnings
    return shown | {"news": news, "quiet": not (news or standing)}


def _of(office: Office, person: Person) -> list[str]:
    """The values of the register's officer that name this person, alone or among others."""
    return [value for value in office.store.search.officers() if person.name in value.split(", ")]


def _lists(office: Office, told: Told, span: Span, personal: bool) -> dict[str, Listed]:
    """Each list of the digest: how many, and the first of them. An officer gets those of letters only."""
    store, today = office.store.digests, office.clock.now().date()
    most = _MOST if told.period in ("slot", "day") else 0
    days = (told.since.astimezone(office.config.zone).date(), told.until.astimezone(office.config.zone).date())
    every: dict[str, Callable[[], Listed]] = {
        "letters": partial(store.letters, span, most),
        "follow_ups": partial(store.follow_ups, span, most),
        "decided": partial(store.dispatches, span, *days, most),
        "waiting": partial(store.waiting, span, _MOST_ATTENTION),
        "failed": partial(store.failed, span, _MOST_ATTENTION),
        "unreadable": partial(store.unreadable, span, _MOST_ATTENTION),
        "overdue": partial(store.due, span, None, today - timedelta(days=1), _MOST_ATTENTION),
        "due_soon": partial(store.due, span, today - timedelta(days=1), today + _NEAR, _MOST_ATTENTION),
    }
    of_the_clerk: dict[str, Callable[[], Listed]] = {
        "unanswered": partial(store.unanswered, span, _MOST_ATTENTION),
        "set_aside": partial(store.journaled, span, [Fate.SET_ASIDE], _MOST_ATTENTION),
        "automatic": partial(store.journaled, span, _AUTOMATIC, _MOST_ATTENTION if most else 0),
        "suspicious": partial(_suspicious, office, span),
    }
    if personal:
        return {name: ask() for name, ask in every.items()} | dict.fromkeys(of_the_clerk, (0, []))
    return {name: ask() for name, ask in (every | of_the_clerk).items()}


def _suspicious(office: Office, span: Span) -> Listed:
    """Mails that may be forged, and mails with a dangerous file."""
    forged = [r for r in office.store.proposals.suspected_since(span.since) if span.times[0] < r["at"] <= span.times[1]]
    count, infected = office.store.digests.infected(span, _MOST_ATTENTION)
    return len(forged) + count, [*forged[:_MOST_ATTENTION], *infected]


def _lines(office: Office, name: str, found: Listed) -> dict[str, Any]:
    count, rows = found
    line: Line = digest_lines.LINES[name]
    shown = [line(office, row) for row in rows]
    more = count - len(shown)
    return (
        {
            "count": number(office.config, f"{count:,}"),
            "rows": shown,
            "more": number(office.config, f"{more:,}") if more and shown else "",
        }
        if count
        else {"count": "", "rows": [], "more": ""}
    )


def _numbers(office: Office, found: Listed) -> dict[str, Any]:
    """Confidential letters: how many, and their numbers."""
    count, rows = found
    more = count - len(rows)
    return {
        "count": number(office.config, f"{count:,}") if count else "",
        "receipts": [number(office.config, f"{r['number']}/{r['year']}") for r in rows],
        "more": number(office.config, f"{more:,}") if more else "",
    }


def _counts(office: Office, lists: dict[str, Listed], confidential: int) -> list[dict[str, str]]:
    """The figures at the top."""
    attention = sum(lists[name][0] for name in _ATTENTION)
    figures = {
        "รับใหม่": lists["letters"][0] + confidential,
        "เอกสารเพิ่มเติม": lists["follow_ups"][0],
        "ออกเลขส่ง": lists["decided"][0],
        "ต้องดำเนินการ": attention,
    }
    return [{"name": name, "count": number(office.config, f"{count:,}")} for name, count in figures.items()]


def _slots(office: Office, told: Told) -> dict[str, Any]:
    """The mandated checks that were closed in the span: how many were kept, and each that was not."""
    rows = office.store.slots.closed_between(told.since, told.until)
    late = [digest_lines.slot(office, r) for r in rows if r["state"] != "done"]
    kept, of = len(rows) - len(late), len(rows)
    return {"kept": number(office.config, kept), "all": number(office.config, of) if of else "", "late": late}


def _balance(office: Office) -> int:
    """What the last check that came to its end could not account for (law 5)."""
    return int(office.store.figures.last_success()[1] or 0)


def _oldest(office: Office) -> str:
    """How long the oldest mail has waited to be sent; "" if none waits."""
    since = moment(office.store.outbox.oldest())
    if since is None:
        return ""
    minutes = max(0, int((office.clock.now() - since) / timedelta(minutes=1)))
    hours, rest = divmod(minutes, 60)
    return number(office.config, f"{hours} ชั่วโมง {rest} นาที" if hours else f"{rest} นาที")


def _registers(office: Office) -> str:
    """The last number of each register of this year; in plain digits, for programs to read it back (law 10)."""
    year = office.clock.now().year + thai.BUDDHIST_OFFSET
    last = {
        r["register"]: f"{r['register']} {r['last']}/{r['year']}"
        for r in office.store.reports.counters()
        if r["year"] == year
    }
    return ", ".join(last[name] for name in ("receive", "dispatch") if name in last) or "-"


def _warnings(office: Office) -> Sequence[str]:
    """Alarms that are up, and what should be seen to some day."""
    now: datetime = office.clock.now()
    return [*(up.text for up in alarms.listed(office.config).values()), *calendars.warnings(office, now)]
