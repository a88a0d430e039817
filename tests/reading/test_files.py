"""What attachments are, whatever they are called, and what is wrong with them."""

from __future__ import annotations

import gzip
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.mime import dangers, ole, sniff, tnef, zips
from mailgate.core.source import BytesSource
from mailgate.model_reading import Flag
from tests.reading.bombs import attached, zipped
from tests.reading.shelves import reading, reading_and_files

PE = b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0" + b"\0" * 100
PDF = b"%PDF-1.4\n1 0 obj"
LNK = b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0"
DOCX = zipped(("[Content_Types].xml", b""), ("word/document.xml", b""))
DOCM = zipped(("word/document.xml", b""), ("word/vbaProject.bin", b"x"))
ISO = b"\0" * 0x8001 + b"CD001" + b"\0" * 100


def locked_zip() -> bytes:
    raw = bytearray(zipped(("a.txt", b"x")))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        raw[raw.find(mark) + offset] |= 1
    return bytes(raw)


def ole_file(*names: str, first: bytes = b"") -> bytes:
    """An OLE file of 512-byte sectors: allocation table, directory, and the first stream."""
    head = ole.MAGIC + b"\0" * 22 + struct.pack("<H", 9) + b"\0" * 16 + struct.pack("<I", 1) + b"\0" * 24
    head += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    sectors = -(-len(names) // 4)
    links = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    table = struct.pack("<128I", *(links + [0xFFFFFFFF] * (128 - len(links))))
    directory = b""
    for name in names:
        raw = (name + "\0").encode("utf-16-le")
        directory += raw.ljust(64, b"\0") + struct.pack("<H", len(raw)) + b"\0" * 50 + struct.pack("<I", sectors + 1)
        directory = directory.ljust(-(-len(directory) // 128) * 128, b"\0")
    return head.ljust(512, b"\0") + table + directory.ljust(512 * sectors, b"\0") + first.ljust(512, b"\0")


RAR4 = b"Rar!\x1a\x07\0" + b"\0\0\x73\0\0\x0d\0" + b"\0" * 6
RAR4_FILE = struct.pack("<HBHHI", 0, 0x74, 0x8004, 32, 0) + b"\0" * 21
RAR5 = b"Rar!\x1a\x07\1\0"
RAR5_MAIN = b"\0\0\0\0\x03\x01\x00\x00"
RAR5_LOCK = b"\0\0\0\0\x05\x04\x00\x00\x00\x00"
RAR5_FILE = b"\0\0\0\0\x08\x02\x01\x03\0\0" + b"\x02\x01\x00"


def seven_zip(header: bytes) -> bytes:
    return b"7z\xbc\xaf\x27\x1c\0\4" + b"\0" * 4 + struct.pack("<QQI", 5, len(header), 0) + b"01234" + header


def flags(content: bytes, name: str, declared: str = "application/octet-stream") -> set[str]:
    found = reading(attached(content, name, declared)).attachments[0]
    return {str(flag) for flag in found.flags}


@pytest.mark.parametrize(
    ("content", "name", "wanted"),
    [
        (PDF, "a.pdf", ""),
        (b"text", "a.txt", ""),
        (b"", "a.pdf", ""),
        (PNG, "a.png", ""),
        (JPEG, "a.jpeg", ""),
        (DOCX, "a.docx", ""),
        (DOCX, "a.doc", ""),
        (b"<html><table>", "a.xls", ""),
        (b"{\\rtf1", "a.doc", ""),
        (ole_file("WordDocument"), "a.doc", ""),
        ("ชื่อ,นามสกุล".encode("cp874"), "a.csv", ""),
        (zipped(("a.pdf", b"x")), "a.zip", ""),
        (PE, "a.exe", "dangerous"),
        (PE, "a.pdf", "dangerous mislabelled"),
        (PE, "a", "dangerous mislabelled"),
        (PE, "a.pdf.exe", "dangerous"),
        (b"harmless", "a.pdf.scr", "dangerous"),
        (b"x", "A.LNK", "dangerous"),
        (b"x", "a.iso", "dangerous"),
        (LNK, "a.pdf", "dangerous mislabelled"),
        (b"\x7fELF\2\1\1" + b"\0" * 50, "a.dat", "dangerous mislabelled"),
        (b"#!/bin/sh\nrm", "a", "dangerous"),
        (b"MZ is how this text begins", "a.txt", ""),
        (ISO, "a.img", "dangerous"),
        (ISO, "a.pdf", "dangerous mislabelled"),
        (PNG, "a.pdf", "mislabelled"),
        (PDF, "a.jpg", "mislabelled"),
        (b"x" * 100, "a.pdf", "mislabelled"),
        (DOCM, "a.docm", "macros"),
        (DOCM, "a.docx", "macros"),
        (b"x", "a.xlsm", "macros mislabelled"),
        (ole_file("WordDocument", "a", "b", "c", "Macros", "VBA"), "a.doc", "macros"),
        (locked_zip(), "a.zip", "encrypted"),
        (PDF + b"\ntrailer << /Encrypt 5 0 R >>", "a.pdf", "encrypted"),
        (PDF + b"x" * 3_000_000 + b"/Encrypt<<", "a.pdf", "encrypted"),
        (PDF + b"/EncryptMetadata", "a.pdf", ""),
        (ole_file("EncryptedPackage"), "a.docx", "encrypted"),
        (ole_file("WordDocument", first=b"\xec\xa5" + b"\0" * 9 + b"\1"), "a.doc", "encrypted"),
        (ole_file("Workbook", first=struct.pack("<HH4xHH", 0x809, 4, 0x2F, 2)), "a.xls", "encrypted"),
        (RAR4 + RAR4_FILE, "a.rar", "encrypted"),
        (RAR4, "a.rar", ""),
        (RAR5 + RAR5_LOCK, "a.rar", "encrypted"),
        (RAR5 + RAR5_MAIN + RAR5_FILE, "a.rar", "encrypted"),
        (RAR5 + RAR5_MAIN, "a.rar", ""),
        (seven_zip(b"\x17\x06\xf1\x07\x01"), "a.7z", "encrypted"),
        (seven_zip(b"\x17\x00"), "a.7z", ""),
        (zipped(("a.exe", b"x")), "a.zip", "dangerous"),
        (zipped(("META-INF/MANIFEST.MF", b"x")), "a.jar", "dangerous"),
        (zipped(("AndroidManifest.xml", b"x")), "a.zip", "dangerous mislabelled"),
        (zipped(("a", b"\0" * 200_000_000)), "a.zip", "bomb"),
        (gzip.compress(b"x")[:-4] + struct.pack("<I", 1 << 30), "a.gz", "bomb"),
    ],
)  # fmt: skip
def test_flags(content: bytes, name: str, wanted: str) -> None:
    assert flags(content, name) == set(wanted.split())


def test_a_label_that_would_be_believed() -> None:
    assert flags(PE, "a.exe", "image/png") == {"dangerous", "mislabelled"}
    assert flags(PNG, "a", "application/pdf") == {"mislabelled"}


def test_a_file_that_is_cut_off() -> None:
    whole = attached(PDF, "a.pdf")
    found = reading(whole[: whole.rfind(b"\r\n--BB--")])
    assert found.attachments[0].flags == (Flag.CUT,)
    assert not found.complete


def test_a_name_written_to_be_misread() -> None:
    found = reading(attached(PDF, "a\u202egpj.pdf")).attachments[0]
    assert found.flags == (Flag.MISLABELLED,)
    assert found.name == "agpj.pdf"
    assert "invisible" in reading(attached(PDF, "\u200b.a.pdf")).attachments[0].notes[0]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/x-empty"),
        ("ข้อความ".encode(), "text/plain"),
        ("ข้อความ".encode("cp874"), "text/plain"),
        (b"\xff\xfea\0", "text/plain"),
        (b"  <!DOCTYPE html>", "text/html"),
        (b"\0\1\2\3", "application/octet-stream"),
        (b"\0" * 100, "application/octet-stream"),
        (b"junk\n%PDF-1.4", "application/pdf"),
        (b"GIF89a", "image/gif"),
        (b"PK\x03\x04 broken", "application/zip"),
        (ole.MAGIC, "application/x-ole-storage"),
        (b"\0\0\0\x18ftypheic", "image/heif"),
    ],
)
def test_types(content: bytes, kind: str) -> None:
    assert sniff.found(BytesSource(content)) == kind


ANY = st.binary(max_size=600)
BEGINNINGS = st.sampled_from(
    [
        b"",
        b"PK\3\4",
        b"PK\5\6",
        ole.MAGIC,
        b"Rar!\x1a\x07\0",
        RAR5,
        b"7z\xbc\xaf\x27\x1c",
        tnef.SIGNATURE,
        b"%PDF-",
        b"MZ",
        b"\x1f\x8b\x08",
    ]
)


@given(BEGINNINGS, ANY, st.sampled_from(["a.pdf", "a", "a.zip", ".exe"]))
def test_any_bytes(begin: bytes, rest: bytes, name: str) -> None:
    source = BytesSource(begin + rest)
    found = sniff.found(source)
    assert found
    dangers.flags(source, name, "", found)
    tnef.files(source)


@given(
    st.sampled_from([DOCM, locked_zip(), ole_file("WordDocument", "VBA"), RAR4 + RAR4_FILE, RAR5 + RAR5_FILE]),
    st.data(),
)
def test_any_change(content: bytes, data: st.DataObject) -> None:
    raw = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    source = BytesSource(bytes(raw))
    dangers.flags(source, "a.zip", "", sniff.found(source))


def test_a_directory_larger_than_is_looked_at() -> None:
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 0, 20, 0, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    body = entry * 60_000
    raw = body + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 60_000, 60_000, len(body), 0, 0)
    assert zips.directory(BytesSource(raw)).bomb


