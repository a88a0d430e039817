"""The event chain: each event bound to all before it, never rewritten, whole also after a lawful erasure."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.edges.store import Store
from mailgate.edges.store.chain import GENESIS, canonical, fingerprint, leaf_of, link_of
from tests.builders import NOW


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "registry.db")
    for n in range(1, 6):
        made.chain.note(NOW, "test", {"n": n})
    yield made
    made.close()


def whole(store: Store) -> bool:
    """The chain recomputed, independently of the package."""
    previous = bytes(32)
    for seq, event in enumerate(store.chain.events(), 1):
        if event["payload"] is not None:
            leaf = hashlib.sha256(event["salt"] + event["payload"].encode()).digest()
            if leaf != event["leaf"]:
                return False
        head = "\0".join([str(seq), event["at"], event["kind"], str(event["letter_id"] or ""), ""]).encode()
        previous = hashlib.sha256(previous + head + event["leaf"]).digest()
        if event["seq"] != seq or event["link"] != previous:
            return False
    return True


def test_an_empty_registry_has_an_empty_chain(tmp_path: Path) -> None:
    made = Store(tmp_path / "registry.db")
    assert made.chain.head() == (0, "0" * 64)
    assert list(made.chain.events()) == []
    assert made.chain.link_at(1) == ""
    made.close()


def test_each_event_continues_the_chain(store: Store) -> None:
    assert whole(store)
    seq, head = store.chain.head()
    assert seq == 5
    assert head == store.chain.link_at(5) != store.chain.link_at(4)


def test_salts_differ_so_equal_events_have_different_leaves(store: Store) -> None:
    store.chain.note(NOW, "test", {"n": 5})
    events = list(store.chain.events())
    assert events[4]["payload"] == events[5]["payload"]
    assert events[4]["leaf"] != events[5]["leaf"]
    assert all(len(e["salt"]) >= 16 for e in events)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET payload = '{}' WHERE seq = 3",
        "UPDATE event SET salt = x'00' WHERE seq = 3",
        "UPDATE event SET payload = '{}', salt = x'00' WHERE seq = 3",
        "UPDATE event SET payload = NULL WHERE seq = 3",
        "UPDATE event SET at = '2000' WHERE seq = 3",
        "UPDATE event SET kind = 'other' WHERE seq = 3",
        "UPDATE event SET letter_id = NULL, leaf = x'00' WHERE seq = 3",
        "UPDATE event SET link = x'00' WHERE seq = 3",
        "UPDATE event SET seq = 30 WHERE seq = 5",
        "DELETE FROM event WHERE seq = 5",
        "INSERT INTO event VALUES (7, 'x', 'x', NULL, NULL, NULL, x'00', x'00')",
        "INSERT INTO event VALUES (5, 'x', 'x', NULL, NULL, NULL, x'00', x'00')",
        "INSERT INTO event VALUES (0, 'x', 'x', NULL, NULL, NULL, x'00', x'00')",
        "INSERT OR REPLACE INTO event VALUES (5, 'x', 'x', NULL, NULL, NULL, x'00', x'00')",
        "INSERT OR REPLACE INTO event SELECT 6, at, kind, letter_id, payload, salt, leaf, link FROM event WHERE seq = 5",  # noqa: E501
        "INSERT INTO event SELECT 6, at, kind, letter_id, payload, salt, leaf, link FROM event WHERE seq = 5",
    ],
)
def test_history_cannot_be_rewritten(store: Store, statement: str) -> None:
    before = list(store.db.sql.iterdump())
    with pytest.raises(sqlite3.IntegrityError):
        store.db.sql.execute(statement)
    assert list(store.db.sql.iterdump()) == before


def test_an_erasure_takes_payload_and_salt_and_leaves_the_chain_whole(store: Store) -> None:
    head = store.chain.head()
    store.db.sql.execute("UPDATE event SET payload = NULL, salt = NULL WHERE seq = 3")
    assert store.chain.head() == head
    assert whole(store)
    with pytest.raises(sqlite3.IntegrityError):
        store.db.sql.execute("UPDATE event SET payload = '{\"n\":3}', salt = x'00' WHERE seq = 3")
    store.chain.note(NOW, "test", {})
    assert whole(store)


def test_events_are_read_across_pages(store: Store) -> None:
    with store.db.immediate("many"):
        for n in range(2100):
            store.chain.append(NOW, "test", {"n": n})
    assert [e["seq"] for e in store.chain.events()] == list(range(1, 2106))
    assert [e["seq"] for e in store.chain.events(after=2100)] == list(range(2101, 2106))
    assert whole(store)


def test_append_belongs_into_a_transaction_that_can_be_undone(store: Store) -> None:
    before = store.chain.head()
    with pytest.raises(RuntimeError, match="undone"), store.db.immediate("test"):  # noqa: PT012
        store.chain.append(NOW, "test", {})
        raise RuntimeError("undone")
    assert store.chain.head() == before


LINK = (GENESIS, 1, "2026", "kind", None, b"l" * 32)


@pytest.mark.parametrize(
    "other",
    [
        (b"x" * 32, 1, "2026", "kind", None, b"l" * 32),
        (GENESIS, 2, "2026", "kind", None, b"l" * 32),
        (GENESIS, 1, "2027", "kind", None, b"l" * 32),
        (GENESIS, 1, "2026", "kin", None, b"l" * 32),
        (GENESIS, 1, "2026", "kind", 1, b"l" * 32),
        (GENESIS, 1, "2026", "kind", None, b"m" * 32),
    ],
)
def test_a_link_covers_everything(other: tuple[bytes, int, str, str, int | None, bytes]) -> None:
    assert link_of(*other) != link_of(*LINK)


def test_a_leaf_is_salt_and_payload() -> None:
    assert leaf_of(b"salt", "ก") == hashlib.sha256(b"salt" + "ก".encode()).digest()


VALUES = st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.integers(), st.text(max_size=8)), max_size=5)


@given(VALUES)
def test_the_same_value_has_the_same_text_in_any_order(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical(value) == canonical(turned)
    assert fingerprint(value) == fingerprint(turned)


def test_times_of_events_sort_as_text(store: Store) -> None:
    store.chain.note(datetime.fromisoformat("2026-11-23T09:00:00.000001+07:00"), "test", {})
    found = [e["at"] for e in store.chain.events()]
    assert found == sorted(found)
    assert {len(at) for at in found} == {32}
