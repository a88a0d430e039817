"""What the public database is made from: rows without words, read as they stood at one moment.

Reading has a connection of its own: a snapshot (SQLite's read transaction), so that a letter that comes in meanwhile
neither waits nor shows in half of the pages. Nothing here appends an event: publishing changes no register.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, moment, stamp

_CLOSING = "letter_id IS NOT NULL AND result <> 'more-documents' AND state <> 'void'"

_RECEIVED = """
SELECT coalesce(service, '') AS service, channel, confidential, count(*) AS n FROM letter
WHERE registered_at >= ? AND registered_at < ? AND state <> 'void' GROUP BY 1, 2, 3
"""

# A letter whose number was told together with others (deferred) is acknowledged by that mail.
_ACKNOWLEDGED = """
SELECT coalesce(service, '') AS service, confidential, unixepoch(legally_received_at) AS start,
  unixepoch(ended) AS until
FROM (
  SELECT letter_id AS told, ended_at AS ended FROM outbox INDEXED BY outbox_acknowledged
  WHERE kind IN ('acknowledgement', 'summary') AND state IN ('accepted', 'delivered', 'bounced')
    AND ended_at >= ?1 AND ended_at < ?2 AND kind = 'acknowledgement'
    AND letter_id NOT IN (SELECT letter_id FROM deferred WHERE item_id IS NOT NULL)
  UNION ALL
  SELECT deferred.letter_id, ended_at
  FROM outbox INDEXED BY outbox_acknowledged JOIN deferred ON deferred.item_id = outbox.id
  WHERE kind IN ('acknowledgement', 'summary') AND outbox.state IN ('accepted', 'delivered', 'bounced')
    AND ended_at >= ?1 AND ended_at < ?2 AND kind = 'summary')
JOIN letter ON letter.id = told WHERE state <> 'void'
"""

_DECIDED = f"""
SELECT coalesce(letter.service, '') AS service, letter.confidential OR d.confidential AS confidential, d.result,
  d.dated, letter.due_on, unixepoch(legally_received_at) AS start, unixepoch(d.registered_at) AS until
FROM dispatch AS d JOIN letter ON letter.id = d.letter_id
WHERE d.dated >= ? AND d.dated < ? AND d.result <> 'more-documents' AND d.state <> 'void' AND letter.state <> 'void'
  AND NOT EXISTS (SELECT 1 FROM dispatch AS e WHERE e.letter_id = d.letter_id AND e.id < d.id AND e.{_CLOSING})
"""  # noqa: S608

_PERMITTED = """
SELECT d.book_no, d.number, d.year, d.dated, coalesce(letter.service, '') AS service
FROM dispatch AS d JOIN letter ON letter.id = d.letter_id
WHERE d.dated >= ? AND d.dated < ? AND d.result = 'approved' AND d.state <> 'void' AND d.confidential = 0
  AND letter.confidential = 0 AND letter.state <> 'void'
  AND coalesce(letter.service, '') NOT IN (SELECT value FROM json_each(?))
ORDER BY d.dated, d.id LIMIT ? OFFSET ?
"""

# Which months a letter's events fall in, besides those its dates name: what was undone counted there before.
_TOUCHED = """
WITH touched AS (SELECT DISTINCT letter_id AS id FROM event WHERE seq > ?1 AND +letter_id IS NOT NULL)
SELECT registered_at AS at FROM letter JOIN touched USING (id)
UNION SELECT at FROM event WHERE letter_id IN (SELECT id FROM touched)
UNION SELECT at FROM event WHERE seq > ?1
UNION SELECT ended_at FROM outbox WHERE letter_id IN (SELECT id FROM touched) AND ended_at IS NOT NULL
"""
_TOUCHED_DAYS = """
SELECT dated FROM dispatch WHERE letter_id IN (SELECT letter_id FROM event WHERE seq > ?1 AND letter_id IS NOT NULL)
"""
_TOLD_TOGETHER = """
SELECT json_extract(payload, '$.item') AS item, json_extract(payload, '$.due') AS due FROM event
WHERE seq > ? AND letter_id IS NULL AND payload IS NOT NULL
"""

# Event by event: what each letter's page shows now. A number told together with others has its page all the same.
_PAGES = f"""
SELECT letter.id, number, year, register, state, registered_at,
  (SELECT min(at) FROM event WHERE letter_id = letter.id AND kind = 'routed') AS routed_at,
  (SELECT max(at) FROM event WHERE letter_id = letter.id AND kind = letter.state) AS closed_at,
  (SELECT dated FROM dispatch WHERE letter_id = letter.id AND {_CLOSING} ORDER BY id LIMIT 1) AS decided_on
