"""The header block of a message, well-formed, broken and hostile."""

import base64
import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.parse import MAX_BLOCK, date_of, header_block, headers, split
from mailgate.core.thai import MONTHS, MONTHS_SHORT
from mailgate.model import Address

LETTER = (
    b"Return-Path: <Somchai@Example.co.th>\r\n"
    b"Delivered-To: mkarea3@mkarea3.go.th\r\n"
    b"Received: from a by b;\r\n\tTue, 10 Sep 2024 09:00:00 +0700\r\n"
    b"Return-Path: <other@example.org>\r\n"
    b'From: "=?UTF-8?B?4Liq4Lih4LiK4Liy4Lii?=" <somchai@Example.co.th>\r\n'
    b"To: mkarea3@mkarea3.go.th,\r\n Clerk <clerk@mkarea3.go.th>\r\n"
    b"Cc: other@example.com\r\n"
    b"Subject: =?UTF-8?B?4LiC4Lit4LiI4Lix4LiU4LiB4Liy4Lij?=\r\n =?UTF-8?B?4Lio4Li24LiB4Lip4Liy?=\r\n"
    b"Date: Tue, 10 Sep 2024 08:59:57 +0700\r\n"
    b"Message-ID: <1@mail.example.co.th>\r\n"
    b"In-Reply-To: <a@x>\r\n"
    b"References: <a@x>\r\n <b@y>\r\n"
    b"\r\n"
    b"From: body@example.org\r\n"
)


def mail(**fields: str) -> bytes:
    return b"".join(f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in fields.items()) + b"\r\nx"


def test_an_ordinary_letter() -> None:
    found = headers(LETTER)
    assert found.sender == found.from_shown == Address("สมชาย", "somchai@example.co.th")
    assert found.return_path == "Somchai@example.co.th"
    assert found.named == ("mkarea3@mkarea3.go.th", "clerk@mkarea3.go.th", "other@example.com")
    assert found.delivered == ("mkarea3@mkarea3.go.th",)
    assert found.to_shown == "mkarea3@mkarea3.go.th, Clerk <clerk@mkarea3.go.th>"
    assert found.subject == "ขอจัดการศึกษา"
    assert found.message_id == "<1@mail.example.co.th>"
    assert found.in_reply_to == ("<a@x>",)
    assert found.references == ("<a@x>", "<b@y>")
    assert found.dated == datetime(2024, 9, 10, 8, 59, 57, tzinfo=timezone(timedelta(hours=7)))
    assert found.repairs == ()
    assert len(found.fields) == 12
    assert found.first("received").startswith("from a by b;")


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\r\n"])
def test_other_line_ends_read_the_same(end: bytes) -> None:
    raw = LETTER.replace(b"\r\n", end)
    assert headers(raw) == headers(LETTER)
    assert raw[header_block(raw)[1] :] == b"From: body@example.org" + end


@pytest.mark.parametrize(
    ("raw", "fields", "body"),
    [
        (b"", 0, b""),
        (b"\r\nA: b\r\n", 0, b"A: b\r\n"),
        (b"A: b", 1, b""),
        (b"A: b\r\n\r\nbody", 1, b"body"),
        (b"From x@y Mon Sep  1 10:00:00 2024\r\nA: b\r\n\r\nbody", 1, b"body"),
        (b">From x@y Mon Sep  1 10:00:00 2024\nFrom x\nA: b\n\nbody", 1, b"body"),
        (b"A: b\r\nno header line\r\nC: d\r\n\r\nbody", 2, b"body"),
        (b"A: b\r\nno header line\r\n with more\r\nC: d\r\n\r\nbody", 2, b"body"),
        (b"A: b\r\nDear Sir\r\nI write\r\nX: y\r\n", 1, b"Dear Sir\r\nI write\r\nX: y\r\n"),
        (b"A: b\r\n \r\nC: d\r\n\r\nbody", 2, b"body"),
        (b"A : b\r\nB:\r\nC:c:c\r\n\r\n", 3, b""),
        (b"no\r\nheaders\r\nhere\r\n", 0, b"no\r\nheaders\r\nhere\r\n"),
    ],
)
def test_where_the_header_ends(raw: bytes, fields: int, body: bytes) -> None:
    assert len(split(raw)) == fields
    assert raw[header_block(raw)[1] :] == body


