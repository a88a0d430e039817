"""Attachments of the demo's letters: small PDF and JPEG files that open in any viewer, made in code."""

from __future__ import annotations

import hashlib

_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
)
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf(caption: str, padding: int = 0) -> bytes:
    """A one-page PDF with an ASCII caption; ``padding`` bytes, like those of a scan, make it large."""
    text = f"BT /F1 18 Tf 72 760 Td ({_escaped(caption)}) Tj ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE,
        _stream(text),
        _FONT,
    ]
    if padding:
        objects.append(_stream(hashlib.shake_256(caption.encode()).digest(padding)))
    return _assembled(objects)


def jpeg(caption: str, width: int = 320, height: int = 240) -> bytes:
    """A plain grey baseline JPEG, sides multiples of 8; the caption goes into a comment.

    The Huffman tables know one symbol each, "no difference" and "end of block", so every block is the two bits 00.
    """
    frame = b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\x01\x01\x11\x00"
    one_code = b"\x01" + bytes(15) + b"\x00"
    blocks = width * height // 64
    parts = [
        b"\xff\xd8",
        _segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
        _segment(0xFE, caption.encode("ascii")),
        _segment(0xDB, b"\x00" + b"\x10" * 64),
        _segment(0xC0, frame),
        _segment(0xC4, b"\x00" + one_code),
        _segment(0xC4, b"\x10" + one_code),
        _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"),
        bytes(blocks // 4),
        b"\xff\xd9",
    ]
    return b"".join(parts)


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _assembled(objects: list[bytes]) -> bytes:
    out, offsets = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
