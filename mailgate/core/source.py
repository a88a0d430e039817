"""The bytes of a message, read piece by piece, and how many they are when decoded."""

from __future__ import annotations

import binascii
from typing import Protocol

CHUNK = 1024 * 1024
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Source(Protocol):
    """The bytes of a message, wherever they lie. A read beyond the end gives what there is."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """At most ``length`` bytes from ``offset``."""
        ...


class BytesSource:
    """A message in memory."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @property
    def size(self) -> int:
        return len(self._raw)

    def read(self, offset: int, length: int) -> bytes:
        return self._raw[offset : offset + length]


class Window:
    """A stretch of another source: a message inside a message."""

    def __init__(self, source: Source, start: int, end: int) -> None:
        self._source, self._start = source, start
        self._size = max(end - start, 0)

    @property
    def size(self) -> int:
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        return self._source.read(self._start + offset, max(min(length, self._size - offset), 0))


def base64_size(source: Source, start: int, end: int) -> int:
    """Four characters are three bytes; the rest of two or three is one or two, padded or not."""
    characters = 0
    for offset in range(start, end, CHUNK):
        chunk = source.read(offset, min(CHUNK, end - offset))
        characters += len(chunk) - len(chunk.translate(None, _BASE64))
    return characters // 4 * 3 + max(characters % 4 - 1, 0)


def quoted_size(source: Source, start: int, end: int) -> int:
    total, offset = 0, start
    while offset < end:
        chunk = source.read(offset, min(CHUNK, end - offset))
        if not chunk:
            break
        if offset + len(chunk) < end:
            chunk = chunk[: safe_cut(chunk)]
        total += len(binascii.a2b_qp(chunk))
        offset += len(chunk)
    return total


def safe_cut(chunk: bytes) -> int:
    """Where quoted-printable can be cut without tearing an escape or a soft line break."""
    line = chunk.rfind(b"\n") + 1
    if line:
        return line
    escape = chunk.rfind(b"=", len(chunk) - 2)
    return escape if escape > 0 else len(chunk)