@given(st.lists(st.tuples(st.from_regex(r"[A-Za-z][A-Za-z-]{0,10}", fullmatch=True), st.binary(max_size=30))))
def test_fields_come_back_in_order(fields: list[tuple[str, bytes]]) -> None:
    clean = [(n, v.replace(b"\r", b"").replace(b"\n", b"").strip()) for n, v in fields]
    raw = b"".join(n.encode() + b": " + v + b"\r\n" for n, v in clean) + b"\r\nbody"
    assert split(raw) == [(n.lower(), v) for n, v in clean]
    assert raw[header_block(raw)[1] :] == b"body"


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b\r\nFrom: a@b\r\n\r\n",
        b"From: a@b\rFROM: c@d\r\n\r\n",
        b"From: officer@office.go.th <evil@x>\r\n\r\n",
        b"From: a@b, c@d\r\nSender: a@b\r\n\r\n",
        b"From:\r\n\r\n",
        b"Sender: a@b\r\n\r\n",
        b"From: " + b"(" * 30_000 + b"a@b\r\n\r\n",
    ],
)
def test_no_sender_is_trusted_in_doubt(raw: bytes) -> None:
    found = headers(raw)
    assert found.sender is None
    assert found.repairs


def test_the_sender_is_still_shown() -> None:
    assert headers(b"From: officer@office.go.th <evil@x>\n\n").from_shown == Address("officer@office.go.th", "evil@x")
    assert headers(b"Sender: A <a@b>\n\n").from_shown == Address("A", "a@b")


@pytest.mark.parametrize("codec", ["cp874", "utf-8"])
@pytest.mark.parametrize("label", ["windows-874", "tis-620", "iso-8859-1", "us-ascii", "utf-8"])
@pytest.mark.parametrize("name", ["นางสาว ลำดวน", "“ครู”\xa0น้ำ ๑", "ผอ. €"])
def test_thai_names_in_from(name: str, label: str, codec: str) -> None:
    raw = name.encode(codec)
    word = b"=?%s?B?%s?=" % (label.encode(), base64.b64encode(raw))
    shown = " ".join(name.split())
    for written in (word, b'"%s"' % word, b'"%s"' % raw, raw):
        found = headers(b"From: " + written + b" <a@b.th>\r\n\r\n").from_shown
        assert found == Address(shown, "a@b.th")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<>", ""),
        ("< >", ""),
        ("<a@B.C>", "a@b.c"),
        ("a@b", "a@b"),
        ("<MAILER-DAEMON>", None),
        ("<a b@c>", None),
        ("<@r:a@b>", None),
        ("", None),
        ("<a@b", None),
        ("<ผู้ใช้@ตัวอย่าง.ไทย>", "ผู้ใช้@ตัวอย่าง.ไทย"),
    ],
)
def test_return_path(value: str, expected: str | None) -> None:
    assert headers(mail(Return_Path=value)).return_path == expected


def test_no_return_path() -> None:
    assert headers(b"A: b\r\n\r\n").return_path is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@b>", "<a@b>"),
        ("x <a@b> <c@d>", "<a@b>"),
        ("<a b@c>", ""),
        ("<a>", ""),
        ("a@b", ""),
        ("<@b>", ""),
        ("<ก@b>", ""),
        ("<" + "a" * 246 + "@b>", "<" + "a" * 246 + "@b>"),
        ("<" + "a" * 247 + "@b>", ""),
        ("", ""),
    ],
)
def test_message_id(value: str, expected: str) -> None:
    assert headers(mail(Message_ID=value)).message_id == expected


def test_references_keep_the_first_and_the_last() -> None:
    found = headers(
        mail(References=" ".join(f"<{n}@x>" for n in range(100)) + " <bad id@x> junk <" + "y" * 300 + "@x>")
    )
    assert found.references == ("<0@x>", *(f"<{n}@x>" for n in range(70, 100)))


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 10 Sep 2024 09:00:00 +0700",
        "Tue, 10 Sep 2567 09:00:00 +0700",
        "10 Sep 2567 09:00 +0700",
        "อ., 10 ก.ย. 2567 09:00:00 +0700",
        "๑๐ กันยายน ๒๕๖๗ ๐๙:๐๐:๐๐ +0700",
        "วันอังคารที่ 10 กันยายน พ.ศ. 2567 เวลา 09.00 น. +0700",
        "10 กย 67 09:00 +0700",
        "=?utf-8?B?" + base64.b64encode("10 กันยายน 2567 09:00 +0700".encode()).decode() + "?=",
    ],
)
def test_dates(text: str) -> None:
    expected = datetime(2024, 9, 10, 2, 0, tzinfo=UTC)
    assert date_of(text.encode()) == expected
    if not text.isascii():
        assert date_of(text.encode("cp874")) == expected


def test_every_thai_month() -> None:
    for names in (MONTHS, MONTHS_SHORT):
        found = [date_of(f"2 {name} 2567 10:00 +0000".encode()) for name in names]
        assert [moment and moment.month for moment in found] == list(range(1, 13))
    assert date_of("29 กุมภาพันธ์ 2567 10:00 +0000".encode()) == datetime(2024, 2, 29, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Tue, 10 Sep 2024 09:00:00",
        "10 กันยายน 2567 09:00",
        "Tue, 10 Sep 1969 09:00:00 +0000",
        "Tue, 10 Sep 2300 09:00:00 +0000",
        "Tue, 32 Sep 2024 09:00:00 +0700",
        "Tue, 10 Sep 2024 09:00:00 +9999999",
        "Tue, 10 Sep 99999999999999999999 09:00:00 +0700",
        "9" * 10_000,
        "\x00",
    ],
)
def test_no_date(text: str) -> None:
    assert date_of(text.encode()) is None


