"""One mail to each officer of what has come in by AMSS++; the requests themselves are handled there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mailgate.config import Person
from mailgate.core import requests_mail
from mailgate.edges.store.database import Row
from mailgate.jobs import deciding
from mailgate.office import Office


def tell(office: Office) -> None:
    """Queue the mails about requests that nobody was told of, in one transaction; a step of the registry."""
    fresh, now = office.store.amss.unreferred(), office.clock.now()
    if not fresh:
        return
    with office.store.db.immediate("requests"):
        office.store.amss.referred([row["request_id"] for row in fresh], now)
        if office.config.referrals.enabled:
            for person, mine in _by_officer(office, fresh):
                compose = partial(requests_mail.mail, office.head, person, mine, now)
                office.store.cases.send("requests", None, compose, now)


def _by_officer(office: Office, fresh: Sequence[Row]) -> list[tuple[Person, list[requests_mail.Line]]]:
    found: dict[str, tuple[Person, list[requests_mail.Line]]] = {}
    for row in fresh:
        line = requests_mail.Line(f"{row['number']}/{row['year']}", row["subject"], row["from_name"], row["remarks"])
        for person in office.config.officers_of(deciding.service_by_key(office, row["service"])):
            found.setdefault(person.email.lower(), (person, []))[1].append(line)
    return list(found.values())
