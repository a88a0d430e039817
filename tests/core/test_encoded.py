"""Encoded words and parameters in all the forms they arrive in."""

import base64
import re
import time
from email.header import Header
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.encoded import MAX_WORDS, header_text, parameter, raw_parameter

TEXTS = {
    "nbsp": "ขอ\xa0อนุญาต",
    "quotes": "“ขอทราบผล” – เรื่องเดิม…",
    "euro": "ค่าธรรมเนียม 100 €",
    "sara-am": "น้ำ ทำ คำร้อง",
    "digits": "ที่ ศธ ๐๔๐๙๗/๒๕๖๗",
}
# (label in the mail, encoding of the bytes)
LABELS = [
    ("windows-874", "cp874"),
    ("x-windows-874", "cp874"),
    ("tis-620", "cp874"),
    ("TIS620", "cp874"),
    ("iso-8859-11", "cp874"),
    ("cp874", "cp874"),
    ("us-ascii", "cp874"),
    ("iso-8859-1", "cp874"),
    ("windows-1252", "cp874"),
    ("utf-8", "cp874"),
    ("unknown-8bit", "cp874"),
    ("utf-8", "utf-8"),
    ("UTF8", "utf-8"),
    ("tis-620", "utf-8"),
    ("us-ascii", "utf-8"),
]


def b_word(raw: bytes, label: str) -> bytes:
    return b"=?%s?B?%s?=" % (label.encode(), base64.b64encode(raw))


def q_word(raw: bytes, label: str) -> bytes:
    return b"=?%s?Q?%s?=" % (label.encode(), "".join(f"={b:02X}" if b != 32 else "_" for b in raw).encode())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize(("label", "codec"), LABELS)
@pytest.mark.parametrize("word", [b_word, q_word])
def test_thai_matrix_of_encoded_words(text: str, label: str, codec: str, word: object) -> None:
    assert callable(word)
    assert header_text(word(text.encode(codec), label))[0] == text
    lower = word(text.encode(codec), label).replace(b"?B?", b"?b?").replace(b"?Q?", b"?q?")
    assert header_text(lower)[0] == text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("codec", ["cp874", "utf-8"])
def test_thai_matrix_of_raw_headers(text: str, codec: str) -> None:
    read, repairs = header_text(text.encode(codec))
    assert read == text
    assert bool(repairs) is (codec == "cp874")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("size", [1, 2, 4, 5, 7])
@pytest.mark.parametrize("word", [b_word, q_word])
def test_characters_split_over_words_are_joined(text: str, size: int, word: object) -> None:
    assert callable(word)
    raw = text.encode()
    words = [word(raw[i : i + size], "utf-8") for i in range(0, len(raw), size)]
    for gap in (b" ", b"\r\n ", b"\t", b""):
        assert header_text(gap.join(words)) == (text, [])


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=80), st.sampled_from(["utf-8", "b"])
)
def test_what_the_standard_library_writes_is_read_back(text: str, charset: str) -> None:
    written = Header(text, "utf-8", maxlinelen=60).encode()
    assert header_text(written.encode())[0].strip() == text.strip()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"plain text", "plain text"),
        (b"Re: =?utf-8?B?4LiB?= end", "Re: ก end"),
        (b"Re:=?utf-8?B?4LiB?=end", "Re:กend"),
        (b"=?utf-8*th?B?4LiB?=", "ก"),
        (b"=?utf-8?B?4Li?= =?utf-8?B?gQ==?=", "ก"),
        (b"=?utf-8?B?4LiB4LiC?= =?us-ascii?Q?x?=", "กขx"),
        (b"=?utf-8?B?4LiB 4LiC?=", "กข"),
        (b"=?utf-8?B?4L\r\n iB?=", "ก"),
        (b"=?utf-8?B?YQ?=", "a"),
        (b"=?utf-8?B?YWI=YWI=?=", "abab"),
        (b"=?utf-8?Q?a b_c?=", "a b c"),
        (b"=?utf-8?Q?what?=E0=B8=81?=", "what?ก"),
        (b"=?utf-8?Q?a?b?=", "a?b"),
        (b"=?utf-8?Q?=e0=b8=81?=", "ก"),
        (b"=?utf-8?Q?=E0=B8=81=E0=B8=8", "ก\ufffd"),
        (b"=?utf-8?B?4LiB", "ก"),
        (b"=?utf-8?B??=", ""),
        (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        (b"=?utf-8?B?4LiB =?utf-8?B?4LiC?=", "=?utf-8?B?4LiB ข"),
        (b"=?x-nonsense?Q?abc?=", "abc"),
        (b"=?utf-7?Q?+ADw-?=", "+ADw-"),
        (b"=??Q?abc?=", "abc"),
        (b'"=?utf-8?B?4LiB?="', '"ก"'),
        ("ก =?tis-620?B?".encode() + base64.b64encode("ข".encode("cp874")) + b"?=", "ก ข"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b"a\x00b\x7fc", "a b c"),
    ],
)
def test_broken_forms(raw: bytes, expected: str) -> None:
    assert header_text(raw)[0] == expected


def test_repairs_are_told_once() -> None:
    word = b_word("ไทย".encode(), "tis-620")
    _, repairs = header_text(word + b" x " + word)
    assert repairs == ["labelled tis-620, read as utf-8"]
    assert header_text(b"=?utf-8?B?YQ?=")[1] == ["base64 with wrong padding"]


