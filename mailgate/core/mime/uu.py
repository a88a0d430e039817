"""uuencoded files inside a text: taken out of it, line by line."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

BEGIN = re.compile(rb"^begin[ \t]+[0-7]{3,4}[ \t]+(\S[^\r\n]{0,500})", re.MULTILINE)
_END = re.compile(rb"end[ \t]*\r?\n?")
_CHARACTERS = bytes(range(32, 97))
_PIECE = 1 << 16
_LONGEST_LINE = 1 << 16
_MOST_FILES = 200

Take = Callable[[bytes, Iterator[bytes]], None]


def without_files(pieces: Iterable[bytes], take: Take) -> Iterator[bytes]:
    """The text that remains; each file is handed to ``take`` as its raw name and its bytes, to be used up there."""
    iterator = iter(pieces)
    for piece in iterator:
        if not BEGIN.search(piece):
            # A "begin" torn over two pieces of 1 MiB stays text.
            yield piece
        else:
            yield from _lines_without(lines(chain([piece], iterator)), take)


def _lines_without(every: Iterator[bytes], take: Take) -> Iterator[bytes]:
    taken, line = 0, next(every, None)
    while line is not None:
        following = next(every, None)
        begin = BEGIN.match(line) if taken < _MOST_FILES else None
        if begin is not None and following is not None and (first := _decoded(following)) is not None:
            take(begin[1].strip(), _file(first, every))
            taken, following = taken + 1, next(every, None)
        else:
            yield line
        line = following


def _file(first: bytes, every: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of a file up to its "end"; a line that is not uuencoded ends it too, and is lost with the end."""
    made = bytearray(first)
    for line in every:
        body = None if line.startswith(b"end") and _END.fullmatch(line) else _decoded(line)
        if body is None:
            break
        made += body
        if len(made) >= _PIECE:
            yield bytes(made)
            made.clear()
    yield bytes(made)


def _decoded(line: bytes) -> bytes | None:
    """One line, None if it is not of such a file. Some encoders leave trailing blanks off, others add a checksum."""
    line = line.rstrip(b"\r\n")
    length = (line[0] - 32) & 63 if line else 0
    if not length:
        return b"" if not line.strip(b"` \t") else None
    needed = (length + 2) // 3 * 4
    if len(line) > needed + 2 or line.translate(None, _CHARACTERS):
        return None
    try:
        return binascii.a2b_uu(line[: needed + 1])
    except binascii.Error:
        return None


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their ends; one that never ends is cut, so that it is never held whole."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).splitlines(keepends=True) or [b""]
        yield from whole
        if len(rest) >= _LONGEST_LINE or rest.endswith(b"\n"):
            yield rest
            rest = b""
    if rest:
        yield rest
