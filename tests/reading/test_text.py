"""The text of a message: decoded, put together, cleaned."""

from __future__ import annotations

import base64
import binascii
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.mime import transfer
from mailgate.core.mime.plaintext import MAX_TEXT, clean, unflowed
from mailgate.core.source import BytesSource
from tests.core.test_parts import mixed
from tests.reading.shelves import reading, reading_and_files

PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n"


def alternative(plain: str, html: str) -> bytes:
    return mixed(PLAIN + plain.encode(), HTML + html.encode(), boundary=b"ALT", kind=b"alternative")


@pytest.mark.parametrize(
    ("plain", "html", "wanted"),
    [
        ("ข้อความ", "<p>ข้อความ HTML", "ข้อความ"),
        ("", "<p>ข้อความ", "ข้อความ"),
        (" \r\n\xa0\r\n", "<p>ข้อความ", "ข้อความ"),
        ("Your e-mail program cannot show HTML.", "<p>" + "ข้อความยาว " * 20, "ข้อความยาว " * 20),
        ("[image]", "<p>" + "ข้อความยาว " * 40, "ข้อความยาว " * 40),
        ("สั้น", "<img src=x>", "สั้น"),
    ],
)
def test_the_best_of_alternatives(plain: str, html: str, wanted: str) -> None:
    assert reading(alternative(plain, html)).text == wanted.strip()
    assert reading(mixed(alternative(plain, html), PLAIN + b"-- list")).text == wanted.strip() + "\n\n-- list"


def test_several_texts_are_joined_and_the_same_twice_is_not() -> None:
    assert reading(mixed(PLAIN + b"one", PLAIN + b"two")).text == "one\n\ntwo"
    assert reading(mixed(PLAIN + b"one  two", HTML + b"<p>one<p>two")).text == "one  two"


def test_an_alternative_inside_related_inside_mixed() -> None:
    related = mixed(
        alternative("a", "<b>a</b>"),
        b"Content-Type: image/png\r\nContent-ID: <1>\r\n\r\nx",
        kind=b"related",
        boundary=b"REL",
    )
    found = reading(mixed(related, PLAIN + b"b"))
    assert found.text == "a\n\nb"
    assert [a.name for a in found.attachments] == ["เอกสารแนบ.png"]


def test_html_of_apple_mail_with_a_file_in_the_middle() -> None:
    inner = mixed(
        HTML + b"<p>one", b"Content-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-", HTML + b"<p>two", boundary=b"IN"
    )
    found = reading(mixed(PLAIN + b"one\r\n\r\ntwo", inner, kind=b"alternative"))
    assert found.text == "one\n\ntwo"
    assert [a.name for a in found.attachments] == ["a.pdf"]


@pytest.mark.parametrize(
    ("raw", "delsp", "wanted"),
    [
        ("one \r\ntwo\r\nthree", False, "one two\nthree"),
        ("ขอ \r\nหนังสือ", True, "ขอหนังสือ"),
        (" >not a quote\r\n From here", False, ">not a quote\nFrom here"),
        ("> one \r\n> two\r\nnew", False, "> one two\nnew"),
        (">> a \r\n> b", False, ">> a \n> b"),
        ("text \r\n-- \r\nname", False, "text \n-- \nname"),
        ("", False, ""),
    ],
)
def test_flowed(raw: str, delsp: bool, wanted: str) -> None:
    assert unflowed(raw, delsp=delsp) == wanted


def test_flowed_is_taken_from_the_label() -> None:
    raw = b"Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n\r\none \r\ntwo \r\n"
    assert reading(raw).text == "onetwo"


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("a\0b\x1bc\u202ed\ufeff", "abcd"),
        ("ก\u200bข\u200d", "ก\u200bข\u200d"),
        ("e\u0301", "é"),
        ("a\n\n\n\n\n\nb", "a\n\n\nb"),
        ("\ud800", "\ufffd"),
        ("a  \t\nb", "a\nb"),
    ],
)
def test_clean(raw: str, wanted: str) -> None:
    assert clean(raw, []) == wanted


@given(st.text(st.characters(), max_size=200))
def test_clean_text_stays_as_it_is(raw: str) -> None:
    once = clean(raw, [])
    assert clean(once, []) == once
    once.encode()


