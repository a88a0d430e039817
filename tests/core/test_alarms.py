"""An alarm is told once when it comes up, and once when it is solved."""

from __future__ import annotations

from datetime import timedelta

from mailgate.core import alarms
from mailgate.core.alarms import Condition, Notice, Up
from tests.builders import NOW

DISK = Condition("disk", "พื้นที่เหลือน้อย")
MISSED = Condition("slot:1", "มิได้ตรวจ", ends=False)
LATER = NOW + timedelta(hours=1)


def book(*found: Condition, sent: bool = True, up: dict[str, Up] | None = None) -> dict[str, Up]:
    return alarms.booked(up or {}, found, NOW, sent)


def test_it_is_told_once() -> None:
    assert alarms.notice({}, [DISK]).raised == {"disk": DISK.text}
    up = book(DISK)
    assert not alarms.notice(up, [DISK])
    assert alarms.booked(up, [DISK], LATER, False) == up


def test_what_did_not_arrive_is_told_again() -> None:
    up = book(DISK, sent=False)
    assert alarms.notice(up, [DISK]).raised == {"disk": DISK.text}
    assert alarms.booked(up, [DISK], LATER, True)["disk"] == Up(NOW.isoformat(timespec="seconds"), DISK.text, True)


def test_its_end_is_told_once_and_again_until_it_arrives() -> None:
    up = book(DISK)
    told = alarms.notice(up, [])
    assert list(told.solved) == ["disk"]
    still = alarms.booked(up, [], LATER, False)
    assert list(alarms.notice(still, []).solved) == ["disk"]
    assert alarms.booked(still, [], LATER, True) == {}


def test_how_it_ended_is_told_where_that_is_known() -> None:
    told = alarms.notice(book(DISK), [], {"disk": "มีพื้นที่แล้ว", "other": "x"})
    assert {key: up.text for key, up in told.solved.items()} == {"disk": "มีพื้นที่แล้ว"}


def test_what_no_way_could_carry_is_marked() -> None:
    assert alarms.carried("หน่วย \udcff") == "หน่วย ?"


def test_the_end_of_what_nobody_was_told_is_not_told() -> None:
    assert not alarms.notice(book(DISK, sent=False), [])


def test_what_cannot_be_mended_has_no_end() -> None:
    up = book(MISSED)
    assert not alarms.notice(up, [])
    assert alarms.booked(up, [], LATER, False) == {}


def test_an_overdue_check_that_is_missed_in_the_end_is_not_told_twice() -> None:
    up = book(Condition("slot:1", "ยังมิได้ตรวจ"))
    assert not alarms.notice(up, [MISSED])
    after = alarms.booked(up, [MISSED], LATER, False)
    assert after["slot:1"].text == "มิได้ตรวจ"
    assert not alarms.notice(after, [])


def test_who_did_not_look_does_not_call_it_solved() -> None:
    up = book(DISK, MISSED, Condition("certificate:imap", "x"))
    assert set(alarms.within(up, ["slot", "certificate"])) == {"slot:1", "certificate:imap"}


def test_the_words() -> None:
    told = Notice({"disk": "พื้นที่\nเหลือน้อย"}, {"x": Up("2026", "เดิม", True)})
    assert alarms.subject("สำนักงาน", told) == "[mailgate] แจ้งเหตุ 1 รายการ: สำนักงาน"
    assert "สิ้นสุด" in alarms.subject("สำนักงาน", Notice({}, told.solved))
    text = alarms.text("สำนักงาน", told, NOW)
    assert "- พื้นที่ เหลือน้อย\n" in text
    assert "- เดิม\n" in text
    assert "1 alarm(s) raised, 1 solved" in text
