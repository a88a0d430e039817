"""When digests are due, and their mails: the clerk's after each check, day, week and month; the officers' own.

due ─▶ values of the span for each person ─▶ ONE transaction: all mails, and up to when it was told
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Literal

from mailgate.config import Person
from mailgate.config_public import Period
from mailgate.core import digest as words
from mailgate.core import periods
from mailgate.core.periods import Told
from mailgate.edges.store.database import Row, moment, stamp
from mailgate.errors import MailgateError
from mailgate.jobs import day_register, digest
from mailgate.model import Draft
from mailgate.model_dispatch import Enclosed
from mailgate.office import Office

log = logging.getLogger("mailgate.digest")

_NOTE = "digest {}"  # up to when was told, or of what the last week or month began
_READ_WITHIN = timedelta(minutes=10)  # then a check is told of though some of its letters are not read yet
_SPANS = {"day": periods.day, "week": periods.week, "month": periods.month}

Written = tuple[Person, Mapping[str, Any], Sequence[Enclosed]]


def step(office: Office) -> bool:
    """Queue the mails of what is due; whether there were any. Runs on the registry's thread.

    One kind of digest that cannot be made keeps none of the others back; its error is raised at the end.
    """
    queued, failed = False, None
    for told, mark in _due(office):
        try:
            queued |= _tell(office, told, mark)
        except MailgateError as e:
            failed = e
    if failed is not None:
        raise failed
    return queued


def _tell(office: Office, told: Told, mark: str) -> bool:
    """Queue the mails of a span, unless another program has done it meanwhile."""
    written, note = list(_written(office, told)), _NOTE.format(told.period)
    before = office.store.cases.noted(note)
    with office.store.db.immediate("digest"):
        if office.store.cases.noted(note) != before or not _is_later(mark, before):
            return False
        send(office, written)
        office.store.cases.note(note, mark, "digested", office.clock.now())
    log.info("digest %s: %d mail(s)", told.period, len(written))
    return bool(written)


def send(office: Office, written: Sequence[Written]) -> list[int]:
    """Queue these, inside a transaction. Returns the items."""
    now = office.clock.now()

    def compose(to: Person, values: Mapping[str, Any], files: Sequence[Enclosed], item: int) -> Draft:
        return words.mail(office.head, to, values, item, now, files)

    return [office.store.cases.send(words.KIND, None, partial(compose, *one), now) for one in written]


def to_clerk(office: Office, told: Told, *, files: bool = True) -> Iterator[Written]:
    """The clerk's digest, and that of those who get it too. ``files``: with the register, where it goes with it."""
    settings, kept = office.config.digests, []
    problem = ""
    if files and told.period == "day" and settings.attach_register:
        try:
            kept = day_register.keep(office, told)
        except MailgateError as e:  # the clerk must hear of a full disk, too
            problem = f"แนบทะเบียนหนังสือรับไม่ได้: {e}"
            log.error("the register cannot go with the digest: %s", e)
    for address in (office.config.office.clerk.email, *settings.also_to):
        to = Person(name=office.config.office.clerk.name, email=address)
        values = digest.values(office, told, to, attached=bool(kept))
        yield to, values | ({"warnings": [*values["warnings"], problem], "quiet": False} if problem else {}), kept


def to_officer(office: Office, told: Told, to: Person) -> Written:
    """One officer's digest."""
    return to, digest.values(office, told, to, personal=True), []


def latest(office: Office, period: Period, on: date | None = None) -> Told | None:
    """The span of a period that a day is in, by default today; of "slot" the last check of that day, None without."""
    now, digits = office.clock.now(), office.config.office.thai_digits
    day = on or now.date()
    if period == "slot":
        row = _last_slot(office, day)
        return _slot(office, row, _ended(row)) if row else None
    return _SPANS[period](office.workdays, day, now, thai_digits=digits)


