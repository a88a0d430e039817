"""Once every working day: officers and clerk are reminded of letters whose time ends, citizens told of a delay.

days since the last run ─▶ letters with a date among them ─▶ ONE transaction: all mails, and that it is done
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from mailgate.config import Person
from mailgate.core import reminder
from mailgate.core.reminder import Delay, Pending, Untold
from mailgate.edges.store.contacts import key_of
from mailgate.edges.store.database import Row, moment
from mailgate.jobs import pausing, routing
from mailgate.model import Draft, Receipt, State
from mailgate.model_dispatch import Paper
from mailgate.office import Office

log = logging.getLogger("mailgate.reminders")

NOTE = "reminded"
_ON_PAPER = {Paper.YES: "ผู้ส่งขอรับคำตอบเป็นเอกสาร", Paper.PROPOSED: "ผู้ส่งอาจประสงค์ขอรับคำตอบเป็นเอกสาร"}
_NO_ADDRESS = "ไม่มีที่อยู่ไปรษณีย์อิเล็กทรอนิกส์ที่แจ้งได้"
_NOT_REACHED = "หนังสือแจ้งเลขรับส่งไม่ถึงผู้ส่ง"
_BRAKED = "ที่อยู่ผู้ส่งตอบกลับโดยอัตโนมัติ จึงงดส่งข้อความอัตโนมัติชั่วคราว"
_TOO_MANY = "มีข้อความถึงที่อยู่นี้ครบจำนวนที่กำหนดแล้ว"


@dataclass
class _Run:
    """What one run looks at. ``last``: the day of the run before; ``told``: notices by address, so far."""

    office: Office
    now: datetime
    last: date
    told: Counter[str] = field(default_factory=Counter)

    @property
    def today(self) -> date:
        return self.now.date()


def is_due(office: Office) -> bool:
    """Whether today's run is still to come: on a working day, from the opening on."""
    settings, now = office.config.reminders, office.clock.now()
    if not (settings.before or settings.after or settings.citizen_every):
        return False
    if office.store.cases.noted(NOTE) == now.date().isoformat() or not office.workdays.is_working(now.date()):
        return False
    return now >= office.workdays.hours(now.date())[0]


def step(office: Office) -> None:
    """Today's run, if it is due. Runs on the registry's thread."""
    if not is_due(office):
        return
    with office.store.db.immediate("remind"):
        if is_due(office):  # another program may have done it meanwhile
            now = office.clock.now()
            _run(_Run(office, now, _last(office, now.date())))
            office.store.cases.note(NOTE, now.date().isoformat(), "reminded", now)


def _last(office: Office, today: date) -> date:
    """The day of the last run; yesterday where there was none, or a wrong clock put it into the future."""
    noted = office.store.cases.noted(NOTE)
    yesterday = today - timedelta(days=1)
    return min(date.fromisoformat(noted), yesterday) if noted else yesterday


def _run(run: _Run) -> None:
    office, pending = run.office, _pending(run)
    untold = list(_tell_citizens(run))
    clerk = office.config.office.clerk
    for person, letters in _by_person(office, pending):
        _remind(run, person, letters, [])
    if pending or untold:
        _remind(run, clerk, [shown for _, shown in pending], untold)
    log.info("reminded of %d letter(s), told %d sender(s)", len(pending), run.told.total())


def _pending(run: _Run) -> list[tuple[Row, Pending]]:
    """The letters that somebody is to be reminded of, each once, the earliest due first."""
    settings = run.office.config.reminders
    found: dict[int, Row] = {}
    for after, until in reminder.windows(run.last, run.today, settings.before, settings.after):
        found |= {row["id"]: row for row in run.office.store.reports.due_between(after, until)}
    rows = sorted(found.values(), key=lambda row: (row["due_on"], row["id"]))
    return [(row, _shown(row)) for row in rows]


def _shown(row: Row) -> Pending:
    words = "" if row["confidential"] else row["subject"].strip() or row["summary"]
    return Pending(_receipt(row), date.fromisoformat(row["due_on"]), row["officer"], words)


def _by_person(office: Office, pending: list[tuple[Row, Pending]]) -> Iterator[tuple[Person, list[Pending]]]:
    """The letters of each officer; the clerk has all of them anyway."""
    rows = {shown.officer: row for row, shown in pending}
    people = {officer: list(routing.recipients(office, row)) for officer, row in rows.items()}
    addressed = {p.email.lower(): p for named in people.values() for p in named}
    addressed.pop(office.config.office.clerk.email.lower(), None)
    for person in addressed.values():
        yield person, [shown for _, shown in pending if person in people[shown.officer]]


def _remind(run: _Run, to: Person, pending: list[Pending], untold: list[Untold]) -> None:
    office = run.office
    values = reminder.reminder_values(office.config, to, run.today, pending, untold)

    def compose(item: int) -> Draft:
        return reminder.mail(office.head, to, values, item, run.now)

    office.store.cases.send("reminder", None, compose, run.now)


def _tell_citizens(run: _Run) -> Iterator[Untold]:
    """Tell those whose letter has been overdue for another so many days; those left are for a person to tell."""
    days = run.office.config.reminders.citizen_every
    rows = run.office.store.reports.overdue_every(days, run.last, run.today) if days else []
    for row in rows:
        address = run.office.store.cases.told_to(row["id"])
        why = _why_not(run, row, address)
        if why:
            yield Untold(_receipt(row), date.fromisoformat(row["due_on"]), why)
        else:
            _tell(run, row, address)


def _why_not(run: _Run, row: Row, address: str) -> str:
    """Why no notice is mailed to the sender of this letter (Thai); "" if one is."""
    if row["paper"] in _ON_PAPER:
        return _ON_PAPER[Paper(row["paper"])]
    if not address:
        return _NO_ADDRESS
    if row["acknowledgement"] in ("bounced", "refused", "expired"):
        return _NOT_REACHED
    if run.office.store.contacts.braked(address, run.now):
        return _BRAKED
    most = run.office.config.limits.per_address_hour
    return _TOO_MANY if most and run.told[key_of(address)[0]] >= most else ""


def _tell(run: _Run, row: Row, address: str) -> None:
    office, delay = run.office, _delay(run.office, row)
    run.told[key_of(address)[0]] += 1
    held = pausing.hold(office)
    state = State.HELD if held else State.QUEUED
    compose = partial(_notice, office, delay, run.now, address, False)
    office.store.cases.send("delay", row["id"], compose, run.now, state, held)
    copy_to = office.config.reminders.citizen_copy
    if copy_to and not row["confidential"]:
        compose = partial(_notice, office, delay, run.now, copy_to, True)
        office.store.cases.send("delay", row["id"], compose, run.now, state, held)


def _notice(office: Office, delay: Delay, now: datetime, recipient: str, copy: bool, item: int) -> Draft:
    return reminder.notice(office.head, delay, recipient, item, now, copy=copy)


def _delay(office: Office, row: Row) -> Delay:
    if row["confidential"]:
        return Delay(_receipt(row))
    received = moment(row["legally_received_at"])
    day = received.astimezone(office.config.zone).date() if received else None
    return Delay(_receipt(row), day, date.fromisoformat(row["due_on"]), row["officer"])


def _receipt(row: Row) -> Receipt:
    return Receipt(row["number"], row["year"], row["register"])
