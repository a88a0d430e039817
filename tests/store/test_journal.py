"""The journal of mails seen, the mark of how far a mailbox is accounted for, and the ledger of checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailgate.core.identity import judge
from mailgate.edges.store import Store
from mailgate.model import CheckReport, Kind
from mailgate.model_entry import Closing
from tests.builders import NOW, draft, entry


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A registry that has seen UIDs 2, 3 (a bounce) and 5 (set aside) of INBOX, UIDVALIDITY 1."""
    made = Store(tmp_path / "registry.db")
    made.receipts.enter(entry(2), judge, draft)
    made.receipts.enter(entry(3, kind=Kind.BOUNCE), judge, draft)
    made.receipts.set_aside(entry(5, sha256=""), "too large")
    yield made
    made.close()


def test_unknown_is_what_was_never_seen(store: Store) -> None:
    assert store.journal.unknown("INBOX", 1, [9, 5, 4, 3, 2, 1]) == [1, 4, 9]
    assert store.journal.unknown("INBOX", 1, [2, 3]) == []
    assert store.journal.unknown("INBOX", 1, []) == []
    assert store.journal.unknown("INBOX", 2, [2, 3]) == [2, 3]
    assert store.journal.unknown("Other", 1, [2]) == [2]


def test_what_is_filed_is_told_once_and_what_is_set_aside_stays(store: Store) -> None:
    assert store.journal.unfiled("INBOX", 1, [1, 2, 3, 4, 5]) == [2, 3]
    store.journal.filed("INBOX", 1, [2], "Registered/2569", NOW)
    assert store.journal.unfiled("INBOX", 1, [1, 2, 3, 4, 5]) == [3]
    assert store.journal.unfiled("INBOX", 2, [3]) == []
    first = store.db.value("SELECT filed_at FROM mail WHERE uid = 2")
    store.journal.filed("INBOX", 1, [2], "Registered/2569", NOW + timedelta(days=1))
    assert store.db.value("SELECT filed_at FROM mail WHERE uid = 2") == first


def test_filing_is_an_event(store: Store) -> None:
    store.journal.filed("INBOX", 1, [2, 3], "Registered/2569", NOW)
    assert [e["kind"] for e in store.chain.events()][-1] == "filed"


def test_the_mark_moves_and_remembers_when_all_was_compared(store: Store) -> None:
    assert store.journal.accounted_below("INBOX", 1) == (1, None)
    store.journal.mark("INBOX", 1, 6, NOW)
    assert store.journal.accounted_below("INBOX", 1) == (6, NOW)
    store.journal.mark("INBOX", 1, 9, None)
    assert store.journal.accounted_below("INBOX", 1) == (9, NOW)
    store.journal.mark("INBOX", 1, 4, None)
    assert store.journal.accounted_below("INBOX", 1) == (4, NOW)
    assert store.journal.accounted_below("INBOX", 2) == (1, None)


def test_a_mark_without_a_comparison_has_none(store: Store) -> None:
    store.journal.mark("INBOX", 1, 6, None)
    assert store.journal.accounted_below("INBOX", 1) == (6, None)


def test_a_mark_that_does_not_move_writes_nothing(store: Store) -> None:
    store.journal.mark("INBOX", 1, 6, NOW)
    before = store.db.sql.total_changes
    store.journal.mark("INBOX", 1, 6, None)
    assert store.db.sql.total_changes == before


def test_the_epochs_of_a_mailbox_in_the_order_they_came(store: Store) -> None:
    store.receipts.enter(entry(1, uidvalidity=7), judge, draft)
    store.receipts.enter(entry(4, uidvalidity=4), judge, draft)
    assert store.journal.epochs("INBOX") == [1, 7, 4]
    assert store.journal.epochs("Other") == []


def test_every_fate_adds_up_to_what_was_seen(store: Store) -> None:
    assert store.reports.fates() == {"registered": 1, "bounce": 1, "set_aside": 1}


LATER = NOW + timedelta(minutes=1)


def end(store: Store, check: int, report: CheckReport, closings: list[Closing] | None = None) -> None:
    with store.db.immediate("test"):
        store.ledger.end(check, report, LATER)
        store.slots.close(closings or [], LATER, check=check, started=NOW, report=report)


def test_a_check_that_came_to_its_end_is_on_record(store: Store) -> None:
    check = store.ledger.begin(NOW, NOW)
    assert store.ledger.succeeded(NOW, LATER) is None
    assert store.ledger.tries(NOW, LATER) == (1, NOW)
    end(store, check, CheckReport(slot=NOW, seen=3, registered=1))
    assert store.ledger.succeeded(NOW, LATER) == NOW
    assert store.ledger.succeeded(LATER, LATER) is None
    assert store.ledger.tries(NOW, LATER) == (0, None)
    event = list(store.chain.events())[-1]
    assert event["kind"] == "checked"
    assert '"registered":1' in event["payload"]


def test_a_check_of_the_future_was_the_clocks_fault(store: Store) -> None:
    end(store, store.ledger.begin(NOW, LATER), CheckReport(slot=NOW))
    assert store.ledger.succeeded(NOW, NOW) is None


def test_a_check_that_failed_says_why(store: Store) -> None:
    check = store.ledger.begin(NOW, NOW)
    store.ledger.fail(check, "the server is away", NOW)
    assert store.ledger.succeeded(NOW, LATER) is None
    last = store.ledger.last()
    assert last
    assert (last["problem"], last["report"]) == ("the server is away", None)
    assert store.ledger.problem(NOW, LATER) == "the server is away"
    assert store.ledger.problem(LATER, LATER + timedelta(hours=1)) == ""
    second = store.ledger.begin(NOW, LATER)
    assert store.ledger.tries(NOW, LATER) == (2, LATER)
    end(store, second, CheckReport(slot=NOW, problems=["a", "b"]))
    last = store.ledger.last()
    assert last
    assert last["problem"] == "a\nb"


def test_a_mandated_check_is_opened_once_and_closed_once(store: Store) -> None:
    assert store.slots.known_until() is None
    store.slots.open({NOW: "", LATER: "ไฟดับ"}, LATER, LATER)
    store.slots.open({NOW: "other"}, LATER, LATER)
    assert store.slots.known_until() == LATER
    assert [row["reason"] for row in store.slots.open_rows(LATER)] == ["", "ไฟดับ"]
    check = store.ledger.begin(NOW, NOW)
    end(store, check, CheckReport(slot=NOW, seen=2), [Closing(NOW, "done", ""), Closing(LATER, "late", "ไฟดับ")])
    assert store.slots.open_rows(LATER) == []
    assert store.slots.counts() == {"done": 1, "late": 1}
    assert [row["check_id"] for row in store.slots.between(NOW, LATER)] == [check]
    assert [event["kind"] for event in store.chain.events()][-2:] == ["slot", "slot"]


def test_a_registry_keeps_its_name(store: Store, tmp_path: Path) -> None:
    name = store.registry_id()
    assert name == store.registry_id()
    other = Store(tmp_path / "registry.db")
    assert other.registry_id() == name
    other.close()
    third = Store(tmp_path / "third.db")
    assert third.registry_id() != name
    third.close()
