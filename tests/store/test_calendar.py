"""The rows of the calendar: seeded once, changed with an event, counted by a version."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mailgate.core.identity import judge
from mailgate.edges.store import Store
from tests.builders import NOW, draft, entry

DAY = date(2026, 12, 31)
HOLIDAY = {"kind": "holiday", "name": "วันสิ้นปี", "source": "seed", "opens": None, "closes": None}
HALF = {"kind": "hours", "name": "ครึ่งวัน", "source": "office", "opens": "08:30", "closes": "12:00"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A registry whose calendar has one year with one holiday."""
    made = Store(tmp_path / "registry.db")
    with made.db.immediate("test"):
        made.calendar.seed(2026, {DAY: HOLIDAY}, NOW)
    yield made
    made.close()


def days(store: Store) -> list[dict[str, Any]]:
    return [dict(row) for row in store.calendar.days()]


def last_event(store: Store) -> Any:
    *_, event = store.chain.events()
    assert event["kind"] == "calendar"
    return json.loads(event["payload"])


def test_a_new_registry_has_no_calendar(tmp_path: Path) -> None:
    empty = Store(tmp_path / "new.db")
    assert (empty.calendar.version(), empty.calendar.days(), empty.calendar.years()) == (0, [], [])
    assert empty.calendar.year(2026) is None
    empty.close()


def test_a_year_is_seeded_once(store: Store) -> None:
    assert days(store) == [{"day": "2026-12-31", **HOLIDAY}]
    assert store.calendar.years() == [2026]
    assert store.calendar.version() == 1
    assert last_event(store) == {"act": "seed", "year": 2026, "days": ["2026-12-31"]}
    with pytest.raises(sqlite3.IntegrityError), store.db.immediate("test"):
        store.calendar.seed(2026, {}, NOW)
    assert store.calendar.version() == 1


def test_a_change_replaces_and_takes_away_and_is_an_event(store: Store) -> None:
    other = date(2026, 11, 24)
    with store.db.immediate("test"):
        store.calendar.change("import", {DAY: (HOLIDAY, HALF), other: (None, HOLIDAY)}, NOW)
    assert days(store) == [{"day": "2026-11-24", **HOLIDAY}, {"day": "2026-12-31", **HALF}]
    assert last_event(store) == {
        "act": "import",
        "days": [
            {"day": "2026-11-24", "was": None, "is": HOLIDAY},
            {"day": "2026-12-31", "was": HOLIDAY, "is": HALF},
        ],
    }
    with store.db.immediate("test"):
        store.calendar.change("remove", {DAY: (HALF, None)}, NOW)
    assert [row["day"] for row in store.calendar.days()] == ["2026-11-24"]
    assert store.calendar.version() == 3


def test_a_change_that_breaks_off_has_changed_nothing(store: Store) -> None:
    broken = HALF | {"closes": None}
    with pytest.raises(sqlite3.IntegrityError), store.db.immediate("test"):
        store.calendar.change("add", {DAY: (HOLIDAY, None), date(2026, 1, 5): (None, broken)}, NOW)
    assert days(store) == [{"day": "2026-12-31", **HOLIDAY}]
    assert store.calendar.version() == 1


def test_who_confirmed_a_year_and_that_it_was_taken_back(store: Store) -> None:
    with store.db.immediate("test"):
        store.calendar.confirm(2026, "สมหญิง", NOW)
    row = store.calendar.year(2026)
    assert row
    assert (row["confirmed_by"], row["confirmed_at"]) == ("สมหญิง", "2026-11-23T02:00:00.000000+00:00")
    assert last_event(store) == {"act": "confirm", "year": 2026, "by": "สมหญิง"}
    with store.db.immediate("test"):
        store.calendar.confirm(2026, "", NOW)
    row = store.calendar.year(2026)
    assert row
    assert (row["confirmed_by"], row["confirmed_at"]) == ("", None)
    assert last_event(store)["act"] == "unconfirm"
    assert store.calendar.version() == 3


def test_a_year_is_never_deleted(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="ever deleted"):
        store.db.sql.execute("DELETE FROM calendar_year")


def test_open_letters_due_later_are_counted(store: Store) -> None:
    for uid, due in enumerate((date(2026, 12, 30), DAY, date(2027, 1, 4), None), 1):
        store.receipts.enter(entry(uid, due_on=due), judge, draft)
    assert store.calendar.open_letters(DAY) == 2
    store.db.sql.execute("UPDATE letter SET state = 'closed' WHERE number = 3")
    assert store.calendar.open_letters(DAY) == 1
    assert store.calendar.open_letters(date(2027, 1, 5)) == 0
