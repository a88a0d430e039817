"""What all mails of the office share: who they come from, the marks of an automatic mail, the token that threads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Literal, NamedTuple

from mailgate.config import Config
from mailgate.core import thai, tokens
from mailgate.core.address import wire_domain
from mailgate.core.message import Body, build, encoded
from mailgate.model import Carried, Draft

Render = Callable[[str, Mapping[str, Any]], str]
# RFC 3834 5: a reply to a mail, a mail made by a program, or a person's own act.
Made = Literal["auto-replied", "auto-generated", "by hand"]

_MSG_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>\Z")
_LONGEST_ID = 250
_REFERENCES = (1, 9)  # first and last ones kept, RFC 5537 3.4.4 style


class Letterhead(NamedTuple):
    """What is the same for all outgoing mails of an office."""

    config: Config
    key: bytes
    render: Render


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail to be written. ``letter``: the receipt its token covers, "" for none. ``threaded``: may be answered."""

    kind: str
    item: int
    letter: str
    recipient: str
    subject: str
    text: str
    made: Made
    now: datetime
    html: str = ""
    replies_to: Sequence[tuple[str, str]] = ()
    threaded: bool = True


def planned(head: Letterhead, kind: str, item: int, letter: str, recipient: str) -> Draft:
    """A mail that is not written yet, under the identifiers that it will have."""
    address = wire_domain(recipient)
    token = tokens.token(head.key, kind, item, letter, address)
    message_id = tokens.message_id(item, token, wire_domain(head.config.sender).partition("@")[2])
    return Draft(return_path(head.config, item, token), address, message_id, f"{item}.{token}", b"")


def draft(head: Letterhead, mail: Outgoing, carried: tuple[Carried, ...] = (), boundary: str = "") -> Draft:
    """The mail under its item: Message-ID, Date and bytes are fixed here. ``carried`` goes behind the text."""
    config, made = head.config, planned(head, mail.kind, mail.item, mail.letter, mail.recipient)
    token = made.envid.partition(".")[2]
    headers = [
        ("From", _from(config)),
        ("To", made.recipient),
        ("Subject", _subject(config, mail, token)),
        ("Date", format_datetime(mail.now)),
        ("Message-ID", made.message_id),
        *_reply_to(config, mail, token),
        *mail.replies_to,
        *_automatic(mail.made, tokens.loop_mark(head.key, config.office.address)),
    ]
    parts: list[Body] = [("plain", mail.text), *([("html", mail.html)] if mail.html else [])]
    raw = build(headers, parts, utf8=not made.recipient.isascii(), boundary=boundary)
    return replace(made, raw=raw, carried=carried)


def return_path(config: Config, item: int, token: str) -> str:
    """The envelope sender (RFC 3834 3.3): an address that never answers automatically, or the null path."""
    if config.replies.return_path == "null":
        return ""
    return tokens.return_path(config.sender, item, token) if config.replies.return_path == "token" else config.sender


def thread(message_id: str, references: Sequence[str], in_reply_to: Sequence[str]) -> list[tuple[str, str]]:
    """In-Reply-To and References (RFC 3834 3.1.6), only from well-formed identifiers and few enough of them."""
    parent = _identifiers([message_id])
    if not parent:
        return []
    before = _identifiers(references) or (_identifiers(in_reply_to) if len(in_reply_to) == 1 else [])
    first, last = _REFERENCES
    kept = before if len(before) <= first + last else before[:first] + before[-last:]
    return [("In-Reply-To", parent[0]), ("References", "\r\n ".join([*kept, *parent]))]


def office_values(config: Config) -> dict[str, Any]:
    """The office, as templates name it."""
    office = config.office
    digits = thai.digits if office.thai_digits else str
    return {
        "name": office.name,
        "name_en": office.name_en,
        "address": office.address,
        "phone": digits(office.phone),
        "website": config.website.url,
        "clerk": office.clerk.name,
    }


def _from(config: Config) -> str:
    name = config.office.name
    shown = encoded(name) if not name.isascii() else '"' + name.replace("\\", "").replace('"', "'") + '"'
    return f"{shown} <{wire_domain(config.sender)}>"


def _subject(config: Config, mail: Outgoing, token: str) -> str:
    tagged = mail.threaded and "subject" in config.replies.token_in
    return f"{mail.subject} {tokens.subject_tag(mail.item, token)}" if tagged else mail.subject


def _reply_to(config: Config, mail: Outgoing, token: str) -> list[tuple[str, str]]:
    if not mail.threaded or "address" not in config.replies.token_in:
        return []
    address = tokens.reply_to(wire_domain(config.sender), mail.item, token)
    return [("Reply-To", f"<{address}>")] if address else []


def _identifiers(found: Iterable[str]) -> list[str]:
    return [i for i in found if len(i) <= _LONGEST_ID and _MSG_ID.match(i)]


def _automatic(made: Made, mark: str) -> list[tuple[str, str]]:
    ours = [("X-Mailgate-Loop", mark)]
    if made == "by hand":
        return ours
    return [
        ("Auto-Submitted", made),  # RFC 3834 3.1.7
        ("Precedence", "bulk"),  # old responders look at nothing else
        # Not "All": that would also suppress the report that the citizen was not reached.
        ("X-Auto-Response-Suppress", "OOF, AutoReply, DR, RN, NRN"),
        *ours,
    ]
