"""The registry file: opened safely, one kind of write transaction, one daemon at a time."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from mailgate.edges.points import point
from mailgate.edges.store import schema
from mailgate.errors import RegistryError

Row = sqlite3.Row
_BUSY_SECONDS = 30.0


class Connection:
    """One connection to the registry. All writing goes through ``immediate``; all times are stored in UTC.

    Raises RegistryError, with a sentence that says what to do, for whatever the operator can mend.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with explained(path):
            _refuse_strangers(path)
            self._db = _open(path)
            schema.migrate(self._db, path)
        self.sql: sqlite3.Connection = self._db.conn
        self.sql.row_factory = sqlite3.Row

    @contextmanager
    def immediate(self, name: str) -> Iterator[None]:
        """BEGIN IMMEDIATE … COMMIT; any error undoes all of it and ends the caller's step.

        After SQLITE_FULL or an I/O error SQLite has rolled back by itself, so nothing may go on inside.
        """
        if self.sql.in_transaction:
            raise RuntimeError("already in a transaction")
        with explained(self.path):
            self.sql.execute("BEGIN IMMEDIATE")
            try:
                yield
                point(f"{name}.written")
                self.sql.execute("COMMIT")
            except BaseException:
                if self.sql.in_transaction:
                    self.sql.execute("ROLLBACK")
                raise
        point(f"{name}.committed")

    def writable(self) -> None:
        """Raises RegistryError where nothing can be written; writes nothing."""
        with explained(self.path):
            self.sql.execute("BEGIN IMMEDIATE")
            self.sql.execute("ROLLBACK")

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Every row of a query; never an open cursor, which would hold the write-ahead log."""
        with explained(self.path):
            return self.sql.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        rows = self.all(sql, values)
        return rows[0] if rows else None

    def value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, values)
        return row[0] if row else None

    def close(self) -> None:
        self.sql.close()


def _refuse_strangers(path: Path) -> None:
    """Look at the stamp before anything is written; an empty or missing file is a new registry."""
    if not path.exists() or path.stat().st_size == 0:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    with path.open("rb") as file:
        header = file.read(100)
    stamp = int.from_bytes(header[68:72], "big")  # application_id, SQLite file format 1.3
    ours = header.startswith(b"SQLite format 3\0") and stamp in (schema.APPLICATION_ID, 0)
    if not ours or not schema.is_ours(_tables(path)):
        raise RegistryError(f"{path} is not a registry of mailgate", "Set [registry] path to another file")


def _tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as reader:
        return {row[0] for row in reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _open(path: Path) -> Database:
    # For us alone; SQLite gives the files beside it the same mode. No descriptor: closing one would drop locks of ours.
    with suppress(FileExistsError):
        os.mknod(path, 0o600 | stat.S_IFREG)
    sql = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    sql.execute("PRAGMA foreign_keys = ON")
    # FULL, not NORMAL: in WAL mode NORMAL loses acknowledged numbers at a power cut.
    sql.execute("PRAGMA synchronous = FULL")
    sql.execute("PRAGMA trusted_schema = OFF")
    sql.execute("PRAGMA secure_delete = ON")  # what a sealed letter forgets leaves nothing in free pages
    sql.execute("PRAGMA journal_mode = WAL")
    # Recursive triggers, so that REPLACE cannot delete behind the guards.
    return Database(sql, execute_plugins=False, recursive_triggers=True)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite or the disk refuses into a sentence with a remedy; bugs (constraints, syntax) surface."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as e:
        if getattr(e, "sqlite_errorname", "") in ("SQLITE_ERROR", ""):
            raise  # our own mistake in SQL or in using it
        raise RegistryError(f"the registry {path} cannot be used: {e}", _remedy(e)) from e
    except OSError as e:
        raise RegistryError(f"the registry {path} cannot be used: {e.strerror}", "Check the path and its owner") from e


def _remedy(error: sqlite3.DatabaseError) -> str:
    name = getattr(error, "sqlite_errorname", "")
    remedies = {
        "SQLITE_FULL": "Free some space on its disk",
        "SQLITE_READONLY": "Make the file and its folder writable for mailgate's user",
        "SQLITE_CANTOPEN": "Check that its folder exists and is writable for mailgate's user",
        "SQLITE_BUSY": "Another program keeps it locked; end that program and try again",
        "SQLITE_NOTADB": "The file is damaged or not a registry; restore the last backup",
        "SQLITE_CORRUPT": "The file is damaged; restore the last backup",
        "SQLITE_IOERR": "The disk reports errors; check it before going on",
    }
    return next((text for key, text in remedies.items() if name.startswith(key)), "Run: mailgate doctor")


class Lock:
    """One daemon or poll per registry: an flock beside it, released by the kernel whatever happens."""

    def __init__(self, registry: Path) -> None:
        self._path = registry.with_name(registry.name + ".lock")
        self._file: int | None = None

    def __enter__(self) -> Lock:
        with explained(self._path):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise RegistryError(
                f"another mailgate is working with this registry ({self._path} is locked)",
                "Stop it first (systemctl stop mailgate), or let it do the check at its time",
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)


def stamp(moment: datetime) -> str:
    """A moment as the registry stores it: UTC, fixed width, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str | None) -> datetime | None:
    """The reverse of ``stamp``."""
    return datetime.fromisoformat(text) if text else None
