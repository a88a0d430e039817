"""A registry of an older version is brought up to date with nothing lost, and guarded as a new one is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from mailgate.core.identity import judge
from mailgate.edges.store import Store, schema
from mailgate.edges.store.guards import migrations
from tests.builders import draft, entry

OLD = """
INSERT INTO counter VALUES ('receive', 2569, 2);
INSERT INTO letter VALUES (1, 'receive', 2569, 1, 'email', '', NULL, 'ก', 'a@b.test', '', 'เรื่อง', NULL, 'ข', '', '',
  '2026', '2026', '2026-11-20T02:00:00.000000+00:00', NULL, 'open', 0, 'aa', 'c1', '<1@b.test>', 1, 0, NULL);
INSERT INTO letter VALUES (2, 'receive', 2569, 2, 'email', '', NULL, 'ค', 'c@b.test', '', 'อื่น', NULL, 'ข', '', '',
  '2026', '2026', '2026-11-20T03:00:00.000000+00:00', NULL, 'open', 1, 'bb', 'c2', '<2@b.test>', 1, 0, 1);
INSERT INTO mail VALUES (1, 'INBOX', 1, 1, 1, '2026', '2026', 'letter', 'registered', 1, 'answer', '', '', '', '', 'aa', 1, NULL);
INSERT INTO mail VALUES (2, 'INBOX', 1, 2, 1, '2026', '2026', 'letter', 'registered', 0, 'bulk', '', '', '', '', 'bb', 2, NULL);
INSERT INTO mail VALUES (3, 'INBOX', 1, 3, 1, '2026', '2026', 'letter', 'set_aside', 0, 'too-large', '', '', '', '', NULL, NULL, NULL);
INSERT INTO outbox VALUES (1, 'acknowledgement', 1, 'o@g.th', 'a@b.test', '<r.1@g.th>', '1.x', x'41', 'accepted', 1, 0,
  '2026', '2026', '2026', '');
INSERT INTO attempt VALUES (1, 1, '2026', '2026', 'accepted', 'dot', 250, 'ok');
"""  # noqa: E501


def rows(sql: sqlite3.Connection, table: str, columns: str = "*") -> list[Any]:
    return [tuple(row) for row in sql.execute(f"SELECT {columns} FROM {table}")]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A registry as the first version left it."""
    path = tmp_path / "registry.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        migrations.apply(Database(sql, execute_plugins=False), stop_before="0002_readings")
        sql.executescript(OLD)
    return path


def test_nothing_is_lost_on_the_way(old: Path) -> None:
    with closing(sqlite3.connect(old)) as sql:
        columns = {t: ", ".join(c[1] for c in sql.execute(f"PRAGMA table_info({t})")) for t in _TABLES}
        before = {t: rows(sql, t, c) for t, c in columns.items()}
    with closing(Store(old)) as store:
        assert {t: rows(store.db.sql, t, c) for t, c in columns.items()} == before
        assert store.db.all("PRAGMA foreign_key_check") == []
        assert store.db.value("PRAGMA integrity_check") == "ok"
        assert store.db.value("PRAGMA foreign_keys") == 1


_TABLES = ("counter", "letter", "mail", "outbox", "attempt")


def test_mail_of_before_waits_to_be_read(old: Path) -> None:
    with closing(Store(old)) as store:
        assert [row["id"] for row in store.readings.waiting(10)] == [1, 2]


def test_it_goes_on_where_it_was(old: Path) -> None:
    with closing(Store(old)) as store:
        entered = store.receipts.enter(entry(9), judge, draft)
        assert entered
        assert str(entered.receipt) == "3/2569"


def test_it_ends_as_a_new_one_begins(old: Path, tmp_path: Path) -> None:
    with closing(Store(old)) as store, closing(Store(tmp_path / "new.db")) as new:
        sql = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        assert rows_of(store, sql) == rows_of(new, sql)


def rows_of(store: Store, sql: str) -> list[Any]:
    return [tuple(row) for row in store.db.all(sql)]


def test_a_migration_that_is_cut_off_is_done_anew(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mailgate.edges.store import m0002_readings as second

    def broken(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(second, "guard", broken)
        with pytest.raises(KeyboardInterrupt):
            Store(old)
    test_nothing_is_lost_on_the_way(old)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM mail", "DELETE FROM outbox", "DELETE FROM reading", "UPDATE mail SET uid = 9 WHERE id = 1",
        "UPDATE mail SET fate = 'list' WHERE id = 1", "UPDATE mail SET sha256 = 'cc' WHERE id = 1",
        "UPDATE outbox SET raw = x'00'", "UPDATE outbox SET raw = x'42'",
    ],
)  # fmt: skip
def test_what_is_final_stays_guarded(old: Path, statement: str) -> None:
    with closing(Store(old)) as store, pytest.raises(sqlite3.IntegrityError):
        store.db.sql.execute(statement)
