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
        """Close a check. It fulfils its slot only if nothing went wrong with the mailbox."""
        document = report.document()
        problem = "\n".join(report.problems)
        with self._db.immediate("check_ended"):
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

    def is_done(self, slot: datetime) -> bool:
        """Whether a check for this slot came to its end."""
        return self._db.value("SELECT 1 FROM poll WHERE slot_at = ? AND report IS NOT NULL", (stamp(slot),)) is not None

    def tries(self, slot: datetime) -> tuple[int, datetime | None]:
        """How often a check for this slot was begun, and when last."""
        row = self._db.one("SELECT count(*) AS n, max(started_at) AS last FROM poll WHERE slot_at = ?", (stamp(slot),))
        return (row["n"], moment(row["last"])) if row else (0, None)

    def last(self) -> Row | None:
        return self._db.one("SELECT * FROM poll ORDER BY id DESC LIMIT 1")
