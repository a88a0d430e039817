"""Header text and parameters: RFC 2047 and RFC 2231 as mail programs write them. Never raises; linear."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from mailgate.core import charset

MAX_WORDS = 500
MAX_CONTINUATIONS = 200

_START = re.compile(rb"=\?([^\s?=]{0,64})\?([BbQq])\?")
# "?=E0=" is not an end but a question mark, which Q should have encoded, before an encoded byte.
_END = re.compile(rb"\?=(?![89A-Fa-f][0-9A-Fa-f]=)")
_ANY_END = re.compile(rb"\?=")
_HALF_ESCAPE = re.compile(rb"=[0-9A-Fa-f]?\Z")
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
# A decoded line break would open a new header where this text is written out again (CVE-2024-6923).
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")
_CONTROL_BYTES = bytes(32 if b < 32 or b == 127 else b for b in range(256))

_PARAMETER = re.compile(
    rb"""(?:^|;)[ \t\r\n]*+([^\s=;"]{1,100}+)[ \t\r\n]*+=[ \t\r\n]*+("(?:[^"\\]|\\.)*+"?|[^;]*+)""", re.DOTALL
)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_SECTION = re.compile(r"\*(?:(\d{1,4})(\*?))?")


def header_text(raw: bytes) -> tuple[str, list[str]]:
    """The text of an unstructured header and what had to be repaired. No control character survives."""
    notes: list[str] = []
    text = "".join(_pieces(raw, notes)) if b"=?" in raw else _plain(raw, notes)
    return text.translate(_CONTROLS), list(dict.fromkeys(notes))


def parameter(raw: bytes, name: str) -> str:
    """A parameter of a Content-Type or Content-Disposition value, decoded; empty if it is not there.

    The RFC 2231 form wins over the plain one (RFC 6266 s.4.3).
    """
    plain, sections = _collect(raw, name.lower())
    if sections:
        return _joined(sections).translate(_CONTROLS).strip()
    return header_text(plain)[0].strip() if plain is not None else ""


def raw_parameter(raw: bytes, name: str) -> bytes:
    """The bytes of a plain parameter, unquoted, not decoded: a boundary may look like an encoded word."""
    return _collect(raw, name.lower())[0] or b""


def _plain(raw: bytes, notes: list[str]) -> str:
    text, note = charset.decode(raw)
    if note:
        notes.append(f"raw 8-bit header {note}")
    return text


def _words(raw: bytes, notes: list[str]) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(start, end, charset, bytes) of each encoded word. None may reach into the next: that keeps it linear."""
    start = _START.search(raw)
    count = 0
    while start is not None and count < MAX_WORDS:
        following = _START.search(raw, start.end())
        border = following.start() if following else len(raw)
        end = _END.search(raw, start.end(), border) or _ANY_END.search(raw, start.end(), border)
        last = end.end() if end else border
        if end or (following is None and not re.search(rb"\s", raw[start.end() :])):
            body = raw[start.end() : end.start() if end else border]
            if not end:
                notes.append("encoded word without its end")
                body = _HALF_ESCAPE.sub(b"", body)
            yield start.start(), last, start[1].partition(b"*")[0].lower(), _unpacked(start[2], body, notes)
            count += 1
        start = following
    if start is not None:
        notes.append(f"more than {MAX_WORDS} encoded words")


def _pieces(raw: bytes, notes: list[str]) -> Iterator[str]:
    """Plain text and decoded words in order; neighbours of one charset are joined before they are decoded.

    RFC 2047 s.5 forbids to split a character over two words; many programs do it all the same.
    """
    label, pending, position = b"", b"", 0
    for start, end, charset_label, body in _words(raw, notes):
        gap = raw[position:start]
        if pending and (gap.strip() or charset_label != label):
            yield _labelled(pending, label, notes)
            pending = b""
        if gap.strip():
            yield _plain(gap, notes)
        elif position == 0:
            yield " " * bool(gap)
        label, pending, position = charset_label, pending + body, end
    yield _labelled(pending, label, notes) if pending else ""
    yield _plain(raw[position:], notes)


def _labelled(raw: bytes, label: bytes, notes: list[str]) -> str:
    text, note = charset.decode(raw, label.decode("latin-1"))
    if note:
        notes.append(note)
    return text


def _unpacked(encoding: bytes, body: bytes, notes: list[str]) -> bytes:
    body = body.translate(_CONTROL_BYTES)
    if encoding in b"Qq":
        return binascii.a2b_qp(body, header=True)
    if b" " in body.strip():
        notes.append("spaces inside an encoded word")
    body = body.translate(None, _NOT_BASE64)
    if len(body) % 4:
        notes.append("base64 with wrong padding")
    return b"".join(map(_base64, body.split(b"=")))


def _base64(part: bytes) -> bytes:
    if len(part) % 4 == 1:
        part = part[:-1]
    return binascii.a2b_base64(part + b"=" * (-len(part) % 4))


def _collect(raw: bytes, name: str) -> tuple[bytes | None, dict[int, tuple[bytes, bool]]]:
    """The plain value, and the RFC 2231 sections by number: (value, percent-encoded)."""
    plain: bytes | None = None
    sections: dict[int, tuple[bytes, bool]] = {}
    for found in _PARAMETER.finditer(raw):
        key = found[1].decode("latin-1").lower()
        if not key.startswith(name):
            continue
        if key == name:
            plain = _unquoted(found[2]) if plain is None else plain
        elif (section := _SECTION.fullmatch(key, len(name))) and len(sections) < MAX_CONTINUATIONS:
            encoded = section[1] is None or bool(section[2])
            sections.setdefault(int(section[1] or 0), (_unquoted(found[2]), encoded))
    return plain, sections


def _unquoted(value: bytes) -> bytes:
    value = value.strip()
    if not value.startswith(b'"'):
        return value
    return _QUOTED_PAIR.sub(rb"\1", value[1:].removesuffix(b'"'))


def _joined(sections: dict[int, tuple[bytes, bool]]) -> str:
    """RFC 2231 s.3, s.4: the first section names the charset; only sections marked so are percent-encoded."""
    first, label = min(sections), ""
    parts: list[bytes] = []
    for number in sorted(sections):
        value, encoded = sections[number]
        if number == first and encoded and value.count(b"'") >= 2:
            name, _, value = value.split(b"'", 2)
            label = name.decode("latin-1")
        parts.append(unquote_to_bytes(value) if encoded else value)
    return charset.decode(b"".join(parts), label)[0]
