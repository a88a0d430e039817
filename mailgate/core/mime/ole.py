"""The names of the streams in an OLE file, the container of old office files ([MS-CFB]). Never raises."""

from __future__ import annotations

import struct

from mailgate.core.source import Source

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY = 128
_MOST_SECTORS = 512
_END = 0xFFFFFFF0
_FAT_IN_HEADER = 109


def streams(source: Source) -> dict[str, bytes]:
    """Name of each stream in lower case, and its first bytes where these are easily found."""
    head = source.read(0, 512)
    if len(head) < 512 or not head.startswith(MAGIC):
        return {}
    shift = struct.unpack_from("<H", head, 30)[0]
    if shift not in (9, 12):
        return {}
    size = 1 << shift
    table = struct.unpack_from(f"<{_FAT_IN_HEADER}I", head, 76)
    found: dict[str, bytes] = {}
    for sector in _chain(source, table, struct.unpack_from("<I", head, 48)[0], size):
        block = source.read((sector + 1) * size, size)
        for at in range(0, len(block) - _ENTRY + 1, _ENTRY):
            name, start = _entry(block[at : at + _ENTRY])
            if name:
                found[name] = source.read((start + 1) * size, 4096) if start < _END else b""
    return found


def _chain(source: Source, table: tuple[int, ...], sector: int, size: int) -> list[int]:
    """The sectors of the directory, by the allocation table; a loop ends it."""
    found: dict[int, None] = {}
    while sector < _END and sector not in found and len(found) < _MOST_SECTORS:
        found[sector] = None
        block, place = divmod(sector, size // 4)
        if block >= len(table) or table[block] >= _END:
            break
        link = source.read((table[block] + 1) * size + place * 4, 4)
        sector = struct.unpack("<I", link)[0] if len(link) == 4 else _END
    return list(found)


def _entry(raw: bytes) -> tuple[str, int]:
    """(name, first sector) of one entry of the directory."""
    length = min(struct.unpack_from("<H", raw, 64)[0], 64)
    name = raw[: max(length - 2, 0)].decode("utf-16-le", "replace").lower()
    return name, struct.unpack_from("<I", raw, 116)[0]


def kind(names: dict[str, bytes]) -> str:
    """The type that the streams show."""
    for mark, found in _MARKS:
        if mark in names:
            return found
    return "application/x-ole-storage"


_MARKS = (
    ("encryptedpackage", "application/x-ole-storage"),
    ("worddocument", "application/msword"),
    ("workbook", "application/vnd.ms-excel"),
    ("book", "application/vnd.ms-excel"),
    ("powerpoint document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
)
_MACROS = ("_vba_project", "vba", "macros", "_vba_project_cur", "dir\x00vba")


def has_macros(names: dict[str, bytes]) -> bool:
    return any(name in names for name in _MACROS)


def is_encrypted(names: dict[str, bytes]) -> bool:
    """A package that is encrypted as a whole, or the marks of the old formats ([MS-DOC] 2.5.2, [MS-XLS] 2.4.117)."""
    if "encryptedpackage" in names or "encryptedsummary" in names:
        return True
    word = names.get("worddocument", b"")
    if word[:2] == b"\xec\xa5" and len(word) > 11 and word[11] & 1:
        return True
    return _has_password(names.get("workbook") or names.get("book") or b"")


def _has_password(book: bytes) -> bool:
    """FILEPASS among the first records of a workbook."""
    at = 0
    for _ in range(20):
        if len(book) < at + 4:
            return False
        record, length = struct.unpack_from("<HH", book, at)
        if record == 0x2F:
            return True
        at += 4 + length
    return False
