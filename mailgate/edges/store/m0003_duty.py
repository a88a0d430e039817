"""Migration 0003: the office's calendar, and the ledger of mandated checks."""

from __future__ import annotations

from sqlite_utils import Database

from mailgate.edges.store import m0002_readings as before
from mailgate.edges.store.guards import Guards, guard, migrations, statements

_TABLES = """
CREATE TABLE calendar_day (
  day TEXT PRIMARY KEY CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  kind TEXT NOT NULL CHECK (kind IN ('holiday', 'working', 'hours')),
  opens TEXT, closes TEXT, name TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('seed', 'office')), changed_at TEXT NOT NULL,
  CHECK ((kind = 'hours') = (opens IS NOT NULL AND closes IS NOT NULL))) STRICT, WITHOUT ROWID;

CREATE TABLE calendar_year (
  year INTEGER PRIMARY KEY, seeded_at TEXT NOT NULL, confirmed_at TEXT, confirmed_by TEXT NOT NULL DEFAULT '') STRICT;

CREATE INDEX poll_started ON poll (started_at);

CREATE TABLE slot (
  due_at TEXT PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('open', 'done', 'late', 'missed')),
  check_id INTEGER REFERENCES poll (id), started_at TEXT, ended_at TEXT,
  seen INTEGER, registered INTEGER, failed INTEGER, closed_at TEXT, reason TEXT NOT NULL DEFAULT '',
  CHECK ((state = 'open') = (closed_at IS NULL))) STRICT, WITHOUT ROWID;
CREATE INDEX slot_open ON slot (due_at) WHERE state = 'open';
CREATE INDEX slot_closed ON slot (closed_at);
"""

# Slots that an earlier version fulfilled, as it judged them: by any check that came to its end.
_EARLIER = """
INSERT INTO slot
SELECT slot_at, 'done', min(id), min(started_at), min(ended_at), json_extract(report, '$.seen'),
  json_extract(report, '$.registered'), json_extract(report, '$.failed'), min(ended_at), ''
FROM poll WHERE slot_at IS NOT NULL AND report IS NOT NULL GROUP BY slot_at
"""

NEVER_DELETED = [*before.NEVER_DELETED, "slot", "calendar_year"]

FINAL = before.FINAL | {"slot": "due_at"}

# What a clock that was wrong has closed in the future may be closed once more, in time; nothing else.
GUARDS = (
    before.GUARDS.rstrip()
    + """
CREATE TRIGGER slot_closed_once BEFORE UPDATE ON slot
WHEN OLD.state <> 'open' AND NOT coalesce(NEW.state <> 'open' AND NEW.closed_at < OLD.closed_at, 0)
BEGIN SELECT RAISE(ABORT, 'what came of a mandated check is final'); END;
"""
)


@migrations(name="0003_duty")
def duty(db: Database) -> None:
    for statement in statements(_TABLES):
        db.execute(statement)
    db.execute(_EARLIER)
    guard(db, Guards(GUARDS, NEVER_DELETED, FINAL))
