"""An outgoing message as bytes: 7-bit clean, CRLF only, short lines, so that it is stored once and sent as it is.

Written out directly: the standard library's refolding of Thai headers costs more than everything else of a letter.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence

_WORD_BYTES = 42  # 56 characters of base64: with the marks 68, and short of 76 behind a header's name
_LONGEST_LINE = 998
_AT_ONCE = 57 * 256  # bytes: whole lines of base64
_BREAKS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0085\u2028\u2029]")


Body = tuple[str, str]


def build(
    headers: Sequence[tuple[str, str]], parts: Sequence[Body], *, utf8: bool = False, boundary: str = ""
) -> bytes:
    """A message of text parts (subtype, text); several are alternatives, the best last (RFC 2046 5.1.4).

    ``utf8`` leaves headers unencoded (RFC 6532), which only an SMTPUTF8 transaction may carry. ``boundary`` makes it
    the first part of a multipart/mixed that is left open, for ``carried`` to follow.
    Raises ValueError for a header with a control character: nothing may add a header line.
    """
    head = [_header(name, value, utf8) for name, value in headers]
    head.append("MIME-Version: 1.0")
    body = _alternatives(parts) if len(parts) > 1 else _part(*parts[0])
    if boundary:
        head += [f'Content-Type: multipart/mixed; boundary="{boundary}"', "", f"--{boundary}"]
    return "\r\n".join([*head, *body]).encode("utf-8")


def carrier(boundary: str, name: str, encoding: str) -> tuple[bytes, bytes]:
    """What stands before and behind a carried message in an open multipart/mixed.

    As message/rfc822 only where it can be sent untouched: RFC 2046 5.2.1 allows no base64 there.
    """
    kind = "application/octet-stream" if encoding == "base64" else "message/rfc822"
    before = (
        f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    return before.encode("ascii"), f"\r\n--{boundary}--\r\n".encode("ascii")


def enclosure(boundary: str, name: str, kind: str) -> bytes:
    """What stands before a file in base64 in an open multipart/mixed. ``name``: ASCII, made by us."""
    return (
        f'--{boundary}\r\nContent-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    ).encode("ascii")


def closing(boundary: str) -> bytes:
    """The end of a multipart."""
    return f"\r\n--{boundary}--\r\n".encode("ascii")


def base64_lines(content: bytes) -> bytes:
    """Base64 in lines of 76 characters, each ended by CRLF (RFC 2045 6.8)."""
    lines: list[bytes] = []
    for start in range(0, len(content), _AT_ONCE):  # pieces that stay in the processor's cache
        packed = binascii.b2a_base64(content[start : start + _AT_ONCE], newline=False)
        lines += [packed[at : at + 76] for at in range(0, len(packed), 76)]
    return b"\r\n".join([*lines, b""])


def transfer_encoding(raw: bytes) -> str:
    """How a message may stand in another: 7bit or 8bit as it is, else base64 (RFC 2045 2.7, 2.8)."""
    bare = raw.replace(b"\r\n", b"")
    if b"\0" in raw or b"\r" in bare or b"\n" in bare or max(map(len, raw.split(b"\r\n"))) > _LONGEST_LINE:
        return "base64"
    return "7bit" if raw.isascii() else "8bit"


def encoded(text: str) -> str:
    """Header text as it may stand on the wire: RFC 2047 words where it is not ASCII, folded."""
    return text if text.isascii() else _words(text)


def _alternatives(parts: Sequence[Body]) -> list[str]:
    boundary = "=_" + hashlib.sha256("".join(text for _, text in parts).encode()).hexdigest()[:32]
    lines = [f'Content-Type: multipart/alternative; boundary="{boundary}"', ""]
    for subtype, text in parts:
        lines += [f"--{boundary}", *_part(subtype, text)]
    return [*lines, f"--{boundary}--", ""]


def _words(text: str) -> str:
    """RFC 2047 2: words of at most 75 characters, each of whole characters; folded one a line."""
    words, run = [], b""
    for char in text:
        packed = char.encode("utf-8")
        if len(run) + len(packed) > _WORD_BYTES:
            words.append(run)
            run = b""
        run += packed
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in [*words, run])


def _header(name: str, value: str, utf8: bool) -> str:
    if _BREAKS.search(value.replace("\r\n ", " ")):
        raise ValueError(f"a control character in {name}")
    return f"{name}: {value if utf8 else encoded(value)}"


def _part(subtype: str, text: str) -> list[str]:
    body = "\r\n".join(text.splitlines()) + "\r\n"
    packed = base64.encodebytes(body.encode("utf-8")).decode("ascii").replace("\n", "\r\n")
    return [f'Content-Type: text/{subtype}; charset="utf-8"', "Content-Transfer-Encoding: base64", "", packed]
