"""The receive register: numbers without a gap, one transaction for everything, duplicates, the triggers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailgate.core.identity import judge
from mailgate.edges.store import Store
from mailgate.errors import MailgateError
from mailgate.model import Draft, Fate, Kind, Receipt
from mailgate.model_entry import Entered, Entry, Twins
from tests import builders
from tests.builders import NOW, ZONE, draft, entry, raw_mail

TABLES = ("counter", "letter", "mail", "outbox", "attempt", "event", "poll")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "registry.db")
    yield made
    made.close()


def register(store: Store, made: Entry) -> Entered | None:
    return store.receipts.enter(made, judge, draft)


def dump(store: Store) -> list[str]:
    """Everything in the registry, as text."""
    return list(store.db.sql.iterdump())


def rows(store: Store, table: str) -> int:
    return int(store.db.value(f"SELECT count(*) FROM {table}"))


# -- numbers --------------------------------------------------------------------------------------------------------


def test_numbers_run_from_one_without_a_gap(store: Store) -> None:
    found = [register(store, entry(n)) for n in range(1, 51)]
    assert [e.receipt.number for e in found if e and e.receipt] == list(range(1, 51))
    assert all(e and e.receipt and e.receipt.year == 2569 for e in found)
    assert [(r["year"], r["last"]) for r in store.reports.counters()] == [(2569, 50)]


def test_only_letters_take_a_number(store: Store) -> None:
    fates = {Kind.AUTO: Fate.AUTOMATIC, Kind.OWN: Fate.AUTOMATIC, Kind.BOUNCE: Fate.BOUNCE, Kind.LIST: Fate.LIST}
    for n, (kind, fate) in enumerate(fates.items()):
        assert register(store, entry(10 + n, kind=kind)) == Entered(fate)
    store.receipts.set_aside(entry(20, sha256=""), "too large")
    assert rows(store, "letter") == rows(store, "outbox") == rows(store, "counter") == 0
    assert register(store, entry(1)) == Entered(Fate.REGISTERED, Receipt(1, 2569), True)
    assert sum(store.reports.fates().values()) == rows(store, "mail") == 6


def test_a_silent_letter_has_a_number_and_no_reply(store: Store) -> None:
    assert register(store, entry(1, answer=False)) == Entered(Fate.REGISTERED, Receipt(1, 2569), False)
    assert rows(store, "outbox") == 0


@pytest.mark.parametrize(
    ("registered", "year"),
    [
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=ZONE), 2569),
        (datetime(2027, 1, 1, 0, 0, tzinfo=ZONE), 2570),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC).astimezone(ZONE), 2570),
    ],
)
def test_the_register_year_is_the_buddhist_year_of_the_offices_date(
    store: Store, registered: datetime, year: int
) -> None:
    found = register(store, entry(1, now=registered))
    assert found
    assert found.receipt == Receipt(1, year)


def test_a_new_year_starts_again_at_one_and_the_old_one_stays(store: Store) -> None:
    old, new = datetime(2026, 12, 31, 16, 0, tzinfo=ZONE), datetime(2027, 1, 1, 9, 0, tzinfo=ZONE)
    made = [register(store, entry(n, now=when)) for n, when in enumerate([old, old, new, new], 1)]
    assert [str(e.receipt) for e in made if e] == ["1/2569", "2/2569", "1/2570", "2/2570"]
    assert [r["number"] for r in store.reports.letters(2570)] == [1, 2]


def test_a_clock_that_is_set_back_makes_no_letter_older_than_the_one_before(store: Store) -> None:
    """Nor does it open the register of the year that is over."""
    old, new = datetime(2026, 12, 31, 16, 0, tzinfo=ZONE), datetime(2027, 1, 1, 9, 0, tzinfo=ZONE)
    made = [register(store, entry(n, now=when)) for n, when in enumerate([old, new, old], 1)]
    assert [str(e.receipt) for e in made if e] == ["1/2569", "1/2570", "2/2570"]
    times = [row["registered_at"] for row in store.reports.letters()]
    assert times == sorted(times)


def test_hold_leaves_the_reply_for_a_person(store: Store) -> None:
    store.receipts.enter(entry(1), judge, draft, hold="test")
    assert store.outbox.get(1)["state"] == "held"
    assert store.outbox.claim(NOW + timedelta(days=1)) is None


# -- one transaction ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError, MailgateError])
def test_an_error_in_composing_leaves_nothing_and_takes_no_number(store: Store, error: type[BaseException]) -> None:
    register(store, entry(1))
    before = dump(store)

    def broken(made_for: Entry, receipt: Receipt, item: int) -> Draft:
        raise error("broken")

    with pytest.raises(error):
        store.receipts.enter(entry(2), judge, broken)
    assert dump(store) == before
    assert not store.db.sql.in_transaction
    found = register(store, entry(3))
    assert found
    assert found.receipt == Receipt(2, 2569)


def test_an_error_in_judging_leaves_nothing(store: Store) -> None:
    before = dump(store)

    def broken(twins: Twins) -> object:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        store.receipts.enter(entry(1), broken, draft)  # type: ignore[arg-type]
    assert dump(store) == before


@pytest.mark.parametrize("table", ["letter", "mail", "outbox", "event", "counter"])
def test_a_write_refused_anywhere_leaves_nothing_anywhere(store: Store, table: str) -> None:
    register(store, entry(1))
    before = [line for line in dump(store) if "no_more" not in line]
    for verb in ("INSERT", "UPDATE"):
        store.db.sql.execute(
            f"CREATE TEMP TRIGGER no_more_{verb} BEFORE {verb} ON main.{table} BEGIN SELECT RAISE(ABORT, 'disk'); END"
        )
    with pytest.raises(sqlite3.IntegrityError, match="disk"):
        register(store, entry(2))
    assert dump(store) == before


def test_the_bytes_of_a_reply_are_fixed_by_its_event(store: Store) -> None:
    register(store, entry(1))
    event = store.db.one("SELECT payload FROM event WHERE kind = 'registered'")
    assert event
    assert '"acknowledgement":"' in event["payload"]
    assert "example.com" not in event["payload"], "an event keeps fingerprints, no personal data"


# -- duplicates: the table of keys ----------------------------------------------------------------------------------

FIRST = raw_mail("From: a@b.test", "Subject: s", "Message-ID: <1@b.test>", body=b"text\r\n")


def test_k1_known_nothing_happens(store: Store) -> None:
    register(store, entry(1, raw=FIRST))
    before = dump(store)
    assert register(store, entry(1, raw=FIRST)) is None
    assert register(store, entry(1, raw=raw_mail("Subject: other"))) is None
    store.receipts.set_aside(entry(1), "again")
    assert dump(store) == before


@pytest.mark.parametrize("changed", [{"uidvalidity": 2}, {"mailbox": "Archive"}])
def test_k1_is_mailbox_uidvalidity_and_uid(store: Store, changed: dict[str, object]) -> None:
    register(store, entry(1))
    found = register(store, entry(1, raw=FIRST, **changed))  # type: ignore[arg-type]
    assert found
    assert found.receipt == Receipt(2, 2569)


def test_k2a_the_same_bytes_are_linked_without_number_or_reply(store: Store) -> None:
    register(store, entry(1, raw=FIRST))
    assert register(store, entry(2, raw=FIRST)) == Entered(Fate.DUPLICATE, Receipt(1, 2569))
    assert register(store, entry(1, raw=FIRST, uidvalidity=9)) == Entered(Fate.DUPLICATE, Receipt(1, 2569))
    assert (rows(store, "letter"), rows(store, "outbox"), rows(store, "mail")) == (1, 1, 3)


def test_k2a_a_mail_that_was_no_letter_is_none_the_second_time_either(store: Store) -> None:
    register(store, entry(1, raw=FIRST, kind=Kind.BOUNCE))
    assert register(store, entry(2, raw=FIRST)) == Entered(Fate.DUPLICATE)
    assert rows(store, "letter") == 0


def test_k2b_a_second_delivery_with_the_same_message_id_is_linked(store: Store) -> None:
    register(store, entry(1, raw=FIRST))
    again = b"Received: from elsewhere\r\n" + FIRST
    assert register(store, entry(2, raw=again)) == Entered(Fate.DUPLICATE, Receipt(1, 2569))
    assert rows(store, "letter") == 1


def test_k2b_without_a_message_id_it_is_a_letter_with_a_remark(store: Store) -> None:
    plain = raw_mail("From: a@b.test", "Subject: s", body=b"text\r\n")
    register(store, entry(1, raw=plain))
    found = register(store, entry(2, raw=b"Received: from elsewhere\r\n" + plain))
    assert found == Entered(Fate.REGISTERED, Receipt(2, 2569), True)
    second = store.reports.letter(Receipt(2, 2569))
    assert second
    assert "1/2569" in second["remarks"]


def test_k3_a_message_id_used_again_for_something_else_is_a_letter_with_a_remark(store: Store) -> None:
    """Else whoever knows a Message-ID beforehand could swallow a letter."""
    register(store, entry(1, raw=FIRST))
    found = register(store, entry(2, raw=FIRST.replace(b"text", b"other")))
    assert found == Entered(Fate.REGISTERED, Receipt(2, 2569), True)
    second = store.reports.letter(Receipt(2, 2569))
    assert second
    assert "Message-ID" in second["remarks"]
    assert "1/2569" in second["remarks"]


def test_letters_without_any_message_id_are_not_each_others_twins(store: Store) -> None:
    for n in (1, 2):
        found = register(store, entry(n, raw=raw_mail("From: a@b.test", f"Subject: {n}")))
        assert found
        assert found.fate is Fate.REGISTERED
    second = store.reports.letter(Receipt(2, 2569))
    assert second
    assert second["remarks"] == ""


def test_an_answer_to_our_reply_follows_its_letter(store: Store) -> None:
    register(store, entry(1))
    register(store, entry(2, answers_item=1))
    second = store.reports.letter(Receipt(2, 2569))
    assert second
    assert (second["follows_number"], second["follows_year"]) == (1, 2569)


def test_a_confidential_mail_leaves_nothing_of_itself_in_the_journal(store: Store) -> None:
    canary = raw_mail("From: canary@b.test", "Subject: canary", "Message-ID: <c@b.test>")
    register(store, entry(1, raw=canary, confidential=True, answer=False))
    register(store, entry(2, raw=b"X: 1\r\n" + canary, confidential=True, answer=False))
    for row in store.db.all("SELECT sender, subject, evidence, reason FROM mail"):
        assert "canary" not in "".join(row)
    assert not any("canary" in (row["payload"] or "") for row in store.chain.events())


# -- what is final --------------------------------------------------------------------------------------------------


@pytest.fixture
def full(store: Store) -> Store:
    """A registry with a row in every table."""
    for n in (1, 2):
        register(store, entry(n))
    check = store.ledger.begin(NOW, NOW)
    store.ledger.fail(check, "problem", NOW)
    assert store.outbox.claim(NOW)
    return store


@pytest.mark.parametrize("table", TABLES)
def test_nothing_can_be_deleted(full: Store, table: str) -> None:
    before = dump(full)
    assert rows(full, table) > 0
    for statement in (f"DELETE FROM {table}", f"DELETE FROM {table} WHERE rowid = 1"):
        with pytest.raises((sqlite3.IntegrityError, sqlite3.OperationalError)):
            full.db.sql.execute(statement)
    assert dump(full) == before


FINAL = {
    "letter": "id register year number channel arrived_at legally_received_at registered_at sha256 content_digest "
    "message_id size enclosures dated from_name from_address addressee",
    "outbox": "id kind letter_id sender message_id envid raw created_at",
    "mail": "id mailbox uidvalidity uid size arrived_at seen_at sha256 letter_id",
    "event": "seq at kind letter_id leaf link",
}


@pytest.mark.parametrize(("table", "column"), [(t, c) for t, columns in FINAL.items() for c in columns.split()])
def test_what_is_final_cannot_be_changed(full: Store, table: str, column: str) -> None:
    before = dump(full)
    key = "seq" if table == "event" else "id"
    old = full.db.value(f"SELECT {column} FROM {table} WHERE {key} = 1")
    for value in {7_000_000, "2567-01-01", b"x", None} - {old}:
        with pytest.raises(sqlite3.IntegrityError):
            full.db.sql.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = 1", (value,))
    assert dump(full) == before


def test_a_gap_made_by_hand_is_refused(full: Store) -> None:
    columns = [
        r["name"] for r in full.db.all("PRAGMA table_info(letter)") if r["name"] not in ("id", "number", "sha256")
    ]
    names = ", ".join(columns)
    for number in (1, 2, 4, 0, -1, 1000):
        with pytest.raises(sqlite3.IntegrityError):
            full.db.sql.execute(
                f"INSERT INTO letter (number, sha256, {names}) SELECT ?, 'x', {names} FROM letter WHERE id = 1",
                (number,),
            )
    with pytest.raises(sqlite3.IntegrityError, match="without a gap"):
        full.db.sql.execute(
            f"INSERT INTO letter (number, sha256, {names}) SELECT 7, 'x', "
            f"{names.replace('year', '2600')} FROM letter WHERE id = 1"
        )


@pytest.mark.parametrize("last", [1, 2, 4, 100, 0, -1])
def test_a_counter_only_counts_up_by_one(full: Store, last: int) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        full.db.sql.execute("UPDATE counter SET last = ?", (last,))


# REPLACE takes rows away without firing a DELETE trigger, unless recursive triggers are on.
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO counter VALUES ('receive', 2569, 50)",
        "INSERT OR REPLACE INTO outbox (id, kind, sender, recipient, message_id, envid, raw, state, created_at, "
        "next_at) SELECT id, kind, sender, recipient, message_id, envid, x'00', state, created_at, next_at FROM outbox "
        "WHERE id = 2",
        "INSERT OR REPLACE INTO mail SELECT id, mailbox, uidvalidity, uid, 1, arrived_at, seen_at, kind, 'list', 0, "
        "rule, reason, evidence, sender, subject, NULL, NULL, filed_at FROM mail WHERE id = 2",
        "INSERT OR REPLACE INTO attempt (item_id, number, started_at) VALUES (1, 1, 'never')",
        "INSERT OR REPLACE INTO poll (id, started_at) VALUES (1, 'never')",
    ],
    ids=lambda s: s.split()[4],
)
def test_replacing_a_row_is_no_way_around(full: Store, statement: str) -> None:
    before = dump(full)
    with pytest.raises(sqlite3.IntegrityError):
        full.db.sql.execute(statement)
    assert dump(full) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempt SET verdict = 'accepted', code = 250 WHERE item_id = 1",
        "UPDATE attempt SET ended_at = NULL WHERE item_id = 1",
        "UPDATE mail SET fate = 'list' WHERE fate = 'registered'",
        "UPDATE poll SET report = '{}', problem = '' WHERE id = 1",
    ],
    ids=lambda s: s.split()[1],
)
def test_what_came_of_something_is_not_told_differently_later(full: Store, statement: str) -> None:
    full.outbox.interrupted(NOW)
    with pytest.raises(sqlite3.IntegrityError):
        full.db.sql.execute(statement)


def test_a_letter_has_one_acknowledgement_at_the_most(full: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        full.db.sql.execute(
            "INSERT INTO outbox (id, kind, letter_id, sender, recipient, message_id, envid, raw, state, created_at, "
            "next_at) SELECT 99, kind, letter_id, sender, recipient, '<other@x>', envid, raw, state, created_at, "
            "next_at FROM outbox WHERE id = 1"
        )


def test_a_message_id_of_ours_is_used_once(full: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        full.db.sql.execute(
            "INSERT INTO outbox (id, kind, letter_id, sender, recipient, message_id, envid, raw, state, created_at, "
            "next_at) SELECT 99, 'decision', letter_id, sender, recipient, message_id, envid, raw, state, created_at, "
            "next_at FROM outbox WHERE id = 1"
        )


def test_times_are_stored_in_utc_and_found_again_in_order(store: Store) -> None:
    register(store, entry(1, now=datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)))
    row = store.reports.letter(Receipt(1, 2569))
    assert row
    assert row["registered_at"] == "2026-11-23T02:00:00.000000+00:00"
    assert len(store.reports.letters_since(NOW)) == 1
    assert store.reports.letters_since(NOW + timedelta(microseconds=1)) == []


def test_the_builders_config_is_valid(tmp_path: Path) -> None:
    assert builders.config(tmp_path).registry.path == tmp_path / "registry.db"
