"""The acknowledgement: what it says, and its bytes.

Law 9: nothing the sender wrote stands in it, for it can be aimed at a stranger by forging From. So the context below
holds the office's own words, numbers and dates only, and identifiers are copied only in the strict form of a msg-id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from email.utils import format_datetime
from typing import Any, NamedTuple

from mailgate.config import Config, Service
from mailgate.core import thai, tokens
from mailgate.core.address import wire_domain
from mailgate.core.message import build, encoded
from mailgate.model import Draft, Enclosures, Mail, Receipt, Receiving
from mailgate.model_entry import Entry

Render = Callable[[str, Mapping[str, Any]], str]

_MSG_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>\Z")
_LONGEST_ID = 250
_REFERENCES = (1, 9)  # first and last ones kept, RFC 5537 3.4.4 style


class Letterhead(NamedTuple):
    """What is the same for all acknowledgements of an office."""

    config: Config
    key: bytes
    render: Render


def context(
    config: Config,
    receipt: Receipt,
    times: Receiving,
    enclosures: Enclosures,
    sha256: str,
    service: Service | None,
) -> dict[str, Any]:
    """The values a template may use. A confidential service is named as little as an unknown one (law 9)."""
    office, shown = config.office, service if service and not service.confidential else None
    digits = thai.digits if office.thai_digits else str
    clerk, due = office.clerk.name, times.due_on if shown else None
    return {
        "office": {
            "name": office.name,
            "name_en": office.name_en,
            "address": office.address,
            "phone": digits(office.phone),
            "website": config.website.url,
            "clerk": clerk,
        },
        "receipt": digits(receipt),
        "arrived": thai.long_moment(_at(config, times.arrived), thai_digits=office.thai_digits),
        "received": thai.long_moment(_at(config, times.legally_received), thai_digits=office.thai_digits),
        "due": thai.long_date(due, thai_digits=office.thai_digits) if due else "",
        "service": shown.title if shown else "",
        "handled_by": ", ".join(p.name for p in shown.officers) if shown and shown.officers else clerk,
        "enclosures": digits(len(enclosures.sizes)),
        "sizes": [digits(f"{size:,}") for size in enclosures.sizes[:20]],
        "sha256": sha256,
        "en": _english(config, receipt, times, enclosures, due),
    }


def acknowledgement(head: Letterhead, entry: Entry, receipt: Receipt, item: int, service: Service | None) -> Draft:
    """Compose the acknowledgement of a letter under its outbox item; its Message-ID, Date and bytes are fixed here."""
    config, recipient = head.config, wire_domain(entry.screening.destination)
    token = tokens.token(head.key, "acknowledgement", item, str(receipt), recipient)
    values = context(config, receipt, entry.receiving, entry.enclosures, entry.sha256, service)
    message_id = tokens.message_id(item, token, wire_domain(config.sender).partition("@")[2])
    headers = [
        ("From", _from(config)),
        ("To", recipient),
        ("Subject", head.render("acknowledgement.subject.txt", values).strip()),
        ("Date", format_datetime(entry.receiving.registered)),
        ("Message-ID", message_id),
        *_thread(entry.mail),
        *_automatic(tokens.loop_mark(head.key, config.office.address)),
    ]
    parts = [("plain", head.render("acknowledgement.txt", values))]
    if config.replies.html:
        parts.append(("html", head.render("acknowledgement.html", values)))
    raw = build(headers, parts, utf8=not recipient.isascii())
    return Draft(return_path(config, item, token), recipient, message_id, f"{item}.{token}", raw)


def return_path(config: Config, item: int, token: str) -> str:
    """The envelope sender (RFC 3834 3.3): an address that never answers automatically, or the null path."""
    if config.replies.return_path == "null":
        return ""
    return tokens.return_path(config.sender, item, token) if config.replies.return_path == "token" else config.sender


def _from(config: Config) -> str:
    name = config.office.name
    shown = encoded(name) if not name.isascii() else '"' + name.replace("\\", "").replace('"', "'") + '"'
    return f"{shown} <{wire_domain(config.sender)}>"


def _thread(mail: Mail) -> list[tuple[str, str]]:
    """In-Reply-To and References (RFC 3834 3.1.6), only from well-formed identifiers and few enough of them."""
    parent = _identifiers([mail.message_id])
    if not parent:
        return []
    before = _identifiers(mail.references) or (_identifiers(mail.in_reply_to) if len(mail.in_reply_to) == 1 else [])
    first, last = _REFERENCES
    kept = before if len(before) <= first + last else before[:first] + before[-last:]
    return [("In-Reply-To", parent[0]), ("References", "\r\n ".join([*kept, *parent]))]


def _identifiers(found: Any) -> list[str]:
    return [i for i in found if len(i) <= _LONGEST_ID and _MSG_ID.match(i)]


def _automatic(mark: str) -> list[tuple[str, str]]:
    return [
        ("Auto-Submitted", "auto-replied"),  # RFC 3834 3.1.7
        ("Precedence", "bulk"),  # old responders look at nothing else
        # Not "All": that would also suppress the report that the citizen was not reached.
        ("X-Auto-Response-Suppress", "OOF, AutoReply, DR, RN, NRN"),
        ("X-Mailgate-Loop", mark),
    ]


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
