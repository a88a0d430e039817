"""What the bytes of a file are, whatever it is called. Looks at its first and last bytes only."""

from __future__ import annotations

import struct

import puremagic

from mailgate.core.mime import ole, zips
from mailgate.core.source import Source

HEAD, TAIL = 40_000, 1024
UNKNOWN = "application/octet-stream"
PROGRAM = "application/x-executable"
SCRIPT = "text/x-script"
SHORTCUT = "application/x-ms-shortcut"
DISK = "application/x-disk-image"
TNEF = "application/ms-tnef"
_LEAST_SURE = 0.3

_SIGNS = (
    (b"%PDF-", "application/pdf"),
    (b"\x7fELF", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"\xfe\xed\xfa\xce", PROGRAM),
    (b"\xfe\xed\xfa\xcf", PROGRAM),
    (b"\xce\xfa\xed\xfe", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"dex\n", PROGRAM),
    (b"\0asm", PROGRAM),
    (b"#!", SCRIPT),
    (b"L\0\0\0\x01\x14\x02\0", SHORTCUT),
    (b"[InternetShortcut]", SHORTCUT),
    (b"conectix", DISK),
    (b"vhdxfile", DISK),
    (b"QFI\xfb", DISK),
    (b"KDMV", DISK),
    (b"x\x9f>\x22", TNEF),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"{\\rtf", "application/rtf"),
    (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"ITSF", "application/vnd.ms-htmlhelp"),
)
_ISO_AT = (0x8001, 0x8801, 0x9001)


def found(source: Source) -> str:
    """The type as far as the bytes show it; ``application/octet-stream`` if they show nothing. Never raises."""
    head = source.read(0, HEAD)
    if not head:
        return "application/x-empty"
    return _by_sign(source, head) or _by_library(source, head) or _text(head) or UNKNOWN


def _by_sign(source: Source, head: bytes) -> str:
    if head.startswith(b"MZ") and _is_program(head):
        return PROGRAM
    if head.startswith(ole.MAGIC):
        return ole.kind(ole.streams(source))
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return zips.kind(zips.directory(source).names)
    if any(head[at : at + 5] == b"CD001" for at in _ISO_AT):
        return DISK
    sign = next((kind for sign, kind in _SIGNS if head.startswith(sign)), "")
    # A PDF may have up to 1 KiB of something else before it; readers open it all the same.
    return sign or ("application/pdf" if b"%PDF-" in head[:1024] else "")


def _is_program(head: bytes) -> bool:
    """Two letters alone may begin a text: a program has a second header, or bytes no text has."""
    at = struct.unpack_from("<I", head, 60)[0] if len(head) >= 64 else 0
    return head[at : at + 2] in (b"PE", b"NE", b"LE", b"LX") or b"\0" in head[:512]


def _by_library(source: Source, head: bytes) -> str:
    tail = source.read(max(source.size - TAIL, len(head)), TAIL)
    try:
        matches = puremagic.magic_string(head + tail)
    except (puremagic.PureError, ValueError):
        return ""
    sure = (match.mime_type for match in matches if match.confidence >= _LEAST_SURE)
    return next((kind for kind in sure if kind), "")


def _text(head: bytes) -> str:
    """Text in any encoding has no control characters but a few."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text/plain"
    controls = len(head) - len(head.translate(None, bytes(set(range(32)) - set(b"\t\n\r\f\x1b") | {127})))
    if controls:
        return ""
    lowered = head[:1024].lstrip().lower()
    return "text/html" if lowered.startswith((b"<!doctype html", b"<html", b"<body", b"<script")) else "text/plain"
