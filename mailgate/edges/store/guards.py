"""Triggers that hold what is final, so that no hand can break a law; and the list migrations enter themselves in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("mailgate")


class Guards(NamedTuple):
    """Triggers as SQL; tables whose rows are never deleted; by table, columns that never change once written."""

    sql: str
    never_deleted: Sequence[str]
    final: Mapping[str, str]


def statements(script: str) -> list[str]:
    """Split at ";" that ends a line and is not inside a trigger body."""
    parts: list[str] = []
    for piece in script.strip().split(";\n"):
        parts.append(piece.rstrip(";") + (";" if piece.rstrip().endswith("END") else ""))
    return [p for p in parts if p.strip()]


def guard(db: Database, guards: Guards) -> None:
    """Put these triggers in the place of all there are: a migration that rebuilds a table loses its triggers."""
    for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {row[0]}")
    for statement in statements(guards.sql):
        db.execute(statement)
    for table in guards.never_deleted:
        db.execute(
            f"CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table} "  # noqa: S608 - our own names
            f"BEGIN SELECT RAISE(ABORT, 'nothing is ever deleted from the registry'); END;"
        )
    for table, columns in guards.final.items():
        changed = " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in columns.split())
        db.execute(
            f"CREATE TRIGGER {table}_final BEFORE UPDATE ON {table} WHEN {changed} "
            f"BEGIN SELECT RAISE(ABORT, 'what is registered is final'); END;"
        )


def rebuild(db: Database, table: str, create: str, columns: str) -> None:
    """Make a table anew with other constraints, its rows kept. ``create`` makes it as ``{table}_new``."""
    db.execute(create)
    db.execute(f"INSERT INTO {table}_new ({columns}) SELECT {columns} FROM {table} ORDER BY rowid")  # noqa: S608
    db.execute(f"DROP TABLE {table}")
    db.execute(f"ALTER TABLE {table}_new RENAME TO {table}")
