"""The files inside a winmail.dat ([MS-OXTNEF]): their names and where their bytes lie. Never raises; linear.

The library at hand copies the rest of the data for each attribute and follows messages inside messages without a limit.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from mailgate.core import charset
from mailgate.core.source import Source, Window

SIGNATURE = b"\x78\x9f\x3e\x22"
_RENDER, _TITLE, _DATA, _PROPERTIES, _CODEPAGE = 0x9002, 0x8010, 0x800F, 0x9005, 0x9007
_MOST = 100_000
_MOST_FILES = 500
_LONGEST_NAME = 2000
_LONG_NAME, _NAME, _OBJECT = 0x3707, 0x3704, 0x3701
_UNICODE, _STRING, _BINARY, _EMBEDDED = 0x1F, 0x1E, 0x102, 0x0D
_WIDTHS = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}


@dataclass(slots=True)
class File:
    """A file inside. ``name`` is as it was written."""

    name: str = ""
    start: int = 0
    end: int = 0


def is_tnef(source: Source) -> bool:
    return source.read(0, 4) == SIGNATURE


def files(source: Source) -> list[File]:
    """The files of a winmail.dat, in order; those read before something was broken."""
    found: list[File] = []
    label = "windows-874"
    for attribute, start, end in _attributes(source):
        if attribute == _CODEPAGE:
            label = _codepage(source.read(start, 4))
        elif attribute == _RENDER and len(found) < _MOST_FILES:
            found.append(File())
        elif found and attribute == _TITLE:
            raw = source.read(start, min(end - start, _LONGEST_NAME))
            found[-1].name = found[-1].name or _text(raw, label)
        elif found and attribute == _DATA:
            found[-1].start, found[-1].end = start, end
        elif found and attribute == _PROPERTIES:
            _describe(found[-1], Window(source, start, end), start, label)
    return [file for file in found if file.name or file.end > file.start]


def _attributes(source: Source) -> Iterator[tuple[int, int, int]]:
    """(id, start, end) of each attribute: level, id, type, length, data, checksum."""
    position = 6
    for _ in range(_MOST):
        head = source.read(position, 9)
        if len(head) < 9 or head[0] not in (1, 2):
            return
        attribute, _, length = struct.unpack_from("<HHI", head, 1)
        start = position + 9
        yield attribute, start, min(start + length, source.size)
        position = start + length + 2


def _codepage(raw: bytes) -> str:
    return f"windows-{struct.unpack('<I', raw)[0]}" if len(raw) == 4 else ""


def _text(raw: bytes, label: str) -> str:
    return charset.decode(raw.partition(b"\0")[0], label)[0]


def _describe(file: File, source: Source, base: int, label: str) -> None:
    """The MAPI properties of one file: its long name, and sometimes its bytes ([MS-OXTNEF] 2.1.3.4)."""
    short = ""
    for kind, name, start, end in _properties(source):
        if name in (_LONG_NAME, _NAME) and kind in (_UNICODE, _STRING):
            raw = source.read(start, min(end - start, _LONGEST_NAME))
            text = raw.decode("utf-16-le", "replace").partition("\0")[0] if kind == _UNICODE else _text(raw, label)
            if name == _LONG_NAME:
                file.name = text or file.name
            short = text
        elif name == _OBJECT and kind in (_BINARY, _EMBEDDED) and not file.end:
            # An object begins with the 16 bytes of its interface.
            skipped = 16 if kind == _EMBEDDED else 0
            file.start, file.end = base + min(start + skipped, end), base + end
    file.name = file.name or short


def _properties(source: Source) -> Iterator[tuple[int, int, int, int]]:
    """(type, id, start, end) of each property with one value."""
    reader = _Reader(source, 4)
    for _ in range(min(reader.number_at(0), 2000)):
        kind, name = reader.take("<HH")
        if name >= 0x8000:
            reader.skip_name()
        several, kind = kind & 0x1000, kind & 0xFFF
        counted = kind in (_UNICODE, _STRING, _BINARY, _EMBEDDED)
        if not counted and kind not in _WIDTHS:
            return
        values = reader.take("<I")[0] if several or counted else 1
        for _ in range(min(values, 2000)):
            length = reader.take("<I")[0] if counted else _WIDTHS[kind]
            start = reader.position
            reader.position += (length + 3) // 4 * 4
            if start + length > source.size:
                return
            yield kind, name, start, start + length


class _Reader:
    """Takes numbers one after the other; zeros behind the end."""

    def __init__(self, source: Source, position: int) -> None:
        self._source = source
        self.position = position

    def number_at(self, position: int) -> int:
        return int.from_bytes(self._source.read(position, 4), "little")

    def take(self, form: str) -> tuple[int, ...]:
        size = struct.calcsize(form)
        raw = self._source.read(self.position, size).ljust(size, b"\0")
        self.position += size
        return struct.unpack(form, raw)

    def skip_name(self) -> None:
        """A named property: its set, and a number or a text."""
        self.position += 16
        kind, length = self.take("<II")
        self.position += (length + 3) // 4 * 4 if kind == 1 else 0
