"""Bytes to text under right, wrong, missing and hostile labels."""

import codecs
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailgate.core import charset

LETTER = "เรียน ผู้อำนวยการ ขออนุญาตจัดการศึกษา ๑๒๓"
RICH = "“ขอน้ำ”\xa0– ๒๕๖๗ … ๕๐๐€"
THAI_LABELS = (
    "windows-874 x-windows-874 Windows-874 windows874 ms874 MS-874 ibm874 ibm-874 cp-874 cp874 x-cp874 dos-874 "
    "DOS-874 tis620 TIS620 tis-620 TIS-620 tis_620 iso-8859-11 ISO8859-11 iso8859-11 csISO885911 iso-ir-166 thai "
    "x-mac-thai tis-620-2533"
).split()


@pytest.mark.parametrize("label", THAI_LABELS)
@pytest.mark.parametrize("text", [LETTER, RICH, "ก", "ยก", "กา", "ก.พ.", "น้ำ"])
def test_every_thai_label_is_cp874(label: str, text: str) -> None:
    assert charset.decode(text.encode("cp874"), label) == (text, "")


@pytest.mark.parametrize("label", [*THAI_LABELS, "us-ascii", "iso-8859-1", "windows-1252", "unknown-8bit", "x"])
@pytest.mark.parametrize("text", [LETTER, RICH, "ก"])
def test_utf8_is_utf8_whatever_the_label_says(label: str, text: str) -> None:
    read, note = charset.decode(text.encode(), label)
    assert read == text
    assert ("utf-8" in note) is (label != "unknown-8bit")


@pytest.mark.parametrize("label", ["us-ascii", "iso-8859-1", "latin1", "windows-1252", "utf-8", "x-nonsense", None, ""])
@pytest.mark.parametrize("text", [LETTER, RICH, "RE: ขอ", "ที่ ศธ ๐๔๐๙๗/๑", "FW: ส.พ.ป. มค ๓", "สวัสดี"])
def test_thai_under_a_foreign_label_is_seen(label: str | None, text: str) -> None:
    read, note = charset.decode(text.encode("cp874"), label)
    assert read == text
    assert "cp874" in note


@pytest.mark.parametrize(
    ("text", "label", "codec"),
    [
        ("Déjà vu à Noël, garçon, señor", "iso-8859-1", "latin-1"),
        ("größer, Öl, Übung, straße", "windows-1252", "cp1252"),
        ("Déjà vu", None, "latin-1"),
        ("ÉCOLE À PARIS", "iso-8859-1", "latin-1"),
        ("“quoted” – text", "windows-1252", "cp1252"),
        ("Привет, как дела", "koi8-r", "koi8-r"),
        ("Привет, как дела", "windows-1251", "cp1251"),
        ("中文信件", "gb2312", "gb2312"),
        ("中文信件", "big5", "big5"),
        ("日本語の手紙", "iso-2022-jp", "iso-2022-jp"),
        ("日本語の手紙", "shift_jis", "shift_jis"),
        ("한국어 편지", "euc-kr", "euc-kr"),
        ("Grüße", "utf-16", "utf-16"),
    ],
)
def test_other_languages_are_left_alone(text: str, label: str | None, codec: str) -> None:
    assert charset.decode(text.encode(codec), label)[0] == text


def test_plain_cases_have_no_note() -> None:
    assert charset.decode(b"") == ("", "")
    assert charset.decode(b"plain", "no-such-thing") == ("plain", "")
    assert charset.decode("ไทย".encode()) == ("ไทย", "")
    assert charset.decode("ไทย".encode(), "UTF8") == ("ไทย", "")
    assert charset.decode("ไทย".encode(), "utf-8*th") == ("ไทย", "")
    assert charset.decode("ไทย".encode(), "tis-620")[1] == "labelled tis-620, read as utf-8"


@pytest.mark.parametrize("label", ["utf-8", None, "tis-620", "us-ascii"])
@pytest.mark.parametrize("cut", [1, 2])
def test_utf8_cut_inside_a_character_stays_utf8(label: str | None, cut: int) -> None:
    read, note = charset.decode(LETTER.encode()[: -2 - cut] + "ก".encode()[: 3 - cut], label)
    assert read.startswith(LETTER[:-3])
    assert read.endswith("\ufffd")
    assert "replaced" in note


def test_utf8_cut_in_the_middle_stays_utf8() -> None:
    raw = LETTER.encode()
    read, _ = charset.decode(raw[:40] + b" ... " + raw[60:], "utf-8")
    assert "ศึกษา" in read


def test_undefined_thai_bytes_are_replaced() -> None:
    read, note = charset.decode(LETTER.encode("cp874") + b"\xff\x81", "tis-620")
    assert read.startswith(LETTER)
    assert "replaced" in note


UNSAFE = (
    "utf-7 unicode_escape raw_unicode_escape unicode-escape idna punycode base64 zlib bz2 hex quopri uu rot13 rot_13 "
    "undefined mbcs oem palmos ptcp154 charmap unknown-8bit ../../etc os.path"
).split()


@pytest.mark.parametrize("label", [*UNSAFE, "\x00", " ", "utf-8\x00", "a" * 10_240, "\ud800", "utf 8\r\nX: y"])
def test_unsafe_and_hostile_labels_are_never_looked_up(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecs, "lookup", None)
    payload = b"+ADw-script+AD4- \\x41 =41 YQ== xn--o3cw4h"
    assert charset.decode(payload, label) == (payload.decode(), "")
    text, note = charset.decode(LETTER.encode("cp874"), label)
    assert text == LETTER
    assert note.isprintable()
    assert len(note) < 100


ANY_LABEL = st.one_of(st.none(), st.text(max_size=40), st.sampled_from([*THAI_LABELS, *UNSAFE, *charset._CODECS]))


@given(st.binary(max_size=200), ANY_LABEL)
@example(b"\xff\xfe\x00", "utf-16")
@example(b"\x1b$B\xff", "iso-2022-jp")
def test_never_raises_and_can_be_written(raw: bytes, label: str | None) -> None:
    text, note = charset.decode(raw, label)
    text.encode("utf-8")
    note.encode("ascii")


@pytest.mark.parametrize("unit", [b"\xa1 ", b"\xe0\xb8", b"\xd1", b"a\xe9 ", "ก".encode(), b"\xc2\xa1"])
@pytest.mark.parametrize("label", [None, "tis-620", "latin-1", "gb18030"])
def test_large_bodies_are_read_in_linear_time(unit: bytes, label: str | None) -> None:
    start = time.perf_counter()
    charset.decode(unit * 300_000, label)
    assert time.perf_counter() - start < 2