FROM letter
"""  # noqa: S608


class Snapshot:
    """The registry as it stood when the first question was asked."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self.chain = Chain(db)

    def as_of(self) -> datetime | None:
        """When the last event was; None in a new registry."""
        return moment(self._db.value("SELECT at FROM event ORDER BY seq DESC LIMIT 1"))

    def first(self) -> datetime | None:
        """When the first letter was registered, or the first mandated check was due, whichever is earlier."""
        found = [
            self._db.value("SELECT registered_at FROM letter ORDER BY id LIMIT 1"),
            self._db.value("SELECT min(due_at) FROM slot"),
        ]
        return min((at for text in found if (at := moment(text))), default=None)

    def received(self, first: datetime, before: datetime) -> list[Row]:
        """How many letters were registered in [first, before), by service, channel and secrecy."""
        return self._db.all(_RECEIVED, (stamp(first), stamp(before)))

    def acknowledged(self, first: datetime, before: datetime) -> list[Row]:
        """A row for each letter acknowledged then; ``start`` and ``until`` in seconds since 1970."""
        return self._db.all(_ACKNOWLEDGED, (stamp(first), stamp(before)))

    def decided(self, first: date, before: date) -> list[Row]:
        """A row for each letter whose first closing dispatch is dated then."""
        return self._db.all(_DECIDED, (first.isoformat(), before.isoformat()))

    def permitted(
        self, first: date, before: date, confidential: Sequence[str], start: int = 0, count: int = -1
    ) -> list[Row]:
        """Permissions dated in [first, before), by date and number; none of these services."""
        asked = (first.isoformat(), before.isoformat(), json.dumps(confidential), count, start)
        return self._db.all(_PERMITTED, asked)

    def slots(self, first: datetime, before: datetime) -> dict[str, int]:
        """Mandated checks due then that are closed, by state."""
        rows = self._db.all(
            "SELECT state, count(*) AS n FROM slot WHERE due_at >= ? AND due_at < ? AND state <> 'open' GROUP BY state",
            (stamp(first), stamp(before)),
        )
        return {row["state"]: row["n"] for row in rows}

    def touched(self, after: int) -> Iterator[datetime | date]:
        """Moments and days whose months may have changed since that event."""
        for row in self._db.all(_TOUCHED, (after,)):
            yield datetime.fromisoformat(row["at"])
        for row in self._db.all(_TOUCHED_DAYS, (after,)):
            yield date.fromisoformat(row["dated"])
        for row in self._db.all(_TOLD_TOGETHER, (after,)):
            if row["due"]:
                yield datetime.fromisoformat(row["due"])
            if row["item"]:
                yield from self._sent(row["item"])

    def _sent(self, item: int) -> Iterator[datetime]:
        """When a mail of ours was made, tried and ended."""
        sql = (
            "SELECT created_at AS at FROM outbox WHERE id = ?1 UNION SELECT ended_at FROM outbox WHERE id = ?1 "
            "UNION SELECT ended_at FROM attempt WHERE item_id = ?1"
        )
        yield from (datetime.fromisoformat(row["at"]) for row in self._db.all(sql, (item,)) if row["at"])

    def months(self, rules: str) -> tuple[int, dict[str, str]]:
        """The months that are kept under these rules, and up to which event all of them are right."""
        rows = self._db.all("SELECT month, seq, document FROM published_month WHERE rules = ?", (rules,))
        return min((row["seq"] for row in rows), default=0), {row["month"]: row["document"] for row in rows}

    def pages_since(self, after: int, until: int) -> list[Row]:
        """What is shown of each letter named by the events in (after, until]."""
        sql = "WHERE id IN (SELECT letter_id FROM event WHERE seq > ? AND seq <= ?) ORDER BY id"
        return self._db.all(_PAGES + sql, (after, until))

    def pages_ended(self, after: datetime, until: datetime) -> list[Row]:
        """The same of each letter that was closed or made void in (after, until]."""
        sql = (
            "WHERE id IN (SELECT letter_id FROM event WHERE seq > ? AND seq <= ? AND kind IN ('closed', 'void')) "
            "ORDER BY id"
        )
        return self._db.all(_PAGES + sql, (self._seq(after), self._seq(until)))

    def _seq(self, at: datetime) -> int:
        """The last event until then. Events are in the order of time, so looking at twenty of a million is enough."""
        known = range(1, self.chain.head()[0] + 1)
        return bisect_right(
            known, stamp(at), key=lambda seq: self._db.value("SELECT at FROM event WHERE seq = ?", (seq,))
        )


class Public:
    """Reads snapshots, and keeps the figures of months so that a night's work is small."""

    def __init__(self, db: Connection) -> None:
        self._path = db.path

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The registry as it is now, whatever happens to it meanwhile."""
        db = Connection(self._path)
        try:
            db.sql.execute("BEGIN")
            yield Snapshot(db)
        finally:
            db.close()

    def keep(self, rules: str, seq: int, documents: Mapping[str, str]) -> None:
        """Remember months as they are up to an event; those under other rules go."""
        db = Connection(self._path)
        try:
            with db.immediate("published"):
                db.sql.execute("DELETE FROM published_month WHERE rules <> ?", (rules,))
                db.sql.executemany(
                    "INSERT INTO published_month VALUES (?1, ?2, ?3, ?4) ON CONFLICT (month) DO UPDATE SET "
                    "rules = ?2, seq = ?3, document = ?4",
                    [(month, rules, seq, document) for month, document in documents.items()],
                )
                db.sql.execute("UPDATE published_month SET seq = ?", (seq,))
        finally:
            db.close()
