"""The service time of a letter: when it is due, when its clock stood still and why.

It is stopped by a decision that asks for documents, and runs again when they come by a mail that bears our token; a
person can do both by hand, such as for documents on paper.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from mailgate.config import Service
from mailgate.core import clocks, thai
from mailgate.core.clocks import Turn
from mailgate.edges.store.database import Row, moment
from mailgate.errors import MailgateError, UsageError
from mailgate.jobs import deciding, decisions, letters, views
from mailgate.model import Receipt
from mailgate.model_reading import Flag, Reading
from mailgate.office import Office

Verb = Literal["stop", "start"]
_DONE: dict[Verb, str] = {"stop": "stands still", "start": "is running"}


def due(office: Office, letter: Row, service: Service | None, further: Turn | None = None) -> date | None:
    """When a letter is due under this service; None if no time is set, or while its clock stands still."""
    received = moment(letter["legally_received_at"])
    if service is None or service.days is None or received is None:
        return None
    rows = office.store.cases.clock(letter["id"])
    turns = [Turn(moment(row["at"]) or received, row["what"] == "started") for row in rows]
    turns += [further] if further else []
    anew = office.config.decisions.documents_clock == "anew"
    return clocks.due(office.workdays, received, service.days, service.counted_in, turns, anew=anew)


def is_stopped(office: Office, letter: Row) -> bool:
    return stopped_at(office, letter) is not None


def stopped_at(office: Office, letter: Row) -> datetime | None:
    """Since when its clock stands still; None while it runs."""
    rows = office.store.cases.clock(letter["id"])
    return moment(rows[-1]["at"]) if rows and rows[-1]["what"] == "stopped" else None


def stop(office: Office, letter: Row, why: str, now: datetime) -> None:
    """The citizen was asked for documents: until they come, the time does not run. Nothing where it stands already."""
    if not is_stopped(office, letter):
        office.store.cases.turn(letter, "stopped", None, why, now)


def start(office: Office, letter: Row, at: datetime, why: str, now: datetime) -> None:
    """It runs again from then on. Nothing where it runs already."""
    since = stopped_at(office, letter)
    if since is not None:
        at = max(at, since)
        service = deciding.service_by_key(office, letter["service"])
        until = due(office, letter, service, Turn(at, True))
        office.store.cases.turn(letter, "started", until, why, now, at)


def by_hand(office: Office, receipt: Receipt, verb: Verb, reason: str) -> Row:
    """A person stops the clock of a letter or starts it, from now on. Raises MailgateError."""
    why = decisions.words(reason, f"--{verb}")
    if not why:
        raise UsageError(f"--{verb} needs a reason: it stands in the letter's history")
    with office.store.db.immediate("clock"):
        letter, now = _turnable(office, receipt, verb), office.clock.now()
        if verb == "stop":
            stop(office, letter, why, now)
        else:
            start(office, letter, now, why, now)
    return letters.existing(office, receipt)


def documents_came(office: Office, letter: Row, mail_id: int, receipt: Receipt | None, now: datetime) -> None:
    """Documents came for this letter by a mail with our token: its time runs from the mail's legal receipt.

    ``receipt``: the number the mail got, if any. A mail that had arrived before the clock was stopped answers nothing.
    Inside a transaction.
    """
    mail, since = office.store.reports.mail(mail_id), stopped_at(office, letter)
    arrived = moment(mail["arrived_at"]) if mail else None
    if since is not None and arrived is not None and arrived > since and letter["state"] == "open":
        start(office, letter, office.workdays.legal_receipt(arrived), _came_as(office, mail_id, receipt), now)


def brings_documents(reading: Reading) -> bool:
    """Whether there is a file that an officer may open."""
    return any(Flag.INFECTED not in a.flags for a in reading.attachments)


def document(office: Office, letter: Row) -> dict[str, Any]:
    """``letter clock --json``: the service time and its history."""
    service = deciding.service_by_key(office, letter["service"])
    days = service.days if service else None
    return {
        "receipt": f"{letter['number']}/{letter['year']}",
        "legally_received_at": views.local(letter["legally_received_at"], office.config.zone),
        "service": letter["service"],
        "days": days,
        "counted_in": service.counted_in if service and days else None,
        "due_on": letter["due_on"],
        "state": _state(office, letter, days),
        "history": views.clock(office.store.cases.clock(letter["id"]), office.config.zone),
    }


def _turnable(office: Office, receipt: Receipt, verb: Verb) -> Row:
    """The letter, if its clock may be told so. Raises MailgateError."""
    letter = letters.not_void(office, receipt)
    service = deciding.service_by_key(office, letter["service"])
    if letter["state"] == "closed":
        raise MailgateError(f"letter {receipt} is closed ({letter['action']}): its time has ended")
    if service is None or service.days is None:
        raise MailgateError(
            f"letter {receipt} has no service time", "Hand it to a service with days: mailgate letter assign --service"
        )
    if is_stopped(office, letter) == (verb == "stop"):
        raise MailgateError(f"the clock of letter {receipt} {_DONE[verb]} already", "See: mailgate letter clock")
    return letter


def _came_as(office: Office, mail_id: int, receipt: Receipt | None) -> str:
    said = f"ได้รับเอกสารตามเลขรับ {receipt}" if receipt else f"ได้รับเอกสารทางไปรษณีย์อิเล็กทรอนิกส์ รายการที่ {mail_id}"
    return thai.digits(said) if office.config.office.thai_digits else said


def _state(office: Office, letter: Row, days: int | None) -> str:
    if letter["state"] != "open":
        return "ended"
    if is_stopped(office, letter):
        return "standing"
    return "running" if days is not None and letter["due_on"] else "none"
