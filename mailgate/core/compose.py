"""The acknowledgement: what it says, and its bytes.

Law 9: nothing the sender wrote stands in it, for it can be aimed at a stranger by forging From. So the context below
holds the office's own words, numbers and dates only, and identifiers are copied only in the strict form of a msg-id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, NamedTuple

from mailgate.config import Config, Service
from mailgate.core import thai, tokens
from mailgate.core.address import wire_domain
from mailgate.model import Draft, Enclosures, Entry, Mail, Receipt, Receiving

Render = Callable[[str, Mapping[str, Any]], str]

# 7-bit clean and never folded in the middle of a word: the bytes are stored once and sent as they are.
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=76)
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
    message_id = tokens.message_id(item, token, config.sender.partition("@")[2])
    message = EmailMessage(policy=_POLICY.clone(utf8=not recipient.isascii()))  # RFC 6532 only where needed
    message["From"] = _from(config)
    message["To"] = _to(recipient)
    message["Subject"] = head.render("acknowledgement.subject.txt", values).strip()
    message["Date"] = format_datetime(entry.receiving.registered)
    message["Message-ID"] = message_id
    _thread(message, entry.mail)
    _mark_automatic(message, tokens.loop_mark(head.key, config.office.address))
    message.set_content(head.render("acknowledgement.txt", values), cte="base64")
    if config.replies.html:
        message.add_alternative(head.render("acknowledgement.html", values), subtype="html", cte="base64")
    sender = return_path(config, item, token)
    return Draft(sender, recipient, message_id, f"{item}.{token}", message.as_bytes())


def return_path(config: Config, item: int, token: str) -> str:
    """The envelope sender (RFC 3834 3.3): an address that never answers automatically, or the null path."""
    if config.replies.return_path == "null":
        return ""
    return tokens.return_path(config.sender, item, token) if config.replies.return_path == "token" else config.sender


def _to(recipient: str) -> HeaderAddress | str:
    # A Thai local part cannot be an ``Address`` of the standard library; as text, under utf8, it stays as it is.
    return HeaderAddress(addr_spec=recipient) if recipient.isascii() else recipient


def _from(config: Config) -> HeaderAddress:
    name = config.office.name.replace('"', "'")
    return HeaderAddress(display_name=name, addr_spec=wire_domain(config.sender))


def _thread(message: EmailMessage, mail: Mail) -> None:
    """In-Reply-To and References (RFC 3834 3.1.6), only from well-formed identifiers and few enough of them."""
    parent = _identifiers([mail.message_id])
    if not parent:
        return
    before = _identifiers(mail.references) or (_identifiers(mail.in_reply_to) if len(mail.in_reply_to) == 1 else [])
    first, last = _REFERENCES
    kept = before if len(before) <= first + last else before[:first] + before[-last:]
    message["In-Reply-To"] = parent[0]
    message["References"] = " ".join([*kept, *parent])


def _identifiers(found: Any) -> list[str]:
    return [i for i in found if len(i) <= _LONGEST_ID and _MSG_ID.match(i)]


def _mark_automatic(message: EmailMessage, mark: str) -> None:
    message["Auto-Submitted"] = "auto-replied"  # RFC 3834 3.1.7
    message["Precedence"] = "bulk"  # old responders look at nothing else
    # Not "All": that would also suppress the report that the citizen was not reached.
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply, DR, RN, NRN"
    message["X-Mailgate-Loop"] = mark


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