def test_a_million_marks_on_one_letter() -> None:
    start = time.perf_counter()
    found = clean("a" + "\u0301\u0323" * 400_000, [])
    assert len(found) < 100
    assert time.perf_counter() - start < 2


def test_a_text_that_is_too_long_is_cut_and_says_so() -> None:
    found = reading(PLAIN + "ก".encode() * (MAX_TEXT + 10))
    assert len(found.text) == MAX_TEXT
    assert not found.complete
    found = reading(PLAIN + b"x\r\n" * 3_000_000)
    assert len(found.text) <= MAX_TEXT
    assert not found.complete


@pytest.mark.parametrize(
    ("encoding", "body", "wanted", "repaired"),
    [
        ("base64", b"4LiC4Lit", "ขอ", False),
        ("base64", b"4LiC\r\n 4Lit\r\n", "ขอ", False),
        ("base64", b"4LiC4Li", "ข", True),
        ("base64", b"4L!iC*4Lit", "ขอ", True),
        ("base64", b"4Li=C4Lit", "", True),
        ("base64", b"YQ==Yg==", "ab", False),
        ("BASE64 ", b"YQ==", "a", False),
        ("quoted-printable", b"=E0=B8=82=\r\n=E0=B8=AD", "ขอ", False),
        ("quoted-printable", b"a=ZZb=", "a=ZZb", True),
        ("quoted-printable", b"a =20=\n", "a", False),
        ("x-unknown", b"abc", "abc", True),
        ("8bit", "ขอ".encode(), "ขอ", False),
    ],
)
def test_transfer_encodings(encoding: str, body: bytes, wanted: str, repaired: bool) -> None:
    raw = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body
    found = reading(raw)
    assert wanted in found.text
    assert bool(found.repairs) == repaired


@given(st.binary(max_size=300), st.integers(1, 40), st.booleans())
def test_base64_is_the_same_in_pieces_of_any_size(content: bytes, size: int, padded: bool) -> None:
    coded = base64.encodebytes(content)
    coded = coded if padded else coded.rstrip(b"=\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "CHUNK", size)
        found = b"".join(transfer.decoded(BytesSource(coded), 0, len(coded), "base64", []))
    assert found == content


UU = b"begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n"


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_uuencoded_file_leaves_the_text(end: bytes) -> None:
    raw = (PLAIN + b"before\r\n" + UU + b"after\r\n" + UU.replace(b"cat", b"dog")).replace(b"\r\n", end)
    found, files = reading_and_files(raw)
    assert found.text == "before\nafter"
    assert [a.name for a in found.attachments] == ["cat.txt", "dog.txt"]
    assert files == [b"Cat", b"Cat"]


@pytest.mark.parametrize(
    "text", ["begin 644 a.txt\nthis is a sentence and no file\nend", "begin 5 x", "begin", "please begin 644 x\n#0V%T"]
)
def test_words_that_look_like_it_stay(text: str) -> None:
    found = reading(PLAIN + text.encode())
    assert found.text == text
    assert not found.attachments


@given(st.binary(max_size=20_000), st.booleans(), st.booleans())
def test_what_is_uuencoded_comes_out_again(content: bytes, backtick: bool, stripped: bool) -> None:
    lines = [binascii.b2a_uu(content[i : i + 45], backtick=backtick) for i in range(0, len(content), 45)]
    body = b"".join(line.rstrip() + b"\n" if stripped else line for line in lines)
    _, files = reading_and_files(PLAIN + b"begin 644 a\n" + body + b"`\nend\n")
    assert files == [content]


def test_a_uuencoded_file_without_its_end() -> None:
    found, files = reading_and_files(PLAIN + b"a\nbegin 600 x\n#0V%T\n")
    assert (found.text, files) == ("a", [b"Cat"])


@pytest.mark.parametrize(
    "raw",
    [
        b'Content-Type: multipart/mixed; boundary="other"\r\n\r\n--BB\r\n\r\nhello\r\n--BB--\r\n',
        b"Content-Type: multipart/mixed\r\n\r\nhello",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nhello",
    ],
)
def test_a_multipart_that_cannot_be_entered_is_shown_as_it_is(raw: bytes) -> None:
    found = reading(raw)
    assert "hello" in found.text
    assert not found.complete
