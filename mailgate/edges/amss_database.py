"""The database of AMSS++ (MariaDB or MySQL), read only.

It has no interface but its tables, and they differ from office to office, so what is there is looked up in
information_schema before anything is asked. Every value is fetched as text: dates there may be 0000-00-00.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pymysql
from pymysql.cursors import Cursor

from mailgate.config_amss import Amss
from mailgate.edges.secrets import Secret
from mailgate.edges.tls import client_context
from mailgate.errors import AmssError
from mailgate.model_amss import Raw, Source

_AT_ONCE = 500  # rows asked for by their keys in one question
_NAME = re.compile(r"[A-Za-z0-9_$]{1,64}")
_SEPARATOR = 0x1F


class Database:
    """``edges.amss.Requests`` on one connection; to be used with ``connected``."""

    def __init__(self, settings: Amss, connection: Any) -> None:
        self._settings = settings
        self._connection = connection

    def problems(self, source: Source) -> list[str]:
        table = self._settings.tables[source]
        there, wanted = self.columns_of(table.table), table.columns
        if not there:
            return [f"[amss.{source}] table: there is no table {table.table}"]
        if self._settings.write_receipt and table.receipt:
            wanted["receipt"] = table.receipt
        return [
            f"[amss.{source}] {name}: {table.table} has no column {column}; it has {', '.join(sorted(there))}"
            for name, column in wanted.items()
            if column.lower() not in {c.lower() for c in there}
        ]

    def columns_of(self, table: str) -> list[str]:
        """The columns of a table, none if there is no such table."""
        sql = "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s"
        return [_text(row[0]) for row in self._all(sql, [table])]

    def fingerprints(self, source: Source) -> dict[str, str]:
        read = self._read(source)
        # The server computes them, so that a reading without news moves two short values a row.
        values = ", ".join(f"COALESCE(HEX({_quoted(column)}), '-')" for column in read.values())
        key = _quoted(read["key"])
        sql = f"SELECT CAST({key} AS CHAR), MD5(CONCAT_WS(CHAR({_SEPARATOR}), {values})) FROM {self._table(source)}"  # noqa: S608
        return {_text(row[0]): _text(row[1]) for row in self._all(sql)}

    def rows(self, source: Source, keys: Sequence[str]) -> Iterator[Raw]:
        read = self._read(source)
        values = ", ".join(self._value(column) for column in read.values())
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ", ".join(["%s"] * len(some))
            sql = f"SELECT {values} FROM {self._table(source)} WHERE {_quoted(read['key'])} IN ({marks})"  # noqa: S608
            for row in self._all(sql, some):
                yield {name: self._decoded(value) for name, value in zip(read, row, strict=True)}

    def schools(self) -> dict[str, str]:
        s = self._settings
        if not s.schools:
            return {}
        sql = f"SELECT {self._value(s.schools_code)}, {self._value(s.schools_name)} FROM {_quoted(s.schools)}"  # noqa: S608
        return {self._decoded(code) or "": self._decoded(name) or "" for code, name in self._all(sql)}

    def write_receipts(self, source: Source, receipts: Mapping[str, str]) -> None:
        table = self._settings.tables[source]
        empty = f"COALESCE({_quoted(table.receipt)}, '') = ''"  # what stands there already is never overwritten
        where = f"{_quoted(table.key)} = %s AND {empty}"
        sql = f"UPDATE {self._table(source)} SET {_quoted(table.receipt)} = %s WHERE {where}"  # noqa: S608
        with _explained(self._settings), self._connection.cursor() as cursor:
            for key, receipt in receipts.items():
                cursor.execute(sql, (receipt, key))
            self._connection.commit()

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Nobody else writes to a table meanwhile; AMSS++ numbers by looking for the highest."""
        self._all(f"LOCK TABLES {_quoted(table)} WRITE")
        try:
            yield
        finally:
            self._all("UNLOCK TABLES")

    def numbered(self, table: str, years: Sequence[int]) -> dict[tuple[Any, Any], str]:
        """By year and number, the reference of each line of a register there."""
        marks = ", ".join(["%s"] * len(years)) or "NULL"
        sql = f"SELECT year, register_number, ref_id FROM {_quoted(table)} WHERE year IN ({marks})"  # noqa: S608
        return {(year, number): str(ref or "") for year, number, ref in self._all(sql, years)}

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows."""
        names, marks = ", ".join(map(_quoted, columns)), ", ".join(["%s"] * len(columns))
        sql = f"INSERT INTO {_quoted(table)} ({names}) VALUES ({marks})"  # noqa: S608
        with _explained(self._settings), self._connection.cursor() as cursor:
            cursor.executemany(sql, [[row[name] for name in columns] for row in rows])
            self._connection.commit()

    def _read(self, source: Source) -> dict[str, str]:
        return self._settings.tables[source].columns

    def _table(self, source: Source) -> str:
        return _quoted(self._settings.tables[source].table)

    def _value(self, column: str) -> str:
        """As text whatever its type; as the bytes that stand there where the declared charset is not the true one."""
        return f"CAST({_quoted(column)} AS {'BINARY' if self._settings.charset == 'tis620' else 'CHAR'})"

    def _decoded(self, value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, bytes):
            return value.decode("cp874" if self._settings.charset == "tis620" else "utf-8", "replace")
        return str(value)

    def _all(self, sql: str, values: Iterable[Any] = ()) -> Sequence[tuple[Any, ...]]:
        with _explained(self._settings), self._connection.cursor(Cursor) as cursor:
            cursor.execute(sql, list(values))
            return list(cursor.fetchall())


@contextmanager
def connected(settings: Amss, password: Secret, *, writing: bool = False) -> Iterator[Database]:
    """A connection that can only read, unless something is to be written. Raises AmssError, ConfigError."""
    with _explained(settings):
        connection = pymysql.connect(
            host=settings.host or "localhost",
            port=settings.port,
            user=settings.username,
            password=password(),
            database=settings.database,
            charset="utf8mb4",
            ssl=_tls(settings),
            connect_timeout=max(1, int(settings.timeout.total_seconds())),
            read_timeout=int(settings.timeout.total_seconds()) + 1,
            write_timeout=int(settings.timeout.total_seconds()) + 1,
            local_infile=False,
            init_command=None if writing or settings.write_receipt else "SET SESSION TRANSACTION READ ONLY",
            defer_connect=True,
        )
        # Its own connecting leaves the socket open where nobody answers.
        connection.connect(_unix(str(settings.socket)) if settings.socket else None)
    try:
        yield Database(settings, connection)
    finally:
        connection.close()


def _unix(path: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    try:
        made.connect(path)
    except OSError:
        made.close()
        raise
    return made


def _tls(settings: Amss) -> ssl.SSLContext | None:
    return None if settings.socket or settings.security == "none" else client_context(settings.ca_file)


@contextmanager
def _explained(settings: Amss) -> Iterator[None]:
    """What the database refuses, as a sentence; never with what was asked, which may hold values."""
    where = settings.socket or f"{settings.host}:{settings.port}"
    try:
        yield
    except pymysql.err.OperationalError as e:
        said = str(e.args[1]) if len(e.args) > 1 else type(e).__name__
        raise AmssError(f"AMSS++ cannot be read at {where}: {said}", "Check [amss] and the database") from None
    except (pymysql.err.MySQLError, OSError) as e:
        said = str(e.args[-1]) if e.args else type(e).__name__
        raise AmssError(f"AMSS++ cannot be read at {where}: {said}", "See: mailgate amss check") from None


def _quoted(name: str) -> str:
    """An identifier of the configuration as SQL. Raises AmssError for what can be none."""
    if not _NAME.fullmatch(name):
        raise AmssError(f"[amss]: {name!r} is no name of a table or column", "Letters, digits, _ and $ only")
    return f"`{name}`"


def _text(value: Any) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
