"""Thai text: as the office writes it, as the register shows it, as the search compares it."""

import time
import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core import thai

MOMENT = datetime(2024, 9, 10, 9, 0, tzinfo=UTC)


def test_dates_and_times_as_the_office_writes_them() -> None:
    assert thai.long_date(MOMENT) == "๑๐ กันยายน ๒๕๖๗"
    assert thai.long_date(date(2026, 1, 1), thai_digits=False) == "1 มกราคม 2569"
    assert thai.clock_time(MOMENT) == "๐๙.๐๐ น."
    assert thai.clock_time(MOMENT.replace(hour=16, minute=5), thai_digits=False) == "16.05 น."
    assert thai.long_moment(MOMENT) == "๑๐ กันยายน ๒๕๖๗ เวลา ๐๙.๐๐ น."
    assert thai.long_moment(MOMENT, thai_digits=False) == "10 กันยายน 2567 เวลา 09.00 น."
    assert thai.buddhist_year(date(2024, 2, 29)) == 2567
    assert thai.digits(1234567890) == "๑๒๓๔๕๖๗๘๙๐"
    assert len(thai.MONTHS) == len(thai.MONTHS_SHORT) == 12


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("นํ้า", "น้ำ"),
        ("น้ํา", "น้ำ"),
        ("นำ้", "น้ำ"),
        ("ทํา", "ทำ"),
        ("เเม่", "แม่"),
        ("เ\u200bเม่", "แม่"),
        ("เลขที่ ๑๒๓", "เลขที่ 123"),
        ("  RE:\tHello\u00a0 ", "re: hello"),
        ("หนังสือ\u200bราชการ", "หนังสือราชการ"),
        ("Straße", "STRASSE"),
    ],
)
def test_fold_unites_spellings_that_look_alike(one: str, other: str) -> None:
    assert thai.fold(one) == thai.fold(other)


def test_fold_keeps_different_words_apart() -> None:
    assert len({thai.fold(word) for word in ("มา", "ม้า", "ป่า", "ปา", "เม", "แม", "นำ", "น้ำ")}) == 8


def test_tidy_keeps_thai_and_drops_what_cannot_be_seen() -> None:
    assert thai.tidy("น้ำ ที่นี่ ๑๒๓", 100) == "น้ำ ที่นี่ ๑๒๓"
    assert thai.tidy("ก\r\nข\tค\u2028ง\x00จ\u200b\ufeff\u202eฉ", 100) == "ก ข ค ง จฉ"
    assert thai.tidy("e\u0301", 10) == "é"
    assert thai.tidy("a\ud800b", 10) == "a\ufffdb"


def test_tidy_cuts_without_tearing_marks_off() -> None:
    assert thai.tidy("กขคงจ", 4) == "กขค…"
    assert thai.tidy("กขคง", 4) == "กขคง"
    assert thai.tidy("กขคี่งจ", 4) == "กข…"
    assert thai.tidy("abc", 1) == "…"
    assert thai.tidy("abc", 0) == ""


@given(st.text(alphabet=st.characters(), max_size=300), st.integers(0, 80))
def test_tidy_is_idempotent_short_and_clean(text: str, limit: int) -> None:
    once = thai.tidy(text, limit)
    assert thai.tidy(once, limit) == once
    assert len(once) <= limit
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in once)


@given(st.lists(st.sampled_from(["นํ้า", "น้ํา", "นำ้", "เเม่", "ทํา", "๑๒", " ", "\u200b", "É", "ที่"]), max_size=12))
def test_fold_is_idempotent_on_thai(words: list[str]) -> None:
    once = thai.fold("".join(words))
    assert thai.fold(once) == once


def test_tidy_does_not_sort_endless_marks() -> None:
    start = time.perf_counter()
    assert len(thai.tidy("a" + "\u0300\u0323" * 200_000, 500)) <= 500
    assert time.perf_counter() - start < 2
