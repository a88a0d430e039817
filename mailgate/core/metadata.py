"""What a picture says of place, device and author beside the picture itself, taken out without touching the picture.

JPEG: the segments APP1 to APP15 (Exif, XMP, IPTC, maker's notes) but APP2 with a colour profile and APP14 (Adobe's
colours), and comments; of Exif the way up stays, or telephones' pictures would lie on their side. PNG: the chunks of
text, Exif and time. What follows the end of the picture goes too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_COMMENT, _START_OF_SCAN, _END = 0xFE, 0xDA, 0xD9
_PNG_SAID = (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"caBX")


class DamagedError(ValueError):
    """The bytes are no whole picture of their kind."""


def kind(begins: bytes) -> str:
    """ "jpeg", "png" or "pdf" by how a file begins; "" for others."""
    if begins.startswith(_JPEG):
        return "jpeg"
    if begins.startswith(_PNG):
        return "png"
    return "pdf" if b"%PDF-" in begins[:1024] else ""


def jpeg(content: bytes) -> bytes:
    """A JPEG without its metadata. Raises DamagedError."""
    return b"".join(_jpeg(content))


def png(content: bytes) -> bytes:
    """A PNG without its metadata. Raises DamagedError."""
    return b"".join(_png(content))


def _jpeg(content: bytes) -> Iterator[bytes]:
    yield content[:2]
    at = 2
    while True:
        at = _next_marker(content, at)
        marker = content[at + 1]
        if marker == _END:
            yield content[at : at + 2]
            return
        if _stands_alone(marker):
            yield content[at : at + 2]
            at += 2
            continue
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if end > len(content) or end < at + 4:
            raise DamagedError("a segment is cut off")
        if marker == _START_OF_SCAN:
            end = _scan_ends(content, end)
            yield content[at:end]
        elif upright := _orientation(marker, content[at + 4 : end]):
            yield _turned(upright)
        elif _is_picture(marker, content[at + 4 : at + 16]):
            yield content[at:end]
        at = end


def _next_marker(content: bytes, at: int) -> int:
    while content[at : at + 2] == b"\xff\xff":
        at += 1  # fill bytes (ITU-T T.81 B.1.1.2)
    if at + 2 > len(content) or content[at] != 0xFF:
        raise DamagedError("no marker where one must be")
    return at


def _stands_alone(marker: int) -> bool:
    return marker == 0x01 or 0xD0 <= marker <= 0xD7


def _scan_ends(content: bytes, at: int) -> int:
    """Where the next marker after compressed data stands: 0xFF that is neither stuffed nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise DamagedError("the picture is cut off")
        if content[at + 1] != 0 and not _stands_alone(content[at + 1]) and content[at + 1] != 0xFF:
            return at
        at += 1 if content[at + 1] == 0xFF else 2


def _orientation(marker: int, segment: bytes) -> int:
    """The way up that an Exif segment says (tag 0x0112 of the first directory); 0 if it is none or says nothing."""
    if marker != 0xE1 or not segment.startswith(b"Exif\0\0"):
        return 0
    tiff = segment[6:]
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    at = int.from_bytes(tiff[4:8], order)
    for n in range(min(int.from_bytes(tiff[at : at + 2], order), 500)):
        entry = tiff[at + 2 + 12 * n : at + 14 + 12 * n]
        if int.from_bytes(entry[:2], order) == 0x0112:
            value = int.from_bytes(entry[8:10], order)
            return value if 2 <= value <= 8 else 0
    return 0


def _turned(value: int) -> bytes:
    """An Exif segment that says the way up and nothing else."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + value.to_bytes(2, "big") + b"\0\0"
    said = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + b"\0\0\0\0"
    return b"\xff\xe1" + (len(said) + 2).to_bytes(2, "big") + said


def _is_picture(marker: int, begins: bytes) -> bool:
    if marker == 0xE2:
        return begins.startswith(b"ICC_PROFILE")
    return marker in (0xE0, 0xEE) or not (0xE1 <= marker <= 0xEF or marker == _COMMENT)


def _png(content: bytes) -> Iterator[bytes]:
    yield content[:8]
    at = 8
    while True:
        length, name = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        end = at + 12 + length
        if len(name) < 4 or end > len(content):
            raise DamagedError("a chunk is cut off")
        if name not in _PNG_SAID:
            yield content[at:end]
        if name == b"IEND":
            return
        at = end