def test_date_of_unknown_zone_is_utc() -> None:
    assert date_of(b"Tue, 10 Sep 2024 09:00:00 -0000") == datetime(2024, 9, 10, 9, 0, tzinfo=UTC)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_dates_round_trip(moment: datetime) -> None:
    assert date_of(format_datetime(moment).encode()) == moment.replace(microsecond=0)


def test_subject_is_first_tidy_and_short() -> None:
    found = headers("Subject: กข\u200b\r\n\tค\r\nSubject: two\r\n\r\n".encode())
    assert found.subject == "กข ค"
    assert found.repairs[0].startswith("several Subject")
    assert len(headers(b"Subject: " + b"x" * 5000).subject) == 500
    assert headers("Subject: ก\ud7ff".encode("cp874", "ignore")).repairs[0] == (
        "Subject: raw 8-bit header unlabelled, read as cp874"
    )


NAMES = "From To Cc Subject Date Message-ID References Return-Path Sender Delivered-To".split()


@given(st.binary(max_size=300), st.lists(st.tuples(st.sampled_from(NAMES), st.binary(max_size=60)), max_size=6))
def test_never_raises(junk: bytes, fields: list[tuple[str, bytes]]) -> None:
    raw = b"".join(name.encode() + b": " + value + b"\n" for name, value in fields) + junk
    found = headers(raw)
    for text in (found.subject, found.to_shown, found.from_shown.name, found.message_id, *found.repairs):
        assert not any(char in text for char in "\r\n\0\u2028")
    end, body = header_block(raw)
    assert raw.startswith(end)
    assert len(end) <= body <= len(raw)


BOMBS = {
    "encoded words": b"Subject: " + b"=?utf-8?B?4LiB?= " * 40_000,
    "nested comments": b"From: " + b"(" * 30_000 + b"\r\n",
    "received": b"Received: from a by b\r\n" * 20_000,
    "group": b"To: unlisted-recipients:; (no To-header on input)\r\n" * 5000,
    "recipients": (b"To: " + b"a@b," * 16_000 + b"\n") * 4,
    "semicolons": (b"To: " + b";" * 65_000 + b"\n") * 4,
    "carriage returns": b"a:" + b"\r" * MAX_BLOCK,
    "dangling carriage returns": b"a: " + b"\r\r\r\rb:" * 50_000,
    "fields": b"a:\n" * 90_000,
    "continuations": b"a: b\n" + b" x\n" * 80_000,
    "references": b"References: " + b"<a@b>" * 50_000,
    "open references": b"References: " + b"<" + b"@" * 200_000,
    "return path": b"Return-Path: <" + b" " * 60_000,
    "marks": b"Subject: a" + "\u0300\u0323".encode() * 60_000,
    "raw thai": b"From: " + b"\xa1" * 60_000 + b"<a@b>",
    "date": b"Date: " + b"1 " * 30_000,
    "thai date": b"Date: " + "1 ม.ค.".encode() * 5000,
    "quotes": b"To: " + b'"' * 65_001,
    "addresses": b"To: " + b"=?utf-8?q?a?= <a@b>," * 3000,
}


@pytest.mark.parametrize("raw", BOMBS.values(), ids=BOMBS)
def test_bombs_are_read_in_bounded_time(raw: bytes) -> None:
    start = time.perf_counter()
    found = headers(raw)
    assert time.perf_counter() - start < 2
    assert len(found.fields) <= 1000
    assert all(len(value) <= 65_536 for _, value in found.fields)
    assert len(found.named) <= 100


def test_unlisted_recipients() -> None:
    found = headers(b"To: unlisted-recipients:; (no To-header on input)\r\nFrom: a@b\r\n\r\n")
    assert found.named == ()
    assert found.to_shown == "unlisted-recipients:; (no To-header on input)"
    assert found.sender == Address("", "a@b")


def test_a_block_without_end_is_cut() -> None:
    block, body = header_block(b"A: " + b"x" * MAX_BLOCK)
    assert len(block) == body == MAX_BLOCK


def test_time_grows_with_size_only() -> None:
    def seconds(count: int) -> float:
        start = time.perf_counter()
        headers(b"From: " + b'a "b (' * count + b"\r\n" + b"Subject: " + b"=?a?q?b" * count)
        return time.perf_counter() - start

    times = [min(seconds(count) for _ in range(3)) for count in (2000, 4000, 8000)]
    assert all(later < 8 * earlier + 0.05 for earlier, later in pairwise(times))
