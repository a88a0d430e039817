"""The bytes of a part as they were before it was encoded for the way, piece by piece. Never raises; linear.

What a stricter reader would refuse is read as far as it goes, and noted.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from mailgate.core.source import CHUNK, Source, safe_cut

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_FOREIGN = bytes(set(range(256)) - set(_ALPHABET))
_SPACES = b" \t\r\n"
# An "=" that is neither an escape nor a soft line break: binascii leaves it as it is (RFC 2045 s.6.7).
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|\Z)")
_MOST_RUNS = 10_000
_PIECE = 64 * 1024
_KNOWN = ("", "7bit", "8bit", "binary", "base64", "quoted-printable")


def decoded(source: Source, start: int, end: int, encoding: str, notes: list[str]) -> Iterator[bytes]:
    """The decoded bytes of a stretch of a message."""
    if encoding == "base64":
        return _base64(pieces(source, start, end), notes)
    if encoding == "quoted-printable":
        return _quoted(source, start, end, notes)
    if encoding not in _KNOWN and "uu" not in encoding:
        notes.append("unknown transfer encoding, taken as it is")
    return pieces(source, start, end)


def pieces(source: Source, start: int, end: int) -> Iterator[bytes]:
    """The bytes of a stretch as they are."""
    for offset in range(start, end, CHUNK):
        piece = source.read(offset, min(CHUNK, end - offset))
        if piece:
            yield piece


def _base64(encoded: Iterator[bytes], notes: list[str]) -> Iterator[bytes]:
    """Padding ends a run; what was encoded in several runs and then joined has it in the middle."""
    rest = b""
    for piece in encoded:
        clean = piece.translate(None, _FOREIGN)
        if len(clean) < len(piece) and piece.translate(None, _ALPHABET + _SPACES):
            notes.append("base64 with other characters in it")
        if clean.count(b"=") > _MOST_RUNS:
            notes.append("base64 with padding everywhere")
            clean = clean.replace(b"=", b"")
        *runs, open_run = (rest + clean).split(b"=")
        yield b"".join(map(_closed, runs))
        whole = len(open_run) // 4 * 4
        yield binascii.a2b_base64(open_run[:whole])
        rest = open_run[whole:]
    if rest:
        notes.append("base64 without its end")
        yield _closed(rest)


def _closed(run: bytes) -> bytes:
    """A run of base64 characters without padding; a single last character holds no byte."""
    if len(run) % 4 == 1:
        run = run[:-1]
    return binascii.a2b_base64(run + b"=" * (-len(run) % 4))


def _quoted(source: Source, start: int, end: int, notes: list[str]) -> Iterator[bytes]:
    offset = start
    while offset < end:
        piece = source.read(offset, min(_PIECE, end - offset))
        if not piece:
            break
        if offset + len(piece) < end:
            piece = piece[: safe_cut(piece)]
        if _BAD_ESCAPE.search(piece):
            notes.append("quoted-printable with a wrong escape")
        offset += len(piece)
        yield binascii.a2b_qp(piece)
