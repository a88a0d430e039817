"""Hostile mails: each construction that has brought a mail program down (reliability 4.2, mail DoS list), by name."""

from __future__ import annotations

import base64
import gzip
import io
import struct
import zipfile
from collections.abc import Callable

HEAD = b'From: a@example.com\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary="BB"\r\n\r\n'


def attached(content: bytes, name: str = "a.bin", kind: str = "application/octet-stream") -> bytes:
    """A message with one file."""
    head = f'--BB\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename="{name}"\r\n'.encode()
    coded = base64.encodebytes(content)
    return HEAD + head + b"Content-Transfer-Encoding: base64\r\n\r\n" + coded + b"\r\n--BB--\r\n"


def text(content: bytes, kind: str = "plain", encoding: str = "8bit") -> bytes:
    head = f"From: a@example.com\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}"
    return head.encode() + b"\r\n\r\n" + content


def zipped(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return out.getvalue()


def _many_entries() -> bytes:
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 0, 20, 0, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    body = entry * 60_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 60_000, 60_000, len(body), 0, 0)
    return body + end


def _liar() -> bytes:
    """A zip whose directory promises ten petabytes."""
    raw = bytearray(zipped(("a", b"x" * 1000)))
    at = raw.find(b"PK\1\2")
    raw[at + 24 : at + 28] = b"\xf0\xff\xff\xff"
    return bytes(raw)


def _nested_multiparts(depth: int) -> bytes:
    return b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))


def _nested_base64(depth: int) -> bytes:
    raw = b"Subject: x\r\n\r\nx"
    for _ in range(depth):
        raw = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(raw)
    return raw


def _tnef(count: int, attribute: int, data: bytes = b"") -> bytes:
    one = struct.pack("<BHHI", 2, attribute, 6, len(data)) + data + b"\0\0"
    return b"\x78\x9f\x3e\x22\0\0" + one * count


