"""Machines that answer mail, from the polite to the worst seen in public incident reports."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import count

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail a machine sends: when, to whom, its bytes."""

    at: datetime
    to: str
    raw: bytes


Machine = Callable[[EmailMessage, str, str, datetime], list[Reply]]
"""(mail received, its envelope sender, the machine's own address, when) → what it sends"""


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[return-value]


def reply(
    to: str, me: str, at: datetime, *, path: str | None = None, subject: str = "away", headers: tuple[str, ...] = (),
    body: str = "I am away.", sender: str | None = None,
) -> Reply:  # fmt: skip
    """A mail with no sign but those given. ``path``: the envelope sender, ``me`` unless given."""
    lines = [
        f"Return-Path: <{me if path is None else path}>",
        f"From: {sender or me}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Message-ID: <{next(_numbers)}@machine.test>",
        f"Date: {at:%a, %d %b %Y %H:%M:%S %z}",
        *headers,
    ]
    return Reply(at, to, "\r\n".join([*lines, "", body, ""]).encode())


def address_of(mail: EmailMessage, name: str) -> str:
    """The address in a header of ours."""
    return str(mail[name] or "").rpartition("<")[2].rstrip(">")


def polite(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    """As RFC 3834 asks: no answer to what is marked automatic."""
    return [] if mail["Auto-Submitted"] else [reply(path, me, at, path="", headers=("Auto-Submitted: auto-replied",))]


def marked(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    """Answers everything, and says that it is a machine."""
    return [reply(path, me, at, headers=("Auto-Submitted: auto-replied", f"In-Reply-To: {mail['Message-ID']}"))]


def to_from(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    """Answers everything to From, threaded, with no other sign."""
    return [reply(address_of(mail, "From"), me, at, headers=(f"In-Reply-To: {mail['Message-ID']}",))]


def to_reply_to(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    to = address_of(mail, "Reply-To") or address_of(mail, "From")
    return [reply(to, me, at, headers=(f"In-Reply-To: {mail['Message-ID']}",))]


def bare(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    """Drops every header that could tell."""
    return [reply(address_of(mail, "From"), me, at)]


def new_subject(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    n = next(_numbers)
    return [reply(address_of(mail, "From"), me, at, subject=f"Ticket {n}", body=f"Your ticket is {n}.")]


def twice(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    return bare(mail, path, me, at) + bare(mail, path, me, at)


def late(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    return bare(mail, path, me, at + timedelta(minutes=30))


def other_case(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    n = next(_numbers)
    changed = "".join(c.upper() if (n >> i) & 1 else c for i, c in enumerate(me))
    return [reply(address_of(mail, "From"), changed, at)]


def tagged(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    """A new +tag each time."""
    local, _, domain = me.partition("@")
    return [reply(address_of(mail, "From"), f"{local}+{next(_numbers)}@{domain}", at)]


def forwarded(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    """Through a forwarder that rewrites the envelope sender (SRS)."""
    local, _, domain = me.partition("@")
    return [reply(address_of(mail, "From"), me, at, path=f"SRS0=abcd=AA={domain}={local}@forwarder.test")]


def bounces(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    """Sends everything back as undeliverable, to the envelope sender."""
    return (
        [reply(path, me, at, path="", sender="MAILER-DAEMON@machine.test", subject="Undelivered Mail")] if path else []
    )


def bounces_bounces(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    """A broken server: bounces to From, even what came with the null path, with a path of its own."""
    to = address_of(mail, "From")
    return [
        reply(to, me, at, sender="postmaster@machine.test", path="postmaster@machine.test", subject="failure notice")
    ]


def quoting(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    """Sends our own words back with all our headers' values in the text."""
    return [reply(address_of(mail, "From"), me, at, subject=f"Re: {mail['Subject']}", body=str(mail))]


def ticket_system(mail: EmailMessage, path: str, me: str, at: datetime) -> list[Reply]:
    """Acknowledges each mail as a new ticket, and tells all in copy: two mails each."""
    n = next(_numbers)
    one = reply(address_of(mail, "From"), me, at, subject=f"[#{n}] received")
    return [one, reply(address_of(mail, "From"), me, at, subject=f"[#{n}] updated")]


MACHINES: dict[str, Machine] = {
    f.__name__: f
    for f in (
        polite, marked, to_from, to_reply_to, bare, new_subject, twice, late, other_case, tagged, forwarded, bounces,
        bounces_bounces, quoting, ticket_system,
    )
}  # fmt: skip
