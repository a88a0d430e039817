"""The mail that tells an officer which requests have come in by AMSS++."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailgate.config import Config, Person
from mailgate.core import thai
from mailgate.core.letterhead import Letterhead, Outgoing, draft, office_values
from mailgate.model import Draft

_MOST = 100  # lines


@dataclass(frozen=True, slots=True)
class Line:
    """A request as it stands in the register."""

    receipt: str
    subject: str
    school: str
    remarks: str = ""


def mail(head: Letterhead, to: Person, requests: Sequence[Line], now: datetime, item: int) -> Draft:
    """One mail for all of them; it bears nothing that an answer could act on."""
    shown = values(head.config, to, requests)
    return draft(
        head,
        Outgoing(
            kind="requests",
            item=item,
            letter="",
            recipient=to.email,
            subject=head.render("requests.subject.txt", shown).strip(),
            text=head.render("requests.txt", shown),
            made="auto-generated",
            now=now,
        ),
    )


def values(config: Config, to: Person, requests: Sequence[Line]) -> Mapping[str, Any]:
    """The values of requests.txt."""
    digits = thai.digits if config.office.thai_digits else str
    lines = [
        {"receipt": digits(r.receipt), "school": r.school, "subject": r.subject, "remarks": r.remarks}
        for r in requests[:_MOST]
    ]
    return {
        "office": office_values(config),
        "to": to.name,
        "count": digits(len(requests)),
        "lines": lines,
        "more": digits(len(requests) - _MOST) if len(requests) > _MOST else "",
        "url": config.amss.url,
    }
