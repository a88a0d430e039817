"""Names of attachments: nothing in them can leave a folder, deceive an eye or be refused by a disk."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.mime.filenames import MAX_BYTES, Names, safe, split

TRICKS = [
    ("../../etc/passwd", "_.._etc_passwd"),
    ("/etc/passwd", "_etc_passwd"),
    ("C:\\Windows\\a.exe", "C__Windows_a.exe"),
    (".htaccess", "htaccess"),
    ("\u200b.htaccess", "htaccess"),
    ("\ufeff.\u200b.x", "x"),
    ("คำร้อง\u202egpj.exe", "คำร้องgpj.exe"),
    ("a\u2066b\u2069.pdf", "ab.pdf"),
    ("a\0b\r\nc.pdf", "ab c.pdf"),
    ("CON", "_CON"),
    ("nul.txt", "_nul.txt"),
    ("com1.tar.gz", "_com1.tar.gz"),
    ("LPT³", "_LPT³"),
    ("console.txt", "console.txt"),
    ("a.exe. . .", "a.exe"),
    ("a.pdf" + " " * 200 + ".exe", "a.pdf .exe"),
    ("-rf", "rf"),
    ("~root", "root"),
    ('a:b?c*d"e<f>g|h', "a_b_c_d_e_f_g_h"),
    ("คำร้อง ที่ ศธ ๐๔๑๒/๑๒๓.pdf", "คำร้อง ที่ ศธ ๐๔๑๒_๑๒๓.pdf"),
    ("น้ำ.pdf", "น้ำ.pdf"),
    ("e\u0301.pdf", "é.pdf"),
    ("a\u3164.pdf", "a.pdf"),
    ("a\ud800.pdf", "a\ufffd.pdf"),
    ("a\u2028b.pdf", "a b.pdf"),
]


@pytest.mark.parametrize(("name", "wanted"), TRICKS)
def test_tricks(name: str, wanted: str) -> None:
    assert safe(name) == wanted


@pytest.mark.parametrize("name", ["", " ", ".", "..", "...", "\u200b", "\u202e", " . ", "~", "---"])
def test_nothing_left_gives_the_default(name: str) -> None:
    assert safe(name, "เอกสารแนบ") == "เอกสารแนบ"


def test_the_extension_of_a_long_name_is_kept() -> None:
    name = safe("ก" * 500 + ".pdf")
    assert name.endswith("ก.pdf")
    assert len(name.encode()) <= MAX_BYTES


HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("./\\ \u200b\u202e\0:~-กำ\u0301\u0e38con.NUL")), max_size=300
)


@given(HOSTILE)
def test_a_safe_name_is_safe_and_stays_as_it_is(name: str) -> None:
    made = safe(name)
    assert safe(made) == made
    assert len(made.encode()) <= MAX_BYTES + 1
    assert not made or (made[0] not in ". -~" and made[-1] not in ". ")
    assert not set(made) & set('/\\:*?"<>|')
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in made)
    assert unicodedata.is_normalized("NFC", made)


@given(
    st.lists(
        st.sampled_from(["a.pdf", "A.PDF", "a (2).pdf", "ก", "a", "x" * 180, "X" * 180, "ß", "SS", "İ", "i̇"]),
        max_size=40,
    )
)
def test_no_two_names_of_a_message_are_the_same(names: list[str]) -> None:
    taken = Names()
    made = [taken.unique(safe(name)) for name in names]
    keys = [unicodedata.normalize("NFC", name).casefold() for name in made]
    assert len(set(keys)) == len(keys)
    assert all(safe(name) == name for name in made)


def test_ten_thousand_of_one_name_take_no_time() -> None:
    taken = Names()
    assert len({taken.unique("a.pdf") for _ in range(10_000)}) == 10_000


def test_an_extension_is_short_and_has_no_space() -> None:
    assert split("a.tar.gz") == ("a.tar", ".gz")
    assert split("no. 5 of it") == ("no. 5 of it", "")
    assert split("a." + "x" * 50) == ("a." + "x" * 50, "")