BOMBS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "nul": lambda: b"\0" * 1_000_000,
    "subject of 40,000 encoded words": lambda: b"Subject: " + b"=?utf-8?Q?=E0?=\r\n " * 40_000 + b"\r\n\r\nx",
    "one long subject": lambda: b"Subject: " + b"a" * 5_000_000 + b"\r\n\r\nx",
    "nested comments": lambda: b"From: " + b"(" * 30_000 + b"\r\n\r\nx",
    "100,000 addresses": lambda: b"To: " + b"a@example.com, " * 100_000 + b"\r\n\r\nx",
    "20,000 received": lambda: b"Received: from a by b; x\r\n" * 20_000 + b"\r\nx",
    "500,000 parts": lambda: HEAD + b"--BB\r\n\r\nx\r\n" * 500_000,
    "5,000 files": lambda: HEAD + b"--BB\r\nContent-Type: a/b; name=x\r\n\r\nx\r\n" * 5_000 + b"--BB--\r\n",
    "3,000 multiparts in each other": lambda: _nested_multiparts(3000),
    "3,000 messages in each other": lambda: b"Content-Type: message/rfc822\r\n\r\n" * 3000,
    "20 coded messages in each other": lambda: _nested_base64(20),
    "a digest of messages": lambda: HEAD.replace(b"mixed", b"digest") + b"--BB\r\n\r\nSubject: x\r\n\r\ny\r\n" * 900,
    "continuations": lambda: (
        HEAD
        + b"--BB\r\nContent-Disposition: attachment"
        + b"".join(b";\r\n filename*%d*=a" % n for n in range(10_000))
        + b"\r\n\r\nx\r\n--BB--\r\n"
    ),
    "parameters": lambda: HEAD + b"--BB\r\nContent-Type: a/b" + b"; name" * 10_000 + b'="x\r\n\r\nx\r\n--BB--\r\n',
    "dashes": lambda: HEAD + b"--\n" * 1_500_000,
    "no line ends": lambda: HEAD + b"-" * 5_000_000,
    "base64 of one line": lambda: text(b"A" * 5_000_000, encoding="base64"),
    "base64 of nothing but =": lambda: text(b"=" * 5_000_000, encoding="base64"),
    "escapes": lambda: text(b"=" * 5_000_000, encoding="quoted-printable"),
    "lines": lambda: text(b"\n" * 5_000_000),
    "quotation marks": lambda: text(b">\n" * 1_500_000),
    "wrote": lambda: text(b"On 2026 <a@b> " + b"x" * 300 + b" wrote\n" * 400_000),
    "from blocks": lambda: text(b"From: a\n" * 400_000),
    "combining marks": lambda: text(b"a" + "\u0301\u0323".encode() * 500_000),
    "flowed": lambda: text(b"> a \r\n" * 400_000).replace(b"utf-8", b"utf-8; format=flowed"),
    "20,000 divs": lambda: text(b"<div>x" * 20_000, "html"),
    "20,000 lists": lambda: text(b"<ul><li>" * 20_000, "html"),
    "formatting": lambda: text(b"<p>" + b"<font size=1>" * 3000 + b"<p>x" * 100_000, "html"),
    "attributes": lambda: text(b"<p " + b"".join(b"a%d=1 " % n for n in range(60_000)) + b">x", "html"),
    "attributes with quotes": lambda: text(b"<p " + b"".join(b'a%d=">" ' % n for n in range(5000)) + b">x", "html"),
    "attributes with quotes, and an end": lambda: text(b"<p " + b'a=">" ' * 150_000 + b">x", "html"),
    "attributes of many names": lambda: text(b"<p " + b"".join(b'a%d="<" ' % n for n in range(60_000)) + b">x", "html"),
    "options": lambda: text(b"<select>" + b"<option>x" * 90_000, "html"),
    "rows in rows": lambda: text(b"<table><tr><td><b>" * 40 + b"<p>x" * 100_000, "html"),
    "declarations": lambda: text(b"<!" * 450_000, "html"),
    "misnested": lambda: text(b"<b style=x><p></b>" * 50_000, "html"),
    "comments": lambda: text(b"<!--" * 500_000, "html"),
    "many pages": lambda: HEAD + (b"--BB\r\nContent-Type: text/html\r\n\r\n" + b"<p>x<b>y" * 700 + b"\r\n") * 900,
    "entities": lambda: text(b"&lt;" * 1_000_000, "html"),
    "utf-16": lambda: text(b"\xff\xfe" + b"\0\xd8" * 1_000_000).replace(b"utf-8", b"utf-16"),
    "utf-7": lambda: text(b"+AD4-" * 300_000).replace(b"utf-8", b"utf-7"),
    "punycode": lambda: text(b"a-" * 300_000).replace(b"utf-8", b"punycode"),
    "uuencoded files": lambda: text(b"begin 644 a\n#0V%T\n`\nend\n" * 50_000),
    "uuencoded for ever": lambda: text(b"begin 644 a\n" + b"#0V%T\n" * 500_000),
    "zip that lies": lambda: attached(_liar(), "a.zip"),
    "zip of 60,000 entries": lambda: attached(_many_entries(), "a.zip"),
    "zip cut short": lambda: attached(zipped(("a", b"x" * 10_000))[:-30], "a.zip"),
    "gzip of 2 GB by its own word": lambda: attached(
        gzip.compress(b"\0" * 1000)[:-4] + struct.pack("<I", 2_000_000_000), "a.gz"
    ),
    "docx with an entity": lambda: attached(
        zipped(("word/document.xml", b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>")), "a.docx"
    ),
    "winmail with 100,000 files": lambda: attached(_tnef(100_000, 0x9002), "winmail.dat"),
    "winmail of empty properties": lambda: attached(
        _tnef(1, 0x9002) + _tnef(50_000, 0x9005, b"\xff" * 8)[6:], "winmail.dat"
    ),
    "winmail in itself": lambda: attached(
        _tnef(1, 0x9002) + _tnef(1, 0x800F, _tnef(1, 0x9002) + _tnef(1, 0x800F, _tnef(5, 0x9002))[6:])[6:],
        "winmail.dat",
    ),
    "ole whose table is a loop": lambda: attached(
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 22 + b"\x09\0" + b"\0" * 44 + b"\0" * 436 + b"\0" * 512 * 50),
        "a.doc",
    ),
    "rar of empty blocks": lambda: attached(b"Rar!\x1a\x07\0" + b"\0" * 1_000_000, "a.rar"),
    "rar5 of long numbers": lambda: attached(b"Rar!\x1a\x07\1\0" + b"\xff" * 1_000_000, "a.rar"),
    "pdf of encryptions": lambda: attached(b"%PDF-1.4\n" + b"/Encryp" * 500_000, "a.pdf"),
    "report of many": lambda: (
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="BB"\r\n\r\n'
        + b"--BB\r\nContent-Type: message/delivery-status\r\n\r\n"
        + b"Final-Recipient: rfc822; a@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" * 50_000
        + b"--BB--\r\n"
    ),
}
