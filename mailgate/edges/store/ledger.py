"""The ledger of checks: each look into the mailbox, when, for which mandated slot, with what result."""

from __future__ import annotations

import json
from datetime import datetime

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, moment, stamp
from mailgate.model import CheckReport


class Ledger:
    """A row per check. An open row is a check that is running or was cut off."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def begin(self, slot: datetime | None, now: datetime) -> int:
        with self._db.immediate("check_begun"):
            cursor = self._db.sql.execute(
                "INSERT INTO poll (slot_at, started_at) VALUES (?, ?)", (stamp(slot) if slot else None, stamp(now))
            )
            return int(cursor.lastrowid or 0)

    def end(self, check: int, report: CheckReport, now: datetime) -> None:
        """Inside a transaction: close a check that came to its end."""
        document = report.document()
        problem = "\n".join(report.problems)
        self._db.sql.execute(
            "UPDATE poll SET ended_at = ?, report = ?, problem = ? WHERE id = ?",
            (stamp(now), json.dumps(document, ensure_ascii=False), problem, check),
        )
        counted = {k: v for k, v in document.items() if isinstance(v, int) and v}
        self._chain.append(now, "checked", {"check": check, "slot": document["slot"], **counted})

    def fail(self, check: int, problem: str, now: datetime) -> None:
        """Close a check that could not be done, with the reason."""
        with self._db.immediate("check_failed"):
            self._db.sql.execute("UPDATE poll SET ended_at = ?, problem = ? WHERE id = ?", (stamp(now), problem, check))
            self._chain.append(now, "check failed", {"check": check, "problem": problem})

    def succeeded(self, after: datetime, now: datetime) -> datetime | None:
        """When the last check that came to its end began, in [after, now]; one of the future was the clock's fault."""
        sql = "SELECT max(started_at) FROM poll WHERE started_at >= ? AND started_at <= ? AND report IS NOT NULL"
        return moment(self._db.value(sql, (stamp(after), stamp(now))))

    def tries(self, after: datetime, now: datetime) -> tuple[int, datetime | None]:
        """How many checks in [after, now] did not come to their end, and when the last of them began."""
        sql = (
            "SELECT count(*) AS n, max(started_at) AS last FROM poll "
            "WHERE started_at >= ? AND started_at <= ? AND report IS NULL"
        )
        row = self._db.one(sql, (stamp(after), stamp(now)))
        return (row["n"], moment(row["last"])) if row else (0, None)

    def problem(self, after: datetime, before: datetime) -> str:
        """Why the last check that failed in [after, before) did; "" if none failed."""
        sql = (
            "SELECT problem FROM poll WHERE started_at >= ? AND started_at < ? AND report IS NULL AND problem <> '' "
            "ORDER BY id DESC LIMIT 1"
        )
        return str(self._db.value(sql, (stamp(after), stamp(before))) or "")

    def last_ended(self) -> Row | None:
        """The last check that came to an end, good or bad."""
        return self._db.one("SELECT * FROM poll WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT 1")

    def failing_since(self) -> datetime | None:
        """When the first of the checks began that have failed since the last good one."""
        good = self._db.value("SELECT id FROM poll WHERE report IS NOT NULL ORDER BY id DESC LIMIT 1") or 0
        return moment(self._db.value("SELECT min(started_at) FROM poll WHERE id > ? AND report IS NULL", (good,)))

    def last(self) -> Row | None:
        return self._db.one("SELECT * FROM poll ORDER BY id DESC LIMIT 1")
