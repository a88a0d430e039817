"""The service time of a letter: when it is due, and when its clock stood still; inside transactions of others."""

from __future__ import annotations

from datetime import date, datetime

from mailgate.config import Service
from mailgate.core import clocks
from mailgate.core.clocks import Turn
from mailgate.edges.store.database import Row, moment
from mailgate.jobs import deciding
from mailgate.office import Office


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
    rows = office.store.cases.clock(letter["id"])
    return bool(rows) and rows[-1]["what"] == "stopped"


def stop(office: Office, letter: Row, why: str, now: datetime) -> None:
    """The citizen was asked for documents: until they come, the time does not run. Nothing where it stands already."""
    if not is_stopped(office, letter):
        office.store.cases.turn(letter, "stopped", None, why, now)


def start(office: Office, letter: Row, at: datetime, why: str, now: datetime) -> None:
    """It runs again from then on. Nothing where it runs already."""
    if is_stopped(office, letter):
        service = deciding.service_by_key(office, letter["service"])
        until = due(office, letter, service, Turn(at, True))
        office.store.cases.turn(letter, "started", until, why, now, at)
