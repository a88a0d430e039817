"""Mails of officers, and of those who say that they are."""

from __future__ import annotations

import base64
from email.message import EmailMessage

from tests import builders

AUTHSERV = "mx.example.go.th"
OFFICER = "officer@example.go.th"
PASSED = f"Authentication-Results: {AUTHSERV}; dmarc=pass header.from=example.go.th"


def officers_mail(
    answered: EmailMessage | None,
    words: str,
    *,
    number: int = 100,
    sender: str = OFFICER,
    pdf: bytes = b"",
    results: str = PASSED,
    extra: tuple[str, ...] = (),
    references: str = "",
) -> bytes:
    """What an officer's mail program makes of an answer to one of ours; ``results``: the line of the own server."""
    wanted = references or (str(answered["Message-ID"]) if answered else "")
    head = [
        results,
        f"Return-Path: <{sender}>",
        f"From: {sender}",
        f"To: {builders.OFFICE}",
        "Subject: Re: case",
        f"Message-ID: <{number}@officer.test>",
        f"In-Reply-To: {wanted}" if wanted else "",
        *extra,
        'Content-Type: multipart/mixed; boundary="x"',
    ]
    body = b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + words.replace("\n", "\r\n").encode() + b"\r\n"
    if pdf:
        body += (
            b'--x\r\nContent-Type: application/pdf; name="result.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
            b"Content-Disposition: attachment; filename=result.pdf\r\n\r\n" + base64.encodebytes(pdf)
        )
    return builders.raw_mail(*(line for line in head if line), body=body + b"--x--\r\n")
