"""Which service a letter belongs to: by keywords in the subject, however spelt; in doubt the restricted one."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.config import Service
from mailgate.config_file import parse
from mailgate.core import services
from mailgate.edges.templates import shipped

SHIPPED = parse(tomllib.loads(Path(shipped("config.toml")).read_text("utf-8"))).services


def service(key: str, *keywords: str, confidential: bool = False) -> Service:
    return Service(key=key, title="เรื่อง", keywords=keywords, confidential=confidential)


def find(subject: str, *known: Service) -> str | None:
    found = services.find(subject, known)
    return found.key if found else None


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ("ขอจัดการศึกษาโดยครอบครัว", "homeschool"),
        ("Re: HOMESCHOOL request", "homeschool"),
        ("home  school", "homeschool"),
        ("บ้านเรียนของเรา", "homeschool"),
        ("ร้องเรียนการทุจริต", "corruption"),
        ("ขอร้องเรียนทุจริตในโครงการบ้านเรียน", "corruption"),
        ("การประพฤติมิชอบ", "corruption"),
        ("ขอข้อมูล", None),
        ("", None),
    ],
)
def test_the_shipped_services_know_their_subjects(subject: str, key: str | None) -> None:
    assert find(subject, *SHIPPED) == key


def test_a_spelling_that_looks_the_same_is_the_same() -> None:
    known = service("a", "น้ำ")
    assert find("ขอน\u0e49\u0e4d\u0e32ดื่ม", known) == "a"
    assert find("ขอน\u0e4d\u0e49\u0e32ดื่ม", known) == "a"
    assert find("แบบ", service("b", "เเบบ")) == "b"
    assert find("ปี 2569", service("c", "ปี ๒๕๖๙")) == "c"
    assert find("บ้าน\u200bเรียน", service("d", "บ้านเรียน")) == "d"


def test_the_longest_keyword_decides_and_then_the_order() -> None:
    assert find("ขอลาพัก", service("a", "ลา"), service("b", "ลาพัก")) == "b"
    assert find("ขอลาพัก", service("b", "ลาพัก"), service("a", "ลา")) == "b"
    assert find("ขอลา", service("a", "ลา"), service("b", "ขอ")) == "a"
    assert find("ขอลา", service("b", "ขอ"), service("a", "ลา")) == "b"


def test_in_doubt_a_letter_is_restricted() -> None:
    long, short = service("open", "การขออนุญาตเรื่องยาว"), service("closed", "ยาว", confidential=True)
    assert find("การขออนุญาตเรื่องยาว", long, short) == "closed"
    assert find("การขออนุญาตเรื่องยาว", short, long) == "closed"


def test_a_service_without_keywords_is_never_found() -> None:
    assert find("อะไรก็ได้", service("a")) is None


@given(st.text(max_size=60), st.lists(st.sampled_from(["a", "ก", "ทุจริต", "ab"]), max_size=3))
def test_any_subject_is_judged_and_what_is_found_is_known(subject: str, words: list[str]) -> None:
    known = [service("a", *words), service("b", "ก", confidential=True)]
    found = services.find(subject, known)
    assert found is None or found in known
