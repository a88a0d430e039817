"""A registry file opened for reading only, as it is at one instant: to be copied, or to be checked as a copy."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlite_utils.migrations import Migrations

from mailgate.edges.store import schema
from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, explained
from mailgate.edges.store.dispatches import Dispatches
from mailgate.edges.store.outbox import Outbox
from mailgate.edges.store.readings import Readings
from mailgate.edges.store.reports import Reports
from mailgate.errors import RegistryError

_BUSY_SECONDS = 30.0
_PAGES = 25_000  # copied between two words about the progress
_COUNTED = ("letter", "mail", "outbox", "event", "reading", "attachment", "poll", "slot", "dispatch")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a registry says of itself: its name, migrations, last event (seq, link in hex), last numbers, row counts."""

    registry: str
    schema: list[str]
    seq: int
    head: str
    last: dict[str, int]
    counts: dict[str, int]

    def document(self) -> dict[str, Any]:
        return asdict(self)


class Snapshot(Connection):
    """One read transaction: what others write meanwhile is not seen. Nothing is migrated, whatever the schema.

    ``apart``: nobody works with this file, so no lock and no file beside it is needed. Raises RegistryError.
    """

    def __init__(self, path: Path, *, apart: bool = False) -> None:
        self.path = path
        if not path.is_file():
            raise RegistryError(f"there is no registry at {path}", "Check [registry] path")
        with explained(path):
            self.sql = sqlite3.connect(_address(path, apart), uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        self.sql.row_factory = sqlite3.Row
        try:
            self._tables = self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> set[str]:
        with explained(self.path):
            self.sql.execute("BEGIN")
            tables = {row["name"] for row in self.all("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if self.value("PRAGMA application_id") != schema.APPLICATION_ID:
            raise RegistryError(f"{self.path} is not a registry of mailgate", "Name another file")
        return tables

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def copy_to(self, target: Path, told: Callable[[int, int], None]) -> None:
        """Copy into an empty file by SQLite's backup API; ``told`` gets pages done and pages in all.

        It becomes one file without a write-ahead log. Raises RegistryError.
        """

        def tell(_: int, remaining: int, total: int) -> None:
            told(total - remaining, total)

        try:
            with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                self.sql.backup(copy, pages=_PAGES, progress=tell)
                copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as e:
            raise RegistryError(
                f"{self.path} cannot be copied to {target.parent}: {e}", "Free some space there, or check both disks"
            ) from e

    def facts(self) -> Facts:
        seq, head = Chain(self).head()
        name = self.value("SELECT value FROM meta WHERE key = 'registry_id'") or ""
        applied = self.all(f"SELECT name FROM {Migrations.migrations_table} ORDER BY name")  # noqa: S608 - its own name
        last = {f"{row['register']} {row['year']}": row["last"] for row in Reports(self).counters()}
        return Facts(name, [row["name"] for row in applied], seq, head, last, self._counts())

    def damage(self) -> str:
        """The first thing wrong with the file itself; "" if nothing is."""
        for row in self.all("PRAGMA integrity_check(1)"):
            if row[0] != "ok":
                return str(row[0])
        for row in self.all("PRAGMA foreign_key_check"):
            return f"{row[0]} row {row[1]} refers to a missing row of {row[2]}"
        return ""

    def mails(self) -> Iterator[str]:
        """SHA-256 of every mail that must be in the archive."""
        return Reports(self).raw_hashes(sealed="sealed_file" in self._tables)

    def attachments(self) -> Iterator[str]:
        """SHA-256 of every attachment and every file that goes out; an early schema has none."""
        chain = Chain(self)
        if "attachment" in self._tables:
            yield from Readings(self, chain).hashes()
        if "dispatch_file" in self._tables:
            yield from Dispatches(self, chain, Outbox(self, chain)).hashes()

    def _counts(self) -> dict[str, int]:
        return {t: self.value(f"SELECT count(*) FROM {t}") for t in _COUNTED if t in self._tables}  # noqa: S608


def _address(path: Path, apart: bool) -> str:
    """Read-only. On a disk that cannot be written to, SQLite must not look for a write-ahead log (sqlite.org/wal)."""
    log = path.with_name(f"{path.name}-wal")
    alone = apart or not (log.exists() or os.access(path.parent, os.W_OK))
    return f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
