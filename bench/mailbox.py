"""Letters as citizens send them, for measurements: the same ones for the same seed, made while they are read.

Of a hundred letters one has an attachment of 5 to 7 MB, ten have one of about 200 KB, the others
are 2 to 40 KB of text or HTML. `python -m bench.mailbox` prints what sizes come out.
"""

from __future__ import annotations

import argparse
import base64
import quopri
import random
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

CRLF = b"\r\n"
FIRST_DAY = datetime(2026, 10, 1, 1, 30, tzinfo=UTC)
POOL = 8 << 20  # of attachment bytes; each attachment is a piece of it
LINE = 57  # bytes in a line of base64
KINDS = ["large"] + ["medium"] * 10 + ["small"] * 89
SUBJECTS = [
    "ขออนุญาตจัดการศึกษาขั้นพื้นฐานโดยครอบครัว",
    "ร้องเรียนการเก็บค่าบำรุงการศึกษา",
    "ขอเอกสารสำเนาวุฒิการศึกษา",
    "ส่งแบบสำรวจข้อมูลโรงเรียน ปีการศึกษา ๒๕๖๙",
    "สอบถามเรื่องการย้ายโรงเรียนของบุตร",
    "ขอเชิญประชุมคณะกรรมการสถานศึกษา",
    "รายงานการเดินทางไปราชการ",
    "Request for school records",
]
NAMES = ["สมชาย ใจดี", "สุดารัตน์ ศรีสุข", "อนุชา บุญมา", "มาลี แสงทอง", "ประยูร วงษ์สวัสดิ์", "Nok Phimai"]
SENTENCES = [
    "เรียน ผู้อำนวยการสำนักงานเขตพื้นที่การศึกษา",
    "ข้าพเจ้าขอความอนุเคราะห์ให้ท่านพิจารณาเรื่องดังกล่าวด้วย",
    "โปรดแจ้งผลการพิจารณาให้ทราบภายในเวลาที่กฎหมายกำหนด",
    "พร้อมนี้ได้แนบสำเนาบัตรประจำตัวประชาชนและทะเบียนบ้านมาด้วยแล้ว",
    "หากต้องการข้อมูลเพิ่มเติม กรุณาติดต่อหมายเลข 08-1234-5678",
    "จึงเรียนมาเพื่อโปรดพิจารณา",
    "ขอแสดงความนับถือ",
]


def letters(n: int, seed: int = 1) -> Iterator[bytes]:
    """`n` letters with different senders and Message-IDs, in a fixed order for a seed."""
    choice = random.Random(seed)
    pool = _base64_pool(choice) if n else b""
    kinds: list[str] = []
    for number in range(n):
        if not kinds:  # shuffled by the hundred, so that few letters have the right mixture, too
            kinds = KINDS.copy()
            choice.shuffle(kinds)
        yield _letter(number, seed, kinds.pop(), choice, pool)


def _base64_pool(choice: random.Random) -> bytes:
    """Random bytes as base64 lines. Encoded once: attachments are cut out of it at line ends."""
    return base64.encodebytes(choice.randbytes(POOL)).replace(b"\n", CRLF)


def _letter(number: int, seed: int, kind: str, choice: random.Random, pool: bytes) -> bytes:
    header = _header(number, seed, choice)
    if kind == "small":
        return header + _text(choice, int(choice.triangular(2_000, 40_000, 13_000)))
    size = choice.triangular(5_000_000, 7_000_000, 5_000_000) if kind == "large" else choice.uniform(180e3, 220e3)
    boundary = b"----=_%d_%d" % (seed, number)
    return b"".join(
        [
            header,
            b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n--%s\r\n' % (boundary, boundary),
            _text(choice, choice.randint(1_000, 4_000)),
            b"\r\n--%s\r\n" % boundary,
            b'Content-Type: application/pdf; name="%s"\r\n' % _word("เอกสารแนบ.pdf", "utf-8", b"B"),
            b"Content-Disposition: attachment; filename*=UTF-8''%E0%B9%80%E0%B8%AD%E0%B8%81.pdf\r\n",
            b"Content-Transfer-Encoding: base64\r\n\r\n",
            _attachment(choice, pool, int(size)),
            b"\r\n--%s--\r\n" % boundary,
        ]
    )


