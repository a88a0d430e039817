"""The schema of the registry: its stamp, and the migrations that make it or bring an older one up to date."""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from mailgate.edges.store import (
    m0001_registers,
    m0002_readings,
    m0003_duty,
    m0004_dispatch,
    m0005_public,
    m0006_channels,
)
from mailgate.edges.store.guards import migrations
from mailgate.errors import RegistryError

APPLICATION_ID = 0x4D47544C  # "MGTL"

# Each module enters its migration in ``migrations`` when it is imported; this is their order.
MIGRATIONS = (m0001_registers, m0002_readings, m0003_duty, m0004_dispatch, m0005_public, m0006_channels)


def is_ours(tables: set[str]) -> bool:
    """Whether a database with these tables is a registry, or the beginning of one that was cut off."""
    return not tables or Migrations.migrations_table in tables


def migrate(db: Database, path: Path) -> None:
    """Bring a registry to this version's schema. Raises RegistryError for one of a newer version."""
    known = {m.name for m in migrations._migrations}
    applied = {m.name for m in migrations.applied(db)}
    if applied - known:
        raise RegistryError(
            f"{path} was written by a newer version of mailgate", "Install that version or a later one again"
        )
    if known - applied:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA foreign_keys = OFF")  # a table that others refer to is rebuilt: sqlite.org/lang_altertable
        migrations.apply(db)
        db.execute("PRAGMA foreign_keys = ON")