def _written(office: Office, told: Told) -> Iterator[Written]:
    """The mails of a span; a check that brought nothing, and an officer who has nothing, get none."""
    settings = office.config.digests
    if told.period in settings.to_clerk:
        made = to_clerk(office, told)
        yield from (one for one in made if told.period != "slot" or one[1]["news"])
    if told.period in settings.to_officers:
        clerk = office.config.office.clerk.email.lower()
        made = (to_officer(office, told, p) for p in office.config.staff if p.email.lower() != clerk)
        yield from (one for one in made if one[1]["news"] or (told.period != "slot" and not one[1]["quiet"]))


def _due(office: Office) -> Iterator[tuple[Told, str]]:
    """What is to be told now, each with the mark that is kept of it; nothing of before the first check here."""
    settings = office.config.digests
    wanted, first = {*settings.to_clerk, *settings.to_officers}, office.store.slots.first()
    if first is None:
        return
    candidates: dict[Period, Callable[[Office], tuple[Told, str] | None]] = {
        "slot": _slot_due,
        "day": partial(_day_due, first=first),
        "week": _week_due,
        "month": _month_due,
    }
    for period, candidate in candidates.items():
        found = candidate(office) if period in wanted else None
        if found and first <= found[0].until and _is_later(found[1], office.store.cases.noted(_NOTE.format(period))):
            yield found


def _is_later(mark: str, noted: str) -> bool:
    """Marks of one kind are in the order of time; a clock that was set back tells nothing twice."""
    return mark > noted


def _slot_due(office: Office) -> tuple[Told, str] | None:
    """The last check of today, once its letters are read: from where the last such digest ended."""
    row = _last_slot(office, office.clock.now().date())
    if row is None:
        return None
    ended = _ended(row)
    if office.store.readings.waiting(1) and office.clock.now() < ended + _READ_WITHIN:
        return None
    noted = moment(office.store.cases.noted(_NOTE.format("slot")))
    return _slot(office, row, ended, noted), stamp(ended)


def _day_due(office: Office, *, first: datetime) -> tuple[Told, str] | None:
    """From where the last such digest ended to the last closing there was."""
    now = office.clock.now()
    day = now.date() if periods.is_over(office.workdays, now) else periods.before(office.workdays, now.date())
    told = periods.day(office.workdays, day, now, thai_digits=office.config.office.thai_digits)
    noted = moment(office.store.cases.noted(_NOTE.format("day")))
    return replace(told, since=noted or min(told.since, first)), stamp(told.until)


def _week_due(office: Office) -> tuple[Told, str] | None:
    """The week before this one, from the opening of a working day on."""
    today = office.clock.now().date()
    return _whole(office, "week", today - timedelta(days=today.weekday() + 7))


def _month_due(office: Office) -> tuple[Told, str] | None:
    """The month before this one, likewise."""
    return _whole(office, "month", office.clock.now().date().replace(day=1) - timedelta(days=1))


def _whole(office: Office, period: Literal["week", "month"], on: date) -> tuple[Told, str] | None:
    now = office.clock.now()
    if not (office.workdays.is_working(now.date()) and now >= office.workdays.hours(now.date())[0]):
        return None
    told = _SPANS[period](office.workdays, on, now, thai_digits=office.config.office.thai_digits)
    return told, stamp(told.until)


def _slot(office: Office, row: Row, ended: datetime, since: datetime | None = None) -> Told:
    """From ``since``, by default the end of the check before it on whatever day, to its own."""
    zone, due = office.config.zone, moment(row["due_at"])
    assert due is not None
    midnight = datetime.combine(ended.astimezone(zone).date(), time(), zone)
    begins = since or moment(office.store.slots.ended_before(ended)) or midnight
    return periods.slot(due.astimezone(zone), begins, ended, thai_digits=office.config.office.thai_digits)


def _ended(row: Row) -> datetime:
    ended = moment(row["ended_at"] or row["closed_at"])
    assert ended is not None
    return ended


def _last_slot(office: Office, day: date) -> Row | None:
    """The last check of a day that is closed."""
    begins = datetime.combine(day, time(), office.config.zone)
    rows = [r for r in office.store.slots.between(begins, begins + timedelta(days=1)) if r["state"] != "open"]
    return rows[-1] if rows else None
