"""When digests are due, and their mails: the clerk's after each check, day, week and month; the officers' own.

due ─▶ values of the span for each person ─▶ ONE transaction: all mails, and up to when it was told
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from mailgate.config import Person
from mailgate.config_public import Period
from mailgate.core import digest as words
from mailgate.core import periods
from mailgate.core.periods import Told
from mailgate.edges.store.database import Row, moment
from mailgate.jobs import day_register, digest
from mailgate.model import Draft
from mailgate.model_dispatch import Enclosed
from mailgate.office import Office

log = logging.getLogger("mailgate.digest")

_NOTE = "digest {}"
_READ_WITHIN = timedelta(minutes=10)  # then a check is told of though some of its letters are not read yet

Written = tuple[Person, Mapping[str, Any], Sequence[Enclosed]]


def step(office: Office) -> bool:
    """Queue the mails of what is due; whether there were any. Runs on the registry's thread."""
    queued = False
    for told, mark in _due(office):
        written = list(_written(office, told))
        with office.store.db.immediate("digest"):
            if (
                office.store.cases.noted(_NOTE.format(told.period)) != mark
            ):  # another program may have done it meanwhile
                send(office, written)
                office.store.cases.note(_NOTE.format(told.period), mark, "digested", office.clock.now())
                queued |= bool(written)
        log.info("digest %s: %d mail(s)", told.period, len(written))
    return queued


def send(office: Office, written: Sequence[Written]) -> list[int]:
    """Queue these, inside a transaction. Returns the items."""
    now = office.clock.now()

    def compose(to: Person, values: Mapping[str, Any], files: Sequence[Enclosed], item: int) -> Draft:
        return words.mail(office.head, to, values, item, now, files)

    return [office.store.cases.send(words.KIND, None, partial(compose, *one), now) for one in written]


def to_clerk(office: Office, told: Told, *, files: bool = True) -> Iterator[Written]:
    """The clerk's digest, and that of those who get it too. ``files``: with the register, where it goes with it."""
    settings = office.config.digests
    with_register = files and told.period == "day" and settings.attach_register
    kept = [day_register.keep(office, told)] if with_register else []
    for address in (office.config.office.clerk.email, *settings.also_to):
        to = Person(name=office.config.office.clerk.name, email=address)
        yield to, digest.values(office, told, to, attached=bool(kept)), kept


def to_officer(office: Office, told: Told, to: Person) -> Written:
    """One officer's digest."""
    return to, digest.values(office, told, to, personal=True), []


def latest(office: Office, period: Period, on: date | None = None) -> Told | None:
    """The span of a period that a day is in, by default today; of "slot" the last check of that day, None without."""
    now, digits = office.clock.now(), office.config.office.thai_digits
    day = on or now.date()
    if period == "slot":
        return _slot(office, day)
    span = {"day": periods.day, "week": periods.week, "month": periods.month}[period]
    return span(office.workdays, day, now, thai_digits=digits)


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
    """What is to be told now, each with the mark that is kept of it."""
    settings, now = office.config.digests, office.clock.now()
    today = now.date()
    wanted = {*settings.to_clerk, *settings.to_officers}
    last_monday = today - timedelta(days=today.weekday() + 7)
    last_month = today.replace(day=1) - timedelta(days=1)
    opened = office.workdays.is_working(today) and now >= office.workdays.hours(today)[0]
    closed = office.workdays.is_working(today) and now >= office.workdays.hours(today)[1]
    asked: dict[Period, tuple[bool, date, str]] = {
        "day": (closed, today, today.isoformat()),
        "week": (opened, last_monday, last_monday.isoformat()),
        "month": (opened, last_month, last_month.strftime("%Y-%m")),
    }
    if "slot" in wanted:
        yield from _slot_due(office, today)
    for period, (is_time, day, mark) in asked.items():
        if period in wanted and is_time and _is_new(office, period, mark, day):
            told = latest(office, period, day)
            if told is not None:
                yield told, mark


def _is_new(office: Office, period: Period, mark: str, day: date) -> bool:
    """Not told yet; and not of a time before mailgate's first check here."""
    if office.store.cases.noted(_NOTE.format(period)) == mark:
        return False
    first = office.store.slots.first()
    told = latest(office, period, day)
    return first is not None and told is not None and first < told.until


def _slot_due(office: Office, today: date) -> Iterator[tuple[Told, str]]:
    """The last check of today, once its letters are read."""
    row = _last_slot(office, today)
    told = _slot(office, today)
    if row is None or told is None or office.store.cases.noted(_NOTE.format("slot")) == row["due_at"]:
        return
    if office.store.readings.waiting(1) and office.clock.now() < told.until + _READ_WITHIN:
        return
    yield told, row["due_at"]


def _slot(office: Office, day: date) -> Told | None:
    """From the end of the check before it, on whatever day, to its own."""
    row = _last_slot(office, day)
    if row is None:
        return None
    until, due = moment(row["ended_at"] or row["closed_at"]), moment(row["due_at"])
    assert until is not None
    assert due is not None
    zone = office.config.zone
    since = moment(office.store.slots.ended_before(until)) or datetime.combine(day, datetime.min.time(), zone)
    digits = office.config.office.thai_digits
    return periods.slot(due.astimezone(zone), since, until, thai_digits=digits)


def _last_slot(office: Office, day: date) -> Row | None:
    """The last check of a day that is closed."""
    begins = datetime.combine(day, datetime.min.time(), office.config.zone)
    rows = [r for r in office.store.slots.between(begins, begins + timedelta(days=1)) if r["state"] != "open"]
    return rows[-1] if rows else None
