"""The header block: never raises, everything capped, no line break or control character in what is shown."""

from __future__ import annotations

import atheris

with atheris.instrument_imports(include=["mailgate"]):
    from mailgate.core import parse
    from mailgate.core.parts import enclosures
    from mailgate.core.source import BytesSource

from fuzz.harness import real_mails, run

SEEDS = [
    "From: =?windows-874?B?yMe1?= <a@example.com>\r\nTo: b@example.com, c@ตัวอย่าง.ไทย\r\n".encode()
    + b"Subject: =?utf-8?Q?=E0=B8=81?=\r\n =?tis-620?B?oaI=?=\r\nDate: Mon, 23 Nov 2569 08:00:00 +0700\r\n"
    + b"Message-ID: <a@b>\r\nReferences: <c@d> <e@f>\r\nReturn-Path: <>\r\n\r\nx",
    b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n--a\r\nContent-Disposition: attachment;\r\n'
    b" filename*0*=windows-874''%A1; filename*1=b.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--a--\r\n",
]


def target(raw: bytes) -> None:
    mail = parse.headers(raw)
    for shown in (mail.subject, mail.to_shown, mail.from_shown.name, mail.from_shown.address, mail.message_id):
        assert len(shown) <= parse.SUBJECT_LIMIT
        assert shown.isprintable() or not any(ord(c) < 32 or ord(c) == 127 for c in shown), shown
        shown.encode()
    assert len(mail.named) <= parse.MAX_RECIPIENTS
    assert len(mail.references) <= parse.MAX_REFERENCES + 1
    found = enclosures(BytesSource(raw))
    assert all(0 <= size <= len(raw) for size in found.sizes)


if __name__ == "__main__":
    run(target, [*SEEDS, *real_mails()])
