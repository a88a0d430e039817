"""What a visitor's form must have, and the message it becomes: the same kind of bytes as a letter that comes by e-mail.

So one archive, one reader and one officer's mail program serve both (RFC 5322, RFC 2045).
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from mailgate.core import message
from mailgate.core.address import valid_recipient
from mailgate.model_website import Shown, Wanted, Written

LONGEST = {"subject": 200, "facts": 20_000, "persons": 2_000, "place": 500, "when": 200, "name": 200,
           "contact": 500, "email": 254, "postal": 1_000, "text": 20_000}  # fmt: skip
_LINES = ("facts", "persons", "contact", "postal", "text")  # fields of several lines
_AT_ONCE = 57 * 1024  # bytes: whole lines of base64
_LABELS = {
    "subject": "เรื่อง",
    "facts": "ข้อเท็จจริงหรือพฤติการณ์",
    "persons": "บุคคลหรือหน่วยงานที่เกี่ยวข้อง",
    "place": "สถานที่",
    "when": "วันเวลา",
    "name": "ชื่อผู้แจ้ง",
    "contact": "ช่องทางติดต่อ",
    "wanted": "ประสงค์รับคำตอบ",
    "email": "ไปรษณีย์อิเล็กทรอนิกส์",
    "postal": "ที่อยู่สำหรับส่งเอกสาร",
}
_WANTED: dict[Wanted, str] = {
    "page": "ทางหน้าติดตามเรื่องบนเว็บไซต์",
    "email": "ทางไปรษณีย์อิเล็กทรอนิกส์",
    "paper": "เป็นเอกสารทางไปรษณีย์",
}


def written(fields: Mapping[str, str]) -> Written:
    """The fields of a form, without control characters. What is too long is left so, for ``problems`` to name."""
    texts = {name: clean(fields.get(name, ""), several=name in _LINES) for name in _LABELS if name != "wanted"}
    chosen = fields.get("wanted", "page")
    wanted: Wanted = chosen if chosen in ("page", "email", "paper") else "page"  # type: ignore[assignment]
    return Written(wanted=wanted, **texts)


def clean(text: str, *, several: bool) -> str:
    """Text of a form: line ends made one, control and direction characters out, where one line is meant one line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in lines if c in "\n\t" or (unicodedata.category(c) not in ("Cc", "Cs") and not _turns(c)))
    return kept.strip() if several else " ".join(kept.split())


def _turns(char: str) -> bool:
    return "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"


def problems(said: Written, files: int) -> dict[str, str]:
    """By field what is wrong with it: "missing", "long", "email"; empty if nothing is."""
    found = {name: "long" for name, most in LONGEST.items() if len(getattr(said, name, "")) > most}
    if not said.facts and not files:
        found["facts"] = "missing"
    if said.wanted == "email" and not valid_recipient(said.email):
        found["email"] = "email"
    if said.wanted == "paper" and not said.postal:
        found["postal"] = "missing"
    return found


def body(said: Written, service: str) -> str:
    """The text of the message, in Thai: each field that has something, under its label."""
    shown = {name: getattr(said, name) for name in _LABELS} | {"wanted": _WANTED[said.wanted]}
    parts = [f"{service}\nแจ้งผ่านเว็บไซต์ของสำนักงาน"]
    parts += [f"{_LABELS[name]}\n{text}" for name, text in shown.items() if text]
    return "\n\n".join(parts)


def head(
    domain: str, subject: str, sender: str, text: str, form: str, now: datetime, files: Sequence[Shown]
) -> tuple[bytes, str]:
    """The message up to its files, and the boundary that each stands behind; "" if there are none.

    ``form`` makes the Message-ID, so that it says nothing of the sender; ``sender``: an address, or "".
    """
    boundary = f"=_{form[:40]}" if files else ""
    headers = [
        ("From", f"<{sender}>" if sender else f"website <nobody@{domain}>"),
        ("Date", format_datetime(now)),
        ("Subject", subject),
        ("Message-ID", f"<w.{form[:32]}@{domain}>"),
    ]
    return message.build(headers, [("plain", text)], boundary=boundary), boundary


def pieces(head: bytes, boundary: str, files: Iterable[tuple[Shown, Iterable[bytes]]]) -> Iterator[bytes]:
    """The whole message in pieces; files are read as they are needed."""
    yield head
    for file, content in files:
        yield _before(boundary, file.name)
        yield from _base64(content)
    if boundary:
        yield message.closing(boundary)


def _before(boundary: str, name: str) -> bytes:
    """The headers of a file; its name is percent-encoded, so nothing in it can be a header (RFC 2231 4)."""
    return (
        f"--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{quote(name, safe='')}\r\n\r\n"
    ).encode("ascii")


def _base64(content: Iterable[bytes]) -> Iterator[bytes]:
    left = b""
    for piece in content:
        left += piece
        whole = len(left) - len(left) % _AT_ONCE
        if whole:
            yield message.base64_lines(left[:whole])
            left = left[whole:]
    if left:
        yield message.base64_lines(left)
    yield b"\r\n"


def file_name(name: str) -> str:
    """A file's name as a visitor gave it: no path, no control characters, at most 150 characters."""
    last = clean(name, several=False).replace("\\", "/").rpartition("/")[2]
    stem, dot, suffix = last.rpartition(".")
    if len(last) > 150:
        last = f"{stem[:130]}{dot}{suffix[:15]}"
    return last.strip(". ") or "file"


def from_chance(chance: bytes) -> str:
    """A form's own number as text."""
    return base64.urlsafe_b64encode(chance).decode("ascii").rstrip("=")
