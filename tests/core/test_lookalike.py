"""What looks like what: names, addresses, domains; and what must never be taken for a trick."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core import confusables
from mailgate.core.lookalike import decoded, imitated, mixed, skeleton

PROTECTED = ("sesao99.go.th", "example.go.th", "mol.go.th", "gmail.com", "office99.in.th")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("officer", "оfficer"),  # Cyrillic о
        ("officer", "οfficer"),  # Greek omicron
        ("officer", "OFFICER"),
        ("officer", "0fficer"),
        ("officer", "๐fficer"),
        ("officer", "o\u200bfficer"),
        ("officer", "o\u034ffficer"),
        ("officer", "o\ufe0ffficer"),
        ("officer", "ｏｆｆｉｃｅｒ"),
        ("officer", "𝐨𝐟𝐟𝐢𝐜𝐞𝐫"),
        ("officer", "ófficér"),
        ("officer", "offlcer"),
        ("officer", "off1cer"),
        ("officer", "offı\u0307cer"),
        ("madam", "rnadarn"),
        ("www", "vvvvvv"),
        ("ВОТ", "BOT"),
        ("вот", "bot"),
        ("paypal", "раураӏ"),
        ("a-b", "a‐b"),
        ("แม่", "เเม่"),
        ("น้ำ", "นํ้า"),
        ("น้ำ", "น้้ำ"),
        ("สมชาย", "สมซาย"),
        ("สมชาย", "สมชๅย"),
        ("ตัวอย่าง", "ดัวอย่าง"),
        ("ปฏิมา", "ปฎิมา"),
        ("เลข 10", "เลข ๑๐"),
    ],
)
def test_what_looks_alike_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("officer", "officers"), ("kkn1", "kkn2"), ("สมชาย", "สมหญิง"), ("a.b", "a-b"), ("", "a"), ("kkn6", "kkn8")],
)
def test_what_differs_has_two(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_no_two_digits_become_one() -> None:
    assert len({skeleton(d) for d in "0123456789"}) == 10


@given(st.text(max_size=400))
def test_any_text_has_a_skeleton_which_is_its_own(text: str) -> None:
    key = skeleton(text)
    assert len(key) <= 20 * 320
    imitated(text, PROTECTED)
    mixed(text)
    assert isinstance(skeleton(key), str)


@pytest.mark.parametrize(
    "domain",
    [
        "sesa099.go.th",
        "sesao99.g0.th",
        "sesao99.gο.th",
        "sesao99.go.tһ",
        "ѕеѕао99.go.th",
        "sesao99.go.th.example.com",
        "mail.sesao99.go.th.co",
        "sesao99-go-th.com",
        "sesao99-go.th",
        "sesao99.go-th.com",
        "sesao99goth.com",
        "www.sesao99goth.net",
        "sesao99๐.go-th.org",
        "exarnple.go.th",
        "examp1e.go.th",
        "examplе.go.th",
        "xn--exampl-8of.go.th",
        "mail.exarnple.go.th",
        "example。go。th",
        "exam\u00adple.go.th",
        "m0l.go.th",
        "grnail.com",
        "gmai1.com",
        "gmail.com.example.net",
        "gmail-com.example.net",
        "offlce99.in.th",
        "0ffice99.in.th",
        "go-th.com",
        "moe.go-th.com",
        "moe.go.th.example.com",
        "moe-go-th.example.com",
        "moe.gov-th.org",
        "moe.gov.th",
        "moe.g0.th",
        "moe.g๐.th",
    ],
)
def test_an_imitation_is_told(domain: str) -> None:
    assert imitated(domain, PROTECTED)


@pytest.mark.parametrize(
    "domain",
    [
        "sesao99.go.th",
        "mail.sesao99.go.th",
        "gmail.com",
        "googlemail.com",
        "hotmail.co.th",
        "mail.com",
        "ymail.com",
        "mygmailbox.com",
        "sesao9.go.th",
        "sesao98.go.th",
        "sesao1.go.th",
        "moi.go.th",
        "moe.go.th",
        "example.ac.th",
        "examples.go.th",
        "office98.in.th",
        "logo.th",
        "bangkok.go.th",
        "go.in.th",
        "gothic.com",
        "letsgo.co.th",
        "go.jp",
        "mext.go.jp",
        "moe.go.kr",
        "state.gov",
        "service.gov.uk",
        "ตัวอย่าง.ไทย",
        "xn--12c1fe0br.xn--o3cw4h",
        "xn--",
        "xn---",
        "xn--99999999",
        "",
        ".",
        "..",
    ],
)
def test_other_domains_are_let_be(domain: str) -> None:
    assert imitated(domain, PROTECTED) == ""


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("officer", False),
        ("สมชาย", False),
        ("สมชาย2569", False),
        ("สมชาย๒๕๖๙", False),
        ("jörg-müller", False),
        ("иван", False),
        ("田中さん", False),
        ("tanaka田中", False),
        ("김철수kim", False),
        ("оfficer", True),
        ("officeя", True),
        ("officer๐", True),
        ("สมชายa", True),
        ("ｏfficer", True),
        ("𝐨fficer", True),
        ("off①cer", True),
        ("αβγx", True),
    ],
)
def test_mixed_scripts(word: str, expected: bool) -> None:
    assert mixed(word) is expected


@pytest.mark.parametrize(
    ("domain", "shown"),
    [
        ("xn--o3cw4h.th", "ไทย.th"),
        ("XN--O3CW4H.TH", "ไทย.th"),
        ("a.b", "a.b"),
        ("xn--" + "a" * 70, "xn--" + "a" * 70),
        ("xn--é.th", "xn--é.th"),
        ("xn--99999999.th", "xn--99999999.th"),
    ],
)
def test_punycode_is_shown_as_it_would_be(domain: str, shown: str) -> None:
    assert decoded(domain) == shown


# --- the tables


def test_the_prototypes_are_those_of_the_standard() -> None:
    assert [confusables.prototype(c) for c in "аоеһ𝐚ⅿ۰"] == ["a", "o", "e", "h", "a", "rn", "."]
    assert [confusables.prototype(c) for c in "aolกคé"] == list("aolกคé")
    assert [confusables.script(c) for c in "aжก中\u0301,"] == [
        "LATIN",
        "CYRILLIC",
        "THAI",
        "HAN",
        "INHERITED",
        "COMMON",
    ]
    assert confusables.script("\U0010ffff") == "UNKNOWN"


def test_a_prototype_has_no_other() -> None:
    table = confusables._prototypes()
    assert len(table) > 5000
    assert [c for c, p in table.items() if len(p) == 1 and confusables.prototype(p) != p] == []


def test_the_ascii_and_thai_tables_agree_with_the_standard() -> None:
    """What Unicode calls confusable within Thai, our table does too (it has more)."""
    for char, target in confusables._prototypes().items():
        if "\u0e01" <= char <= "\u0e2e" and "\u0e01" <= target <= "\u0e2e":
            assert skeleton(char) == skeleton(target), (char, target, unicodedata.name(char))


def test_the_tables_are_not_read_for_ordinary_mail() -> None:
    code = (
        "from mailgate.core import trust, confusables\n"
        "from mailgate.core.parse import headers\n"
        "known = trust.Known((('นายสมชาย ใจดี', 'somchai@example.go.th'),), frozenset({'o@example.go.th'}), 'สำนักงาน')\n"
        "mail = headers('From: นางสมหญิง รักไทย <a@gmail.com>\\r\\n\\r\\n'.encode())\n"
        "trust.verdict(mail, trust.Authentication(), known)\n"
        "print(confusables._prototypes.cache_info().misses, confusables._scripts.cache_info().misses)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "0 0\n"