@given(st.binary(max_size=120) | st.text(alphabet="=?uUtTfF-8bBqQ_ \r\n\0AZaz09+/ก", max_size=80).map(str.encode))
def test_never_raises_and_no_control_survives(raw: bytes) -> None:
    text, _ = header_text(raw)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", text)
    text.encode()


@given(st.text(alphabet="ab\r\n\0\x85\u2028: ", min_size=1, max_size=20))
def test_decoded_line_breaks_become_spaces(text: str) -> None:
    for word in (b_word(text.encode(), "utf-8"), q_word(text.encode(), "utf-8")):
        assert "\n" not in header_text(b"x" + word)[0]
        assert header_text(word)[0] == re.sub("[\r\n\0\x85\u2028]", " ", text)


def test_forty_thousand_words() -> None:
    raw = b"=?utf-8?B?4LiB?= " * 40_000
    start = time.perf_counter()
    text, repairs = header_text(raw)
    assert time.perf_counter() - start < 2
    assert text.startswith("ก" * MAX_WORDS + " =?")
    assert repairs == ["more than 500 encoded words"]


@pytest.mark.parametrize("unit", [b"=?utf-8?B?", b"=?a?q?b", b"=?", b"?=", b"=?a?b?YQ ?= ", b"=" * 3, b"=?a?q?x?="])
def test_hostile_headers_take_linear_time(unit: bytes) -> None:
    start = time.perf_counter()
    header_text(unit * (680_000 // len(unit)))
    assert time.perf_counter() - start < 3


NAME = "คำร้อง “ฉบับ ๑”.pdf"


@pytest.mark.parametrize("codec", ["utf-8", "cp874"])
@pytest.mark.parametrize("label", ["utf-8", "windows-874", "TIS-620", ""])
def test_file_names_in_every_form(codec: str, label: str) -> None:
    raw, cs = NAME.encode(codec), label.encode()
    escaped = quote(raw, safe="").encode()
    cut = escaped.index(b"%", len(escaped) // 2)
    forms = [
        b"attachment; filename*=%s''%s" % (cs, escaped),
        b"attachment; filename=fallback.pdf; filename*=%s'th'%s" % (cs, escaped),
        b"attachment; FileName*0*=%s''%s; filename*1*=%s" % (cs, escaped[:cut], escaped[cut:]),
        b"attachment; filename*1*=%s; filename*0*=%s''%s" % (escaped[cut:], cs, escaped[:cut]),
        b'attachment; filename="%s"' % b_word(raw, label or "tis-620"),
        b"attachment; filename=%s" % q_word(raw, label or "tis-620"),
        b'attachment;\r\n\tfilename = "%s"; size=1' % raw,
        b'attachment; filename="%s' % raw,
    ]
    for form in forms:
        assert parameter(form, "filename") == NAME


@pytest.mark.parametrize(
    ("raw", "name", "expected"),
    [
        (b"text/plain; charset=utf-8", "charset", "utf-8"),
        (b'text/plain; CHARSET="utf-8" ; x=y', "Charset", "utf-8"),
        (b"text/plain;charset=tis-620;format=flowed", "format", "flowed"),
        (b'a/b; name="x; y=z"; y=w', "y", "w"),
        (b'a/b; name="a\\"b\\\\c"', "name", 'a"b\\c'),
        (b'a/b; name*0="a b"; name*1=c; name*2="d"', "name", "a bcd"),
        (b"a/b; name*0=a%20; name*1*=b%20c", "name", "a%20b c"),
        (b"a/b; name*=plain", "name", "plain"),
        (b"a/b; name=", "name", ""),
        (b"a/b; name2=x", "name", ""),
        (b"a/b; name*x=y", "name", ""),
        (b"filename=only.txt", "filename", "only.txt"),
        (b"a/b; name=first; name=second", "name", "first"),
        (b"a/b; name*=utf-8''a%0D%0ABcc%3A", "name", "a  Bcc:"),
        (b"", "name", ""),
    ],
)
def test_parameters(raw: bytes, name: str, expected: str) -> None:
    assert parameter(raw, name) == expected


def test_a_boundary_is_not_decoded() -> None:
    assert raw_parameter(b'multipart/mixed; boundary="=?utf-8?Q?x?="', "boundary") == b"=?utf-8?Q?x?="


@given(st.binary(max_size=120) | st.text(alphabet="ab;=\"\\*'%0 1ก?", max_size=60).map(str.encode))
def test_parameters_never_raise(raw: bytes) -> None:
    for value in (raw, b"a/b; name" + raw, b"a/b; name=" + raw):
        assert not re.search("[\x00-\x1f\x7f-\x9f]", parameter(value, "name"))


@pytest.mark.parametrize("unit", [b"; n*%d=x", b"; n*%d*=%%41", b'; n="', b";   ", b"; n  ", b'"\\', b"; n="])
def test_hostile_parameters_take_linear_time(unit: bytes) -> None:
    many = b"".join(unit % i if b"%d" in unit else unit for i in range(20_000))
    start = time.perf_counter()
    assert len(parameter(b"a/b" + many, "n")) <= len(many)
    assert time.perf_counter() - start < 2


def test_continuations_are_capped() -> None:
    many = b"".join(b"; n*%d=x" % i for i in range(20_000))
    assert parameter(b"a/b" + many, "n") == "x" * 200
