"""What somebody answers is told from what is new, in Thai and in English."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.mime.quoting import SUMMARY_LIMIT, quoted_from, summary

NEW = "รับทราบครับ ขอบคุณครับ"
OPENERS = [
    "On Mon, Nov 23, 2026 at 10:00 AM Somchai <a@example.com> wrote:\n> old",
    "On 23 Nov 2026, at 10:00, Somchai <a@example.com>\nwrote:\n\n> old",
    "เมื่อ จ. 23 พ.ย. 2026 เวลา 10:00 สมชาย <a@example.com> เขียนว่า:\n> เก่า",
    "เมื่อ จ. 23 พ.ย. 2026 เวลา 10:00 สมชาย ใจดี เขียนว่า:\n\n> เก่า",
    "เมื่อ วันจันทร์ที่ 23 พฤศจิกายน พ.ศ. 2569 เวลา 10:00 น. สมชาย <somchai.jaidee@example.com>\nเขียนว่า:\n> เก่า",
    "ในวันที่ จ. 23 พ.ย. 2026 เวลา 10:00 สมชาย <a@example.com> เขียนว่า:\nเก่า",
    "2026-11-23 10:00 GMT+07:00 Somchai <a@example.com>:\n> old",
    "-----Original Message-----\nFrom: A\nold",
    "-----ข้อความเดิม-----\nเก่า",
    "---------- Forwarded message ---------\nFrom: A <a@example.com>\n\nold",
    "---------- ข้อความที่ถูกส่งต่อ ---------\nจาก: A",
    "Begin forwarded message:\n\nold",
    "From: สมชาย <a@example.com>\nSent: Monday, November 23, 2026 10:00 AM\nTo: office\nSubject: x\n\nold",
    "________________________________\nFrom: A <a@example.com>\nSent: Monday\nTo: B\nSubject: x\n\nold",
    "จาก: สมชาย <a@example.com>\nส่งเมื่อ: 23 พฤศจิกายน 2569 10:00\nถึง: สำนักงาน\nชื่อเรื่อง: ขอหนังสือ\n\nเก่า",
    "*From:* A <a@example.com>\n*Sent:* Monday\n*To:* B\n\nold",
    "> old\n> older",
    "Am 23.11.2026 um 10:00 schrieb A <a@example.com>:\n> alt",
]


@pytest.mark.parametrize("old", OPENERS)
def test_history_is_found(old: str) -> None:
    text = f"{NEW}\n\n{old}"
    assert quoted_from(text) == len(NEW) + 2
    assert text[: quoted_from(text)].strip() == NEW


@pytest.mark.parametrize(
    "text",
    [
        NEW,
        "",
        "จาก: นายสมชาย ใจดี\nถึง: ผู้อำนวยการ\nเรื่อง: ขอหนังสือรับรอง\n\nด้วยข้าพเจ้า",
        "> old question\n\nThe new answer",
        "On Mon, Nov 23, 2026 at 10:00 AM A <a@example.com> wrote:\n> question\n\nThe new answer below",
        "เมื่อวันที่ 5 ตุลาคม 2569 ข้าพเจ้าได้ยื่นคำขอ และเจ้าหน้าที่เขียนว่ารอ",
        "จาก: บ้าน ไปโรงเรียน",
        "สิ่งที่ส่งมาด้วย\n1. สำเนา\n-----\nขอบคุณ",
    ],
)
def test_new_text_is_never_taken_for_history(text: str) -> None:
    assert quoted_from(text) == len(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("เรียน ผู้อำนวยการ\n\nขอหนังสือรับรองการศึกษา", "ขอหนังสือรับรองการศึกษา"),
        ("สวัสดีครับ\nเรียน ผอ.\n\nขอสอบถาม", "ขอสอบถาม"),
        ("Dear Sir,\n\nPlease help", "Please help"),
        ("เรียน ผู้อำนวยการ", "เรียน ผู้อำนวยการ"),
        ("เรียนต่อที่ไหนดี\nขอคำแนะนำ", "ขอคำแนะนำ"),
        ("***\n---\nจริง", "จริง"),
        ("", ""),
        ("> old\nnew", "new"),
        ("ก" * 300, "ก" * 119 + "…"),
    ],
)
def test_summary(text: str, wanted: str) -> None:
    assert summary(text) == wanted


@given(st.text(alphabet=st.sampled_from("> \nกaFrom:จาก-_wrote0@<"), max_size=300))
def test_any_text(text: str) -> None:
    assert 0 <= quoted_from(text) <= len(text)
    assert len(summary(text)) <= SUMMARY_LIMIT
    assert "\n" not in summary(text)


@pytest.mark.parametrize(
    "line",
    [
        "> " * 100,
        "On 2026 " + "a" * 380,
        "From: a",
        "จาก: ก",
        "-----",
        "เมื่อ 10:00 <a@b>" + "เขียน" * 70,
        "On <a@b> 10:00",
    ],
)
def test_long_texts_take_little_time(line: str) -> None:
    text = (line + "\n") * (1_000_000 // len(line))
    start = time.perf_counter()
    quoted_from(text)
    summary(text)
    assert time.perf_counter() - start < 1
