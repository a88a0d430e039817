"""What the directory of a zip file says of it. Nothing is unpacked."""

from __future__ import annotations

import struct
import zipfile
from dataclasses import dataclass

from mailgate.core.source import Source

_MOST_AT_ONCE = 2 * 1024 * 1024
MOST_UNPACKED = 2 * 1024**3
_RATIO, _RATIO_FROM = 100, 100 * 1024 * 1024
_ENCRYPTED_BITS = 0x41
_AES = 99  # APPNOTE.TXT appendix E


class _TooMuchError(Exception):
    """The directory is larger than is looked at."""


class _Tape:
    """As much of a file as ``zipfile`` needs to read a directory; it asks for the whole directory at once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        position = offset + (0, self._at, self._source.size)[whence]
        if position < 0:
            raise OSError("before the beginning")
        self._at = position
        return position

    def read(self, length: int = -1) -> bytes:
        wanted = self._source.size - self._at if length < 0 else length
        if wanted > _MOST_AT_ONCE:
            raise _TooMuchError
        piece = self._source.read(self._at, max(wanted, 0))
        self._at += len(piece)
        return piece


@dataclass(frozen=True, slots=True)
class Directory:
    """The directory of a zip file; ``names`` in lower case. ``readable``: False where it is broken."""

    names: frozenset[str] = frozenset()
    encrypted: bool = False
    bomb: bool = False
    readable: bool = True


def directory(source: Source) -> Directory:
    """Never raises, whatever the bytes are."""
    try:
        with zipfile.ZipFile(_Tape(source)) as file:
            entries = file.infolist()
    except _TooMuchError:
        return Directory(bomb=True)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error, IndexError, OverflowError):
        return Directory(readable=False)
    unpacked = sum(entry.file_size for entry in entries)
    return Directory(
        names=frozenset(entry.filename[:200].lower() for entry in entries),
        encrypted=any(entry.flag_bits & _ENCRYPTED_BITS or entry.compress_type == _AES for entry in entries),
        bomb=unpacked > MOST_UNPACKED or (unpacked > _RATIO_FROM and unpacked > _RATIO * source.size),
    )


def kind(names: frozenset[str]) -> str:
    """The type that the names in a zip file show."""
    for mark, found in _MARKS:
        if mark in names:
            return found
    return "application/zip"


_OFFICE = "application/vnd.openxmlformats-officedocument."
_MARKS = (
    ("word/document.xml", _OFFICE + "wordprocessingml.document"),
    ("xl/workbook.xml", _OFFICE + "spreadsheetml.sheet"),
    ("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    ("ppt/presentation.xml", _OFFICE + "presentationml.presentation"),
    ("androidmanifest.xml", "application/vnd.android.package-archive"),
    ("meta-inf/manifest.mf", "application/java-archive"),
    ("meta-inf/container.xml", "application/epub+zip"),
    ("content.xml", "application/vnd.oasis.opendocument"),
)
