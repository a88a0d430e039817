"""Whether a file needs a password, as its headers say. Nothing is unpacked. Never raises."""

from __future__ import annotations

import re

from mailgate.core.source import CHUNK, Source

_MOST_BLOCKS = 2000
# A trailer, or the dictionary of a cross-reference stream, names the dictionary of the encryption (ISO 32000-1 7.6.1).
_PDF = re.compile(rb"/Encrypt(?![A-Za-z])")
_AES_7Z = b"\x06\xf1\x07\x01"
_OVERLAP = 16


def pdf(source: Source) -> bool:
    """Searched as a whole, because the trailer that counts may be anywhere in a file that was changed."""
    return any(_PDF.search(source.read(at, CHUNK + _OVERLAP)) for at in range(0, source.size, CHUNK))


def seven_zip(source: Source) -> bool:
    """A header at the end that names the AES coder: of the list of files, or of the files if the list is plain."""
    head = source.read(0, 32)
    at, length = int.from_bytes(head[12:20], "little"), int.from_bytes(head[20:28], "little")
    return _AES_7Z in source.read(32 + min(at, source.size), min(length, CHUNK))


def rar(source: Source) -> bool:
    return _rar5(source) if source.read(0, 8) == b"Rar!\x1a\x07\x01\x00" else _rar4(source)


def _rar4(source: Source) -> bool:
    """Blocks of: checksum (2), type (1), flags (2), size (2), and the size of the data where the flags say so."""
    position = 7
    for _ in range(_MOST_BLOCKS):
        block = source.read(position, 11)
        if len(block) < 7:
            return False
        kind, flags = block[2], int.from_bytes(block[3:5], "little")
        if (kind == 0x73 and flags & 0x80) or (kind == 0x74 and flags & 0x04):
            return True
        size = int.from_bytes(block[5:7], "little")
        data = int.from_bytes(block[7:11], "little") if flags & 0x8000 or kind == 0x74 else 0
        position += max(size, 7) + data
    return False


def _rar5(source: Source) -> bool:
    """Blocks of: checksum (4), then numbers of 7 bits a byte: size, type, flags, sizes of extra area and data."""
    position = 8
    for _ in range(_MOST_BLOCKS):
        head = source.read(position + 4, 64)
        size, at = _number(head, 0)
        kind, behind = _number(head, at)
        flags, behind = _number(head, behind)
        if not head or not size:
            return False
        extra, behind = _number(head, behind) if flags & 1 else (0, behind)
        data = _number(head, behind)[0] if flags & 2 else 0
        end = position + 4 + at + size
        if kind == 4 or (
            kind == 2 and extra and _has_encryption(source.read(end - min(extra, size), min(extra, 4096)))
        ):
            return True
        position = end + data
    return False


def _has_encryption(extra: bytes) -> bool:
    """Records of: size, type, data; type 1 is the encryption of a file."""
    position = 0
    while position < len(extra):
        size, at = _number(extra, position)
        if _number(extra, at)[0] == 1:
            return True
        position = at + max(size, 1)
    return False


def _number(raw: bytes, position: int) -> tuple[int, int]:
    """(value, position behind it); what ends too early counts as it is."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(raw):
            break
        byte = raw[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    return value, position
