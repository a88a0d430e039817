"""Mails that answer ours, and what was sent, for tests of answers and routing."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage

from mailgate.jobs import poll as polls
from mailgate.model import CheckReport
from tests import builders
from tests.builders import NOW, PaperOffice


def letter(
    number: int, *, sender: str = "", subject: str = "", extra: tuple[str, ...] = (), body: bytes = b""
) -> bytes:
    """A letter of its own; by default from a citizen of its own."""
    address = sender or f"citizen{number}@b{number}.test"
    return builders.raw_mail(
        f"Return-Path: <{address}>",
        f"From: {address}",
        f"To: {builders.OFFICE}",
        f"Subject: {subject or f'letter {number}'}",
        f"Message-ID: <{number}@b.test>",
        *extra,
        body=body or f"text {number}\r\n".encode(),
    )


def with_document(raw: bytes, name: str = "a.pdf") -> bytes:
    """The same mail with a file attached to it."""
    head, _, body = raw.partition(b"\r\n\r\n")
    return head + b"\r\n" + (
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\n' + body
        + b'\r\n--x\r\nContent-Type: application/pdf; name="' + name.encode()
        + b'"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--x--\r\n'
    )  # fmt: skip


async def poll(office: PaperOffice, *raws: bytes) -> CheckReport:
    """These arrived a minute ago; then one check with its replies."""
    for raw in raws:
        office.box.deliver(raw, office.clock.now() - timedelta(minutes=1))
    return await polls.poll(office)


def sent(office: PaperOffice, kind: str) -> list[EmailMessage]:
    """What was delivered of this kind, parsed, in order."""
    found = [a for a in office.paper_courier.delivered if a.kind == kind]
    return [email.message_from_bytes(a.raw, policy=email.policy.default) for a in found]  # type: ignore[misc]


def text(mail: EmailMessage) -> str:
    """The words of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def answer_to(mail: EmailMessage, number: int, *, sender: str, **more: object) -> bytes:
    """A mail that answers one of ours, with its token in the references."""
    return letter(number, sender=sender, extra=(f"In-Reply-To: {mail['Message-ID']}",), **more)  # type: ignore[arg-type]


__all__ = ["NOW", "answer_to", "letter", "poll", "sent", "text", "with_document"]
