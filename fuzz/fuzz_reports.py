"""Delivery reports: never raise, name no more than the mail does, and can be handed over."""

from __future__ import annotations

import atheris

with atheris.instrument_imports(include=["mailgate"]):
    from mailgate.core.mime.reading import read
    from mailgate.core.source import BytesSource

from fuzz.harness import real_mails, run
from mailgate.model_reading import READING
from tests.reading.shelves import MemoryKeeper

BOUNCE = (
    b"Return-Path: <>\r\nFrom: MAILER-DAEMON@example.com\r\nSubject: Undelivered Mail Returned to Sender\r\n"
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="a"\r\n\r\n--a\r\n\r\n'
    b"<x@example.com>: 550 5.1.1 unknown user\r\n--a\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; a.example.com\r\nOriginal-Envelope-Id: 1.token\r\n\r\n"
    b"Final-Recipient: rfc822; x@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no\r\n"
    b"\r\n--a\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <r.1.x@example.go.th>\r\n--a--\r\n"
)
RECEIPT = BOUNCE.replace(b"delivery-status", b"disposition-notification").replace(
    b"Action: failed", b"Disposition: manual-action/MDN-sent-manually; displayed"
)
COMPLAINT = BOUNCE.replace(b"delivery-status", b"feedback-report").replace(b"Action: failed", b"Feedback-Type: abuse")
LOOSE = b"From: postmaster@example.com\r\nSubject: failure notice\r\n\r\n<x@example.com>:\r\n5.2.2 mailbox full\r\n"


def target(raw: bytes) -> None:
    found = read(BytesSource(raw), MemoryKeeper()).report
    if found is not None:
        assert len(READING.dump_json(read(BytesSource(raw), MemoryKeeper()))) < 1_000_000
        assert all("\n" not in r.diagnostic and "\n" not in r.address for r in found.recipients)
        assert all(identifier.startswith("<") for identifier in found.message_ids)


if __name__ == "__main__":
    run(target, [BOUNCE, RECEIPT, COMPLAINT, LOOSE, *real_mails()])
