"""The forms in which mail programs put Thai on the wire, the right ones and the wrong ones, as bytes.

Built by hand, since the standard library would (rightly) refuse to write half of what citizens' programs send.
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

CRLF = b"\r\n"
_WORD = 36  # bytes in one encoded-word, so that the line stays below 76 characters (RFC 2047, 2)


@dataclass(frozen=True, slots=True)
class Writing:
    """How a program writes text: the charset it names, the bytes it really uses, B, Q or raw in headers."""

    label: str = "utf-8"
    codec: str = ""
    words: str = "b"

    def encode(self, text: str) -> bytes:
        return text.encode(self.codec or self.label)

    def header(self, text: str) -> bytes:
        """Text as it stands in a header: ASCII as it is, else encoded-words, or raw 8-bit."""
        if text.isascii() or self.words == "raw":
            return self.encode(text)
        words = [self._word(piece) for piece in self._pieces(text)]
        return b"\r\n ".join(words)

    def _word(self, text: str) -> bytes:
        data = self.encode(text)
        if self.words == "q":
            coded = b"".join(bytes((c,)) if chr(c).isalnum() and c < 128 else b"=%02X" % c for c in data)
        else:
            coded = base64.b64encode(data)
        return b"=?%s?%s?%s?=" % (self.label.encode(), self.words.upper().encode(), coded)

    def _pieces(self, text: str) -> Iterable[str]:
        """Cut between characters, never within one (RFC 2047, 5)."""
        limit = _WORD if self.words == "b" else _WORD // 3
        piece = ""
        for char in text:
            if piece and len(self.encode(piece + char)) > limit:
                yield piece
                piece = ""
            piece += char
        yield piece


def line(name: str, value: bytes) -> bytes:
    """One header field."""
    return name.encode("ascii") + b": " + value + CRLF


def text_part(text: str, writing: Writing, kind: str, transfer: str) -> bytes:
    """A text entity with its headers. A label of "" writes no charset, as very old programs do."""
    charset = f"; charset={writing.label}" if writing.label else ""
    head = line("Content-Type", f"text/{kind}{charset}".encode())
    return head + line("Content-Transfer-Encoding", transfer.encode()) + CRLF + _body(writing.encode(text), transfer)


def _body(data: bytes, transfer: str) -> bytes:
    if transfer == "base64":
        return _base64(data)
    if transfer == "quoted-printable":
        return quopri.encodestring(data).replace(b"\n", CRLF)
    return data.replace(b"\n", CRLF)


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", CRLF)


def attachment(content: bytes, media: str, filename: str, form: str, writing: Writing) -> bytes:
    """An attached file, its name in the given form."""
    head = line("Content-Type", b"%s;\r\n%s" % (media.encode(), _parameter("name", filename, form, writing)))
    head += line("Content-Disposition", b"attachment;\r\n" + _parameter("filename", filename, form, writing))
    return head + line("Content-Transfer-Encoding", b"base64") + CRLF + _base64(content)


def _parameter(key: str, value: str, form: str, writing: Writing) -> bytes:
    if form == "rfc2231":  # the standard; long names in numbered pieces
        return _rfc2231(key, value)
    if form == "rfc2047":  # forbidden by RFC 2047, 5, and sent by half the world
        return b' %s="%s"' % (key.encode(), writing.header(value))
    return b' %s="%s"' % (key.encode(), writing.encode(value))  # raw


def _rfc2231(key: str, value: str) -> bytes:
    pieces = [quote(value[i : i + 6]) for i in range(0, len(value), 6)]
    pieces[0] = "utf-8''" + pieces[0]
    return ";\r\n".join(f" {key}*{n}*={piece}" for n, piece in enumerate(pieces)).encode("ascii")


def multipart(parts: Sequence[bytes], kind: str, boundary: str, closed: bool = True) -> bytes:
    """A multipart entity with its header; not ``closed`` leaves the last boundary out, as a cut-off mail has it."""
    mark = b"--" + boundary.encode("ascii")
    head = line("Content-Type", f'multipart/{kind};\r\n boundary="{boundary}"'.encode())
    body = b"".join(mark + CRLF + part.removesuffix(CRLF) + CRLF for part in parts)
    return head + CRLF + body + (mark + b"--" + CRLF if closed else b"")
