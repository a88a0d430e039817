"""The ledger of mandated checks on a paper office: opened, fulfilled, late, missed; clocks that jump."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailgate.edges.store.database import moment
from mailgate.errors import MailboxGone
from mailgate.jobs import evidence, slots
from mailgate.jobs import poll as polls
from mailgate.jobs.verify import verify
from tests import builders
from tests.builders import NOW, ZONE, PaperOffice
from tests.jobs.letters import letter, poll


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    with builders.office(builders.config(tmp_path)) as made:
        yield made
        assert verify(made).problems == []


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return NOW.replace(day=day, hour=hour, minute=minute)


def ledger(office: PaperOffice) -> list[tuple[str, str]]:
    rows = office.store.slots.between(at(0, day=1), at(0, day=30))
    dues = [moment(row["due_at"]) for row in rows]
    return [(f"{d.astimezone(ZONE):%d %H}", row["state"]) for d, row in zip(dues, rows, strict=True) if d]


async def check(office: PaperOffice, when: datetime, *raws: bytes) -> None:
    office.paper_clock.set(when)
    await poll(office, *raws)


async def test_each_mandated_check_has_its_row(office: PaperOffice) -> None:
    for hour in (9, 11, 14, 16):
        await check(office, at(hour), letter(hour))
    assert ledger(office) == [("23 09", "done"), ("23 11", "done"), ("23 14", "done"), ("23 16", "done")]
    row = dict(office.store.slots.between(at(9), at(10))[0])
    assert (row["seen"], row["registered"], row["failed"], row["reason"]) == (1, 1, 0, "")
    assert moment(row["started_at"]) == at(9)


async def test_the_duty_begins_with_what_is_not_late_when_it_first_runs(office: PaperOffice) -> None:
    await check(office, at(11, 5))
    assert ledger(office) == [("23 11", "done")]


async def test_what_was_missed_today_is_made_up_and_late(office: PaperOffice) -> None:
    await check(office, at(9))
    office.paper_clock.set(at(14, 30))
    slots.open_due(office, at(9, 20))
    assert [o.due for o in slots.overdue(office, office.clock.now())] == [at(11), at(14)]
    await polls.poll(office)
    assert ledger(office) == [("23 09", "done"), ("23 11", "late"), ("23 14", "late")]
    reasons = {row["reason"] for row in office.store.slots.between(at(11), at(15))}
    assert reasons == {"ระบบมิได้ทำงานตั้งแต่ ๒๓ พฤศจิกายน ๒๕๖๙ เวลา ๐๙.๒๐ น. ถึง ๒๓ พฤศจิกายน ๒๕๖๙ เวลา ๑๔.๓๐ น."}
    assert slots.overdue(office, office.clock.now()) == []


async def test_a_day_that_has_passed_is_missed_for_good(office: PaperOffice) -> None:
    await check(office, at(9))
    await check(office, at(9, day=25))
    states = [state for _, state in ledger(office)]
    assert states == ["done", *["missed"] * 7, "done"]
    assert len(slots.recently_missed(office, at(9, day=25))) == 7


async def test_overdue_is_known_even_where_no_row_was_opened(office: PaperOffice) -> None:
    """As the watch sees it, when no daemon runs."""
    await check(office, at(9))
    assert slots.overdue(office, at(11, 9)) == []
    assert [o.due for o in slots.overdue(office, at(11, 10))] == [at(11)]
    assert ledger(office) == [("23 09", "done")]


async def test_a_check_that_fails_fulfils_nothing_and_is_the_reason(office: PaperOffice) -> None:
    office.box.lose_after = 0
    with pytest.raises(MailboxGone):
        await check(office, at(9))
    assert ledger(office) == [("23 09", "open")]
    assert slots.is_check_due(office) == at(9)
    office.box.lose_after = None
    await check(office, at(10))
    assert ledger(office) == [("23 09", "late")]
    [row] = office.store.slots.between(at(9), at(10))
    assert row["reason"].startswith("ตรวจกล่องจดหมายไม่สำเร็จ: ")


async def test_a_check_before_its_time_fulfils_nothing(office: PaperOffice) -> None:
    await check(office, at(9))
    await check(office, at(10, 59))
    assert slots.is_check_due(office) is None
    office.paper_clock.set(at(11))
    assert slots.is_check_due(office) == at(11)


async def test_a_clock_that_was_ahead_is_forgiven(office: PaperOffice) -> None:
    """What was closed in the future is checked, and closed, again when its time comes."""
    await check(office, at(9))
    await check(office, at(14, 1))  # by a wrong clock
    assert ledger(office)[-1] == ("23 14", "done")
    office.paper_clock.set(at(9, 30))
    assert slots.is_check_due(office) is None
    for hour in (11, 14):
        office.paper_clock.set(at(hour))
        slots.open_due(office)
        assert slots.is_check_due(office) == at(hour)
        await check(office, at(hour))
    assert ledger(office) == [("23 09", "done"), ("23 11", "done"), ("23 14", "done")]
    assert all(moment(row["started_at"]) == moment(row["due_at"]) for row in office.store.slots.between(at(9), at(15)))


async def test_years_away_are_no_years_of_missed_checks(office: PaperOffice) -> None:
    await check(office, at(9))
    office.paper_clock.set(NOW + timedelta(days=700))
    slots.open_due(office)
    assert sum(office.store.slots.counts().values()) < 31 * 4


async def test_what_came_of_a_check_is_final(office: PaperOffice) -> None:
    await check(office, at(9))
    with pytest.raises(sqlite3.IntegrityError, match="final"):
        office.store.db.sql.execute("UPDATE slot SET state = 'late'")
    with pytest.raises(sqlite3.IntegrityError, match="ever deleted"):
        office.store.db.sql.execute("DELETE FROM slot")


async def test_further_checks_are_made_within_office_hours(tmp_path: Path) -> None:
    config = builders.config(tmp_path, checks={"also_every": "10m"})
    with builders.office(config) as office:
        await check(office, at(9))
        office.paper_clock.set(at(9, 9))
        assert slots.also_since(office) is None
        office.paper_clock.set(at(9, 10))
        assert slots.also_since(office) == at(9, 10)
        office.paper_clock.set(at(16, 31))
        assert slots.also_since(office) is None
        office.paper_clock.set(at(10, day=22))  # a Sunday
        assert slots.also_since(office) is None


async def test_a_month_is_shown_as_evidence(office: PaperOffice) -> None:
    await check(office, at(9), letter(1))
    await check(office, at(14, 30))
    document = evidence.month(office, evidence.month_of("2569-11"))
    assert document["totals"] == {
        "done": 1, "late": 2, "missed": 0, "open": 0, "upcoming": 21, "unrecorded": 0, "before": 60
    }  # fmt: skip
    monday = document["days"][22]
    assert [c["state"] for c in monday["checks"]] == ["done", "late", "late", "upcoming"]
    assert document["days"][21] == {"date": "2026-11-22", "working": False, "name": "", "checks": []}
    page = evidence.html(office, document)
    assert "เดือนพฤศจิกายน ๒๕๖๙" in page
    assert "ตรวจล่าช้า" in page


async def test_what_is_due_and_seen_by_nobody_is_open(office: PaperOffice) -> None:
    await check(office, at(9))
    office.paper_clock.set(at(12))
    monday = evidence.month(office, evidence.month_of("2026-11"))["days"][22]
    assert [c["state"] for c in monday["checks"]] == ["done", "open", "upcoming", "upcoming"]


@pytest.mark.parametrize("text", ["2569-13", "2569", "พฤศจิกายน", "9999-00", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    from mailgate.errors import UsageError

    with pytest.raises(UsageError, match="2569-11"):
        evidence.month_of(text)