def _header(number: int, seed: int, choice: random.Random) -> bytes:
    name = choice.choice(NAMES)
    subject = f"{choice.choice(SUBJECTS)} {number + 1}"
    when = FIRST_DAY + timedelta(minutes=7 * number, seconds=choice.randrange(60))
    lines = [
        b"From: %s <citizen%d.%d@example.org>" % (_word(name, "utf-8", b"B"), seed, number),
        b"To: mkarea3@example.go.th",
        b"Subject: " + _subject(subject, choice),
        b"Date: " + format_datetime(when).encode(),
        b"Message-ID: <letter.%d.%d@example.org>" % (seed, number),
        b"MIME-Version: 1.0",
    ]
    return CRLF.join(lines) + CRLF


def _subject(text: str, choice: random.Random) -> bytes:
    """Thai subjects as they really come: properly encoded, in old code pages, folded, or raw."""
    way = choice.randrange(10)
    if way < 5:
        return _word(text, "utf-8", b"B")
    if way == 5:
        return _word(text, "utf-8", b"Q")
    if way == 6:
        return _word(text, "tis-620", b"B")
    if way == 7:
        return _word(text, "windows-874", b"B")
    if way == 8:
        middle = len(text) // 2
        return _word(text[:middle], "utf-8", b"B") + b"\r\n " + _word(text[middle:], "utf-8", b"B")
    return text.encode()


def _word(text: str, charset: str, kind: bytes) -> bytes:
    raw = text.encode("cp874" if charset == "windows-874" else charset)
    coded = base64.b64encode(raw) if kind == b"B" else quopri.encodestring(raw, header=True).replace(b"=\n", b"")
    return b"=?%s?%s?%s?=" % (charset.encode(), kind, coded)


def _text(choice: random.Random, size: int) -> bytes:
    """A text or HTML part of about `size` bytes with its own header lines."""
    way = choice.randrange(4)
    charset = "tis-620" if way == 3 else "utf-8"
    kind = "html" if way == 1 else "plain"
    lines = [f"<p>{line}</p>" if kind == "html" else line for line in SENTENCES]
    choice.shuffle(lines)
    block = "\r\n".join(lines).encode(charset) + CRLF
    raw_size = size if way == 3 else size * LINE // 78
    rest = block[: raw_size % len(block)].decode(charset, "ignore")  # without half a letter at the end
    raw = block * (raw_size // len(block)) + rest.encode(charset)
    head = f'Content-Type: text/{kind}; charset="{charset}"\r\n'.encode()
    if way == 3:
        return head + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + raw.rstrip(b"\r\n") + CRLF
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(raw).replace(b"\n", CRLF)


def _attachment(choice: random.Random, pool: bytes, size: int) -> bytes:
    """Base64 lines that begin like a PDF file."""
    line = len(base64.b64encode(bytes(LINE))) + len(CRLF)
    count = size // LINE
    start = choice.randrange(len(pool) // line - count) * line
    return base64.b64encode(b"%PDF-1.7\n".ljust(LINE)) + CRLF + pool[start : start + (count - 1) * line]


def main() -> None:
    """Prints the sizes of the letters."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("n", type=int, nargs="?", default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = time.perf_counter()
    sizes = sorted(len(raw) for raw in letters(options.n, options.seed))
    seconds = time.perf_counter() - begun
    total = sum(sizes)
    print(f"{len(sizes)} letters, {total / 1e6:.1f} MB, made in {seconds:.2f} s")
    print(f"mean {total / len(sizes) / 1e3:.1f} KB, median {statistics.median(sizes) / 1e3:.1f} KB")
    print(f"smallest {sizes[0] / 1e3:.1f} KB, largest {sizes[-1] / 1e6:.2f} MB")
    print(f"over 100 KB: {sum(s > 1e5 for s in sizes)}, over 1 MB: {sum(s > 1e6 for s in sizes)}")


if __name__ == "__main__":
    main()
