"""Addresses: strict for trust and sending, tolerant for showing."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailgate.core import address, address_shown
from mailgate.model import Address


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b", "a@b"),
        ("Somchai@Example.CO.TH", "Somchai@example.co.th"),
        ("<a@b.c>", "a@b.c"),
        ("'a@b.c' <a@b.c>", "a@b.c"),
        ("  สมชาย ใจดี\t<a@b.c> ", "a@b.c"),
        ("ด.ช. สมชาย <a@b.c>", "a@b.c"),
        ('"Smith, John" <a@b.c>', "a@b.c"),
        ('"a \\"nick\\" b" <a@b.c>', "a@b.c"),
        ('"back\\\\" <a@b.c>', "a@b.c"),
        ("a@b.c (Alice (the first))", "a@b.c"),
        ("(x) Alice <a@b.c> (y)", "a@b.c"),
        ("=?utf-8?B?4LiB?= <a@b.c>", "a@b.c"),
        ("ผู้ใช้@ตัวอย่าง.ไทย", "ผู้ใช้@ตัวอย่าง.ไทย"),
    ],
)
def test_one_clear_mailbox_is_trusted(value: str, expected: str) -> None:
    assert address.strict_mailbox(value) == expected
    assert address.strict_mailbox(value.encode()) == expected
    assert address_shown.shown(value.encode()).address == expected


DOUBTFUL = [
    "",
    "Alice",
    "officer@office.go.th <evil@x>",
    "alice@evil.test)officer@x",
    "a@b, c@d",
    "a@b <c@d>, e@f",
    "'a@b <a@b>",
    "a@b' <a@b>",
    "'a@b' <c@d>",
    "a@b;",
    "Team: a@b;",
    "undisclosed-recipients:;",
    "<@relay:a@b>",
    "<a@b",
    "a@b>",
    "<<a@b>>",
    "<a@b> <c@d>",
    "<a@b> c",
    '"Alice <a@b>',
    'Alice" <a@b>',
    '"x\\" <a@b>',
    "a@b (x",
    "a@b x)",
    "a@b (officer@office.go.th)",
    "a(x)@b",
    "a@(x)b",
    "a @b",
    "a@ b",
    "a.@b",
    ".a@b",
    "a..b@c",
    "a@b..c",
    "a@b@c",
    "a@[192.0.2.1]",
    '"a b"@c',
    "a\x00@b",
    "a@b\r\nBcc: x@y",
    "a@b\x85",
    "a\u200b@b",
    "a\u202e@b",
    "a@b\u00a0",
    "x <a@b\u2028>",
    "\\a@b",
    "x\\ <a@b>",
    "a" * 1000 + "@b",
    "(" * 31 + ")" * 31 + "a@b",
    "(" * 30_000 + "a@b",
    "=?utf-8?Q?Smith,_John?= <a@b>",
    "=?utf-8?Q?x?= =?utf-8?Q?<c@d>?= <a@b>",
]


@pytest.mark.parametrize("value", DOUBTFUL)
def test_any_doubt_means_nobody(value: str) -> None:
    assert address.strict_mailbox(value) is None
    assert address.strict_mailbox(value.encode("utf-8")) is None


def test_raw_thai_names_of_old_systems() -> None:
    raw = "ผอ. นายสมชาย <a@b.c>".encode("cp874")
    assert address.strict_mailbox(raw) == "a@b.c"
    assert address_shown.shown(raw) == Address("ผอ. นายสมชาย", "a@b.c")
    assert address.strict_mailbox("x <ก@b.c>".encode("cp874")) is None
    assert address.strict_mailbox(b"\xff\xfe <a@b.c>") is None


@given(st.text(alphabet='ab@.<>()",;:\\ \t"ก=?', max_size=30))
@example('"a" <a@b>')
def test_what_is_trusted_can_be_read_in_one_way_only(value: str) -> None:
    found = address.strict_mailbox(value)
    if found is not None:
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", value)
        assert outside.count("@") == 1
        assert outside.count("<") <= 1
        assert found.lower() in value.lower()
        assert address_shown.shown(value.encode()).address == found


@pytest.mark.parametrize(
    "value",
    ["a@b.co", "a.b+tag@sub.example.co.th", "ผู้ใช้@ตัวอย่าง.ไทย", "น้ำ@น้ำ.ไทย", "o'brien@example.org", "x@xn--o3cw4h.th"],
)
def test_good_recipients(value: str) -> None:
    assert address.valid_recipient(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "@",
        "a@",
        "@b.c",
        "a@b",
        "a@b.",
        "a@.b",
        "a..b@c.d",
        ".a@b.c",
        "a.@b.c",
        "a b@c.d",
        "a@b c.d",
        "a@b@c.d",
        '"a"@b.c',
        "<a@b.c>",
        "a@b.c>",
        "a@b.c\r\nDATA",
        "a@b.c\n",
        "a\x00@b.c",
        "a@[192.0.2.1]",
        "a@192.0.2.1",
        "a@-b.c",
        "a@b-.c",
        "a@b_c.d",
        "a" * 65 + "@b.cc",
        "ก" * 22 + "@b.cc",
        "a@" + "b" * 64 + ".cc",
        "a@" + "b." * 130 + "cc",
        "a@" + ("ก" * 20 + ".") * 9 + "th",
        "ี@b.cc",
        "a@ีb.cc",
        "a@straße.de",
        "a@ｅxample.com",
        "ａ@example.com",
        "a\u200b@b.cc",
        "a@b\u3002c.dd",
        "a\u2028@b.cc",
        "a@" + "ก" * 100_000 + ".th",
    ],
)
def test_bad_recipients(value: str) -> None:
    assert not address.valid_recipient(value)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_valid_recipient_is_safe_on_the_wire(local: str, domain: str) -> None:
    for value in (f"{local}@{domain}", f"{local}@{domain}.th", local):
        wire = address.wire_domain(value)
        if address.valid_recipient(value):
            assert re.fullmatch(rb"[^\x00-\x20<>\"\\,;:()\x7f]+@[a-z0-9.-]+", wire.encode())
            assert len(wire) <= 254
            assert address.wire_domain(wire) == wire


def test_only_the_domain_becomes_punycode() -> None:
    assert address.wire_domain("ผู้ใช้@ตัวอย่าง.ไทย") == "ผู้ใช้@xn--72c1a1bt4awk9o.xn--o3cw4h"
    assert address.wire_domain("Ab@Example.TH") == "Ab@example.th"
    assert address.wire_domain("a@b..c") == "a@b..c"
    assert address.wire_domain("nobody") == "nobody"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", Address("", "")),
        (b"a@B.C", Address("", "a@b.c")),
        (b"Alice <a@b>", Address("Alice", "a@b")),
        (b"a@b (Alice)", Address("Alice", "a@b")),
        (b'"Smith, John" <a@b>, c@d', Address("Smith, John", "a@b")),
        (b"=?utf-8?Q?Smith,_John?= <a@b>", Address("Smith, John", "a@b")),
        (b'"=?utf-8?B?4LiB?=" <a@b>', Address("ก", "a@b")),
        (b"officer@office.go.th <evil@x>", Address("officer@office.go.th", "evil@x")),
        (b"=?utf-8?Q?x_=3Cofficer=40office=3E?= <evil@x>", Address("x <officer@office>", "evil@x")),
        (b'"Alice <a@b>', Address("Alice", "a@b")),
        (b"Alice (the first <a@b>", Address("Alice the first", "a@b")),
        (b"Alice <a@b", Address("Alice", "a@b")),
        (b"<@r1,@r2:a@b>", Address("", "a@b")),
        (b"Alice", Address("Alice", "")),
        (b"<mailer-daemon>", Address("mailer-daemon", "")),
        (b"<>", Address("", "")),
        (b"Team: a@b, c@d;", Address("", "a@b")),
        (b"undisclosed-recipients:;", Address("undisclosed-recipients", "")),
        (b"undisclosed-recipients:", Address("undisclosed-recipients", "")),
        (b"unlisted-recipients:; (no To-header on input)", Address("unlisted-recipients", "")),
        (b"=?utf-8?Q?a=0D=0ABcc:_e=40x=00?= <a@b>", Address("a Bcc: e@x", "a@b")),
    ],
)
def test_shown_reads_as_a_person_would(raw: bytes, expected: Address) -> None:
    assert address_shown.shown(raw) == expected


def test_lists_of_addresses() -> None:
    assert address_shown.addresses(b'a@b, "x, y" <C@D>; Team: e@f, <a@B>;, junk, g@h (c, i@j)') == [
        "a@b",
        "C@d",
        "e@f",
        "g@h",
    ]
    assert address_shown.addresses(b"Someone@X.th") == ["Someone@x.th"]
    assert address_shown.addresses(b"unlisted-recipients:; (no To-header on input)") == []
    many = b",".join(b"a%d@b" % n for n in range(500))
    assert len(address_shown.addresses(many)) == 50
    assert len(address_shown.addresses(many, limit=7)) == 7
    assert address_shown.addresses(b"a@b", limit=0) == []


@given(st.binary(max_size=200) | st.text(alphabet='ab@<>()",;:\\ =?Qน', max_size=60).map(str.encode))
def test_reading_never_raises(raw: bytes) -> None:
    seen = address_shown.shown(raw)
    assert seen.name.isprintable() or "\ufffd" in seen.name or not seen.name.isascii()
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", seen.name + seen.address)
    assert len(seen.name) <= 200
    for found in address_shown.addresses(raw):
        assert re.fullmatch(r"[^\s<>@]+@[^\s<>@]+", found)


def test_wrapped_senders() -> None:
    assert address.unwrap("prvs=4123abcdef=user@d.th") == "user@d.th"
    assert address.unwrap("btv1==412abc==user@d.th") == "user@d.th"
    assert address.unwrap("user@d.th") == "user@d.th"
    srs = "SRS0=HHH=TT=orig.com=Bob+x@fwd.com"
    assert address.unwrap(srs) == srs
    assert address.plain_local(srs) == "bob"
    assert address.plain_local("SRS1=HHH=f1.com==HHH=TT=orig.com=Bob@f2.com") == "bob"
    assert address.plain_local("prvs=4123abcdef=No-Reply+9@d.th") == "no-reply"
    assert address.plain_local("MAILER-DAEMON") == "mailer-daemon"
    assert address.plain_local("+x@y") == "+x"
    assert address.plain_local("") == ""


@pytest.mark.parametrize(
    "unit", [b"(", b'"', b"<", b"a@b,", b";", b":", b"\\", b"=?a?q?", b"a", b"@", b"(a@b", b'"a@b,']
)
def test_hostile_values_take_linear_time(unit: bytes) -> None:
    raw = unit * (65_536 // len(unit)) + b"@x"
    start = time.perf_counter()
    address_shown.shown(raw)
    address_shown.addresses(raw, 100)
    assert address.strict_mailbox(raw) is None
    assert not address.valid_recipient(raw.decode())
    assert time.perf_counter() - start < 2