def attribute(kind: int, data: bytes, level: int = 2) -> bytes:
    return struct.pack("<BHHI", level, kind, 6, len(data)) + data + b"\0\0"


def properties(*values: tuple[int, int, bytes]) -> bytes:
    made = struct.pack("<I", len(values))
    for kind, name, data in values:
        made += struct.pack("<HHII", kind, name, 1, len(data)) + data.ljust(-(-len(data) // 4) * 4, b"\0")
    return made


WINMAIL = (
    tnef.SIGNATURE + b"\0\0" + attribute(0x9007, struct.pack("<II", 874, 0), 1)
    + attribute(0x9002, b"\0" * 14) + attribute(0x8010, "คำร้อง.pdf\0".encode("cp874")) + attribute(0x800F, PDF)
    + attribute(0x9002, b"\0" * 14) + attribute(0x8010, b"LONGNA~1.DOC\0") + attribute(0x800F, DOCX)
    + attribute(0x9005, properties((0x1F, 0x3707, "ชื่อยาวมาก.docx\0".encode("utf-16-le"))))
    + attribute(0x9002, b"\0" * 14)
    + attribute(0x9005, properties((0x1E, 0x3704, b"old.exe\0"), (0x102, 0x3701, PE)))
)  # fmt: skip


def test_winmail_is_unpacked() -> None:
    found, files = reading_and_files(attached(WINMAIL, "winmail.dat", "application/ms-tnef"))
    assert [a.name for a in found.attachments] == ["winmail.dat", "คำร้อง.pdf", "ชื่อยาวมาก.docx", "old.exe"]
    assert files[1:] == [PDF, DOCX, PE]
    assert found.attachments[0].found == sniff.TNEF
    assert found.attachments[3].flags == (Flag.DANGEROUS,)
    assert found.attachments[1].notes == ("from winmail.dat",)


def test_winmail_cut_anywhere() -> None:
    for end in range(len(WINMAIL)):
        tnef.files(BytesSource(WINMAIL[:end]))


def test_default_names() -> None:
    raw = attached(PDF).replace(b'; filename="a.bin"', b"")
    assert reading(raw).attachments[0].name == "เอกสารแนบ.pdf"
    twice = raw.replace(b"--BB--", raw.partition(b"\r\n\r\n")[2])
    assert [a.name for a in reading(twice).attachments] == ["เอกสารแนบ.pdf", "เอกสารแนบ (2).pdf"]
