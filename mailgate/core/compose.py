"""The acknowledgement: what it says, and its bytes.

Law 9: nothing the sender wrote stands in it, for it can be aimed at a stranger by forging From. So the context below
holds the office's own words, numbers and dates only, and identifiers are copied only in the strict form of a msg-id.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from mailgate.config import Config, Service
from mailgate.core import thai
from mailgate.core.letterhead import Letterhead, Outgoing, draft, office_values, thread
from mailgate.core.public import status_link
from mailgate.model import Draft, Enclosures, Receipt, Receiving
from mailgate.model_entry import Entry


def context(
    config: Config,
    receipt: Receipt,
    times: Receiving,
    enclosures: Enclosures,
    sha256: str,
    service: Service | None,
    key: bytes = b"",
) -> dict[str, Any]:
    """The values a template may use. A confidential service is named as little as an unknown one (law 9).

    ``key``: makes the address of the letter's status page, which every letter has where there are such pages.
    """
    office, shown = config.office, service if service and not service.confidential else None
    digits = thai.digits if office.thai_digits else str
    clerk, due = office.clerk.name, times.due_on if shown else None
    return {
        "office": office_values(config),
        "receipt": digits(receipt),
        "arrived": thai.long_moment(_at(config, times.arrived), thai_digits=office.thai_digits),
        "received": thai.long_moment(_at(config, times.legally_received), thai_digits=office.thai_digits),
        "due": thai.long_date(due, thai_digits=office.thai_digits) if due else "",
        "service": shown.title if shown else "",
        "handled_by": ", ".join(p.name for p in shown.officers) if shown and shown.officers else clerk,
        "enclosures": digits(len(enclosures.sizes)),
        "sizes": [digits(f"{size:,}") for size in enclosures.sizes[:20]],
        "sha256": sha256,
        "status": status_link.url(config, key, str(receipt)),
        "en": _english(config, receipt, times, enclosures, due),
    }


def acknowledgement(head: Letterhead, entry: Entry, receipt: Receipt, item: int, service: Service | None) -> Draft:
    """Compose the acknowledgement of a letter under its outbox item; its Message-ID, Date and bytes are fixed here."""
    config = head.config
    values = context(config, receipt, entry.receiving, entry.enclosures, entry.sha256, service, head.key)
    return draft(
        head,
        Outgoing(
            kind="acknowledgement",
            item=item,
            letter=str(receipt),
            recipient=entry.screening.destination,
            subject=head.render("acknowledgement.subject.txt", values).strip(),
            text=head.render("acknowledgement.txt", values),
            html=head.render("acknowledgement.html", values) if config.replies.html else "",
            made="auto-replied",
            now=entry.receiving.registered,
            replies_to=_thread(entry, service),
        ),
    )


def _thread(entry: Entry, service: Service | None) -> Sequence[tuple[str, str]]:
    """What the reply refers to; nothing for a letter that will be sealed, of which these identifiers would stay."""
    if entry.confidential and service is not None and any(p.key for p in service.officers):
        return ()
    return thread(entry.mail.message_id, entry.mail.references, entry.mail.in_reply_to)


def _at(config: Config, moment: datetime) -> datetime:
    return moment.astimezone(config.zone)


def _english(
    config: Config, receipt: Receipt, times: Receiving, enclosures: Enclosures, due: date | None
) -> dict[str, Any]:
    return {
        "receipt": str(receipt),
        "arrived": f"{_at(config, times.arrived):%-d %B %Y, %H:%M}",
        "received": f"{_at(config, times.legally_received):%-d %B %Y, %H:%M}",
        "due": f"{due:%-d %B %Y}" if due else "",
        "enclosures": len(enclosures.sizes),
    }
