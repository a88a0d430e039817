"""Ten thousand Thai mails whose text is known: every label, true or false, in every place, with every odd character.

Left out is what cannot be written: a character that the charset of the bytes does not have.
"""

from __future__ import annotations

import base64
import itertools
import quopri
import random
from collections.abc import Iterator
from dataclasses import dataclass

# (label as it is written, codec of the bytes); the label is a lie where the two differ.
LABELS = [
    ("windows-874", "cp874"),
    ("tis-620", "cp874"),
    ("TIS620", "cp874"),
    ("iso-8859-11", "cp874"),
    ("x-windows-874", "cp874"),
    ("cp874", "cp874"),
    ("", "cp874"),
    ("us-ascii", "cp874"),
    ("iso-8859-1", "cp874"),
    ("windows-1252", "cp874"),
    ("utf-8", "cp874"),
    ("utf-8", "utf-8"),
    ("", "utf-8"),
    ("tis-620", "utf-8"),
    ("windows-874", "utf-8"),
    ("iso-8859-1", "utf-8"),
    ("us-ascii", "utf-8"),
]
ODD = {
    "plain": "",
    "nbsp": "ก.พ.\xa0พ.ศ.\xa0๒๕๖๙",
    "quotes": "“โรงเรียนบ้านหนองแวง”",
    "ellipsis": "รายละเอียด…ตามแนบ",
    "euro": "ค่าใช้จ่าย €๑๒๐",
    "sara am": "น้ำดื่มสำหรับกำนัน",
    "sara am apart": "น\u0e49\u0e4d\u0e32 ท\u0e4d\u0e32การ",
    "zwsp": "ขอ\u200bหนังสือ\u200bรับรอง",
    "digits": "เลขที่ ๑๒๓/๒๕๖๙ วันที่ ๑๐ กันยายน ๒๕๖๗",
}
SUBJECTS = ("B", "Q", "raw")
BODIES = ("8bit", "quoted-printable", "base64", "html 8bit", "html base64")
NAMES = ("2047", "2231", "raw")
_WORDS = (
    "ขอความอนุเคราะห์ หนังสือรับรอง การศึกษา โรงเรียนบ้านหนองบัว นักเรียน ค้างคืน ทัศนศึกษา ผู้ปกครอง ร้องเรียน ทุจริต "
    "อนุญาต ย้าย ข้าราชการครู เงินเดือน ที่อยู่ ใบอนุญาต จัดการเรียนรู้ ศูนย์การเรียน ผู้อำนวยการ กรุณา ด่วนที่สุด school PDF"
).split()


@dataclass(frozen=True, slots=True)
class Written:
    """A mail and what its writer meant."""

    raw: bytes
    subject: str
    sender: str
    body: str
    name: str
    html: bool
    described: str


def mails() -> Iterator[Written]:
    """The whole set, the same each time."""
    chance = random.Random(874)
    for turn in range(2):
        for (label, codec), odd, subject, body, name in itertools.product(LABELS, ODD, SUBJECTS, BODIES, NAMES):
            if _can_be_written(ODD[odd], codec):
                yield _written(chance, label, codec, odd, (subject, body, name), cut=codec == "utf-8" and turn == 1)


def _can_be_written(text: str, codec: str) -> bool:
    """cp874 has no zero-width space; it is the only character of the set that it lacks."""
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _written(
    chance: random.Random, label: str, codec: str, odd: str, places: tuple[str, str, str], *, cut: bool
) -> Written:
    """``cut``: what is written in several pieces is cut inside of a character."""
    text = [" ".join(chance.choices(_WORDS, k=chance.randint(2, 6))) + " " + ODD[odd] for _ in range(4)]
    subject, sender, body, name = (t.strip() for t in text)
    name = name.replace("/", "-") + ".pdf"
    subject_place, body_place, name_place = places
    head = [
        b"From: " + _header(sender, label, codec, subject_place, cut, quoted=True) + b" <citizen@example.com>",
        b"Subject: " + _header(subject, label, codec, subject_place, cut),
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/mixed; boundary="=_x"',
    ]
    parts = [
        b"\r\n".join(head) + b"\r\n",
        _body(body, label, codec, body_place),
        _file(name, label, codec, name_place, cut),
    ]
    raw = b"\r\n--=_x\r\n".join(parts) + b"\r\n--=_x--\r\n"
    described = f"{label or 'no label'} over {codec}, {odd}, {', '.join(places)}{', cut' if cut else ''}"
    return Written(raw, subject, sender, body, name, body_place.startswith("html"), described)


def _header(text: str, label: str, codec: str, place: str, cut: bool, *, quoted: bool = False) -> bytes:
    raw = text.encode(codec)
    if place == "raw":
        return b'"' + raw + b'"' if quoted else raw
    size = 20 if cut else len(raw)
    words = [_word(raw[i : i + size], label, place) for i in range(0, len(raw), size)]
    return b"\r\n ".join(words)


def _word(raw: bytes, label: str, place: str) -> bytes:
    if place == "B":
        coded = base64.b64encode(raw)
    else:
        coded = b"".join(bytes([b]) if chr(b).isalnum() and b < 128 else b"=%02X" % b for b in raw)
    return b"=?%s?%s?%s?=" % ((label or "unknown-8bit").encode(), place.encode(), coded)


def _body(text: str, label: str, codec: str, place: str) -> bytes:
    kind, encoding = ("html", place[5:]) if place.startswith("html") else ("plain", place)
    if kind == "html":
        # The page itself says something else again.
        other = "utf-8" if codec == "cp874" else "windows-874"
        text = f'<html><head><meta charset="{other}"></head><body><p>{text}</p></body></html>'
    raw = text.encode(codec)
    charset = f"; charset={label}" if label else ""
    head = f"Content-Type: text/{kind}{charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    if encoding == "base64":
        return head + base64.encodebytes(raw).replace(b"\n", b"\r\n")
    return head + (quopri.encodestring(raw).replace(b"\n", b"\r\n") if encoding == "quoted-printable" else raw)


def _file(name: str, label: str, codec: str, place: str, cut: bool) -> bytes:
    raw = name.encode(codec)
    if place == "raw":
        parameter = b'; filename="' + raw + b'"'
    elif place == "2047":
        parameter = b'; filename="' + _header(name, label, codec, "B", cut) + b'"'
    else:
        coded = [b"%%%02X" % b for b in raw]
        size = 10 if cut else len(coded)
        pieces = [b"".join(coded[i : i + size]) for i in range(0, len(coded), size)]
        start = label.encode() + b"''"
        if len(pieces) == 1:
            parameter = b"; filename*=" + start + pieces[0]
        else:
            numbered = [b";\r\n filename*%d*=%s" % (n, start * (n == 0) + piece) for n, piece in enumerate(pieces)]
            parameter = b"".join(numbered)
    head = b"Content-Type: application/pdf\r\nContent-Disposition: attachment" + parameter
    return head + b"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK"
