"""The ledger of mandated checks: a row for each that fell due, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, moment, stamp
from mailgate.model import CheckReport
from mailgate.model_entry import Closing

_DUTY_FROM = "duty_from"


class Slots:
    """A row per mandated check: open, then done, late or missed, and from then on final."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def known_until(self) -> datetime | None:
        """Up to when every mandated check has its row; None before the duty has begun."""
        return moment(self._db.value("SELECT value FROM meta WHERE key = ?", (_DUTY_FROM,)))

    def first(self) -> datetime | None:
        """The first mandated check there is a record of."""
        return moment(self._db.value("SELECT min(due_at) FROM slot"))

    def open(self, dues: Mapping[datetime, str], until: datetime, now: datetime) -> None:
        """Rows for what fell due, with the reason why late if it is known; all up to ``until`` are known then."""
        with self._db.immediate("slots_opened"):
            self._db.sql.executemany(
                "INSERT INTO slot (due_at, state, reason) VALUES (?, 'open', ?) ON CONFLICT DO NOTHING",
                [(stamp(due), reason) for due, reason in dues.items()],
            )
            self._db.sql.execute(
                "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
                (_DUTY_FROM, stamp(until)),
            )

    def open_rows(self, now: datetime) -> list[Row]:
        """What has fallen due and is not closed, in order; what was closed in the future, the clock was wrong."""
        sql = (
            "SELECT * FROM slot WHERE state = 'open' AND due_at <= ?1 "
            "UNION ALL SELECT * FROM slot WHERE state <> 'open' AND closed_at > ?1 AND due_at <= ?1 ORDER BY due_at"
        )
        return self._db.all(sql, (stamp(now),))

    def close(
        self,
        closings: Sequence[Closing],
        now: datetime,
        *,
        check: int | None = None,
        started: datetime | None = None,
        report: CheckReport | None = None,
    ) -> None:
        """Inside a transaction: what came of these, by which check."""
        counts = (report.seen, report.registered, report.failed) if report else (None, None, None)
        ended = stamp(now) if started else None
        for closing in closings:
            self._db.sql.execute(
                "UPDATE slot SET state = ?, check_id = ?, started_at = ?, ended_at = ?, seen = ?, registered = ?, "
                "failed = ?, closed_at = ?, reason = ? WHERE due_at = ?",
                (
                    closing.state, check, stamp(started) if started else None, ended, *counts,
                    stamp(now), closing.reason, stamp(closing.due),
                ),
            )  # fmt: skip
            told = {"due": stamp(closing.due), "state": closing.state, "reason": closing.reason, "check": check}
            self._chain.append(now, "slot", told)

    def give_up(self, closings: Sequence[Closing], now: datetime) -> None:
        """Missed for good."""
        with self._db.immediate("slots_missed"):
            self.close(closings, now)

    def between(self, first: datetime, before: datetime) -> list[Row]:
        """Rows due in [first, before), in order."""
        sql = "SELECT * FROM slot WHERE due_at >= ? AND due_at < ? ORDER BY due_at"
        return self._db.all(sql, (stamp(first), stamp(before)))

    def closed_between(self, after: datetime, until: datetime) -> list[Row]:
        """Rows closed in (after, until], in the order they were due."""
        sql = "SELECT * FROM slot WHERE closed_at > ? AND closed_at <= ? ORDER BY due_at"
        return self._db.all(sql, (stamp(after), stamp(until)))

    def ended_before(self, moment: datetime) -> str | None:
        """When the last check ended that did so before then, as it is stored."""
        sql = "SELECT max(coalesce(ended_at, closed_at)) FROM slot WHERE closed_at < ?"
        return self._db.value(sql, (stamp(moment),))  # type: ignore[no-any-return]

    def missed_since(self, since: datetime) -> list[Row]:
        """Rows that were closed as missed since then."""
        sql = "SELECT * FROM slot WHERE state = 'missed' AND closed_at >= ? ORDER BY due_at"
        return self._db.all(sql, (stamp(since),))

    def counts(self) -> dict[str, int]:
        """How many by state."""
        return {row["state"]: row["n"] for row in self._db.all("SELECT state, count(*) AS n FROM slot GROUP BY state")}
