"""The journal of mails seen (law 5), and how far each mailbox is accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, moment, stamp

# As a constant in the queries: a partial index serves only what names its condition.
OLD_MAIL = "before-go-live"


class Journal:
    """Which messages of a mailbox are accounted for, and which are filed away."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def unknown(self, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> list[int]:
        """Those of the UIDs that are not in the journal, in ascending order."""
        if not uids:
            return []
        rows = self._db.all(
            "SELECT uid FROM mail WHERE mailbox = ? AND uidvalidity = ? AND uid BETWEEN ? AND ?",
            (mailbox, uidvalidity, min(uids), max(uids)),
        )
        return sorted(set(uids) - {row["uid"] for row in rows})

    def unfiled(self, mailbox: str, uidvalidity: int, uids: Iterable[int]) -> list[int]:
        """Those of the UIDs that are accounted for but not yet moved or flagged, as after a crash.

        What is set aside stays where a person can see it.
        """
        rows = self._db.all(
            "SELECT uid FROM mail WHERE mailbox = ? AND uidvalidity = ? AND filed_at IS NULL AND fate <> 'set_aside'",
            (mailbox, uidvalidity),
        )
        return sorted(set(uids) & {row["uid"] for row in rows})

    def filed(self, mailbox: str, uidvalidity: int, uids: Sequence[int], folder: str, now: datetime) -> None:
        """Record that the mailbox has been told: these are moved or flagged."""
        with self._db.immediate("filed"):
            self._db.sql.executemany(
                "UPDATE mail SET filed_at = ? WHERE (mailbox, uidvalidity, uid) = (?, ?, ?) AND filed_at IS NULL",
                [(stamp(now), mailbox, uidvalidity, uid) for uid in uids],
            )
            self._chain.append(now, "filed", {"mailbox": mailbox, "uids": list(uids), "folder": folder})

    def old_mail(self, mailbox: str, uidvalidity: int) -> list[Row]:
        """Mails from before the go-live moment that are still set aside."""
        return self._db.all(
            f"SELECT id, uid FROM mail WHERE rule = '{OLD_MAIL}' AND (mailbox, uidvalidity) = (?, ?) "  # noqa: S608
            "AND fate = 'set_aside'",
            (mailbox, uidvalidity),
        )

    def old_mail_waiting(self) -> int:
        """How many of these there are."""
        sql = f"SELECT count(*) FROM mail WHERE rule = '{OLD_MAIL}' AND fate = 'set_aside'"  # noqa: S608
        return int(self._db.value(sql))

    def accounted_below(self, mailbox: str, uidvalidity: int) -> tuple[int, datetime | None]:
        """Every UID below this one is accounted for; and when all of them were last compared."""
        row = self._db.one(
            "SELECT all_below, reconciled_at FROM mailbox_mark WHERE (mailbox, uidvalidity) = (?, ?)",
            (mailbox, uidvalidity),
        )
        return (row["all_below"], moment(row["reconciled_at"])) if row else (1, None)

    def mark(self, mailbox: str, uidvalidity: int, below: int, reconciled: datetime | None) -> None:
        """Remember how far the mailbox is accounted for; an optimisation, the journal itself is the truth."""
        if self.accounted_below(mailbox, uidvalidity)[0] == below and reconciled is None:
            return
        with self._db.immediate("mark"):
            self._db.sql.execute(
                "INSERT INTO mailbox_mark VALUES (?, ?, ?, ?) ON CONFLICT (mailbox, uidvalidity) DO UPDATE "
                "SET all_below = excluded.all_below, reconciled_at = "
                "CASE excluded.reconciled_at WHEN '' THEN reconciled_at ELSE excluded.reconciled_at END",
                (mailbox, uidvalidity, below, stamp(reconciled) if reconciled else ""),
            )

    def epochs(self, mailbox: str) -> list[int]:
        """UIDVALIDITY values this mailbox has had, oldest first."""
        rows = self._db.all(
            "SELECT uidvalidity FROM mail WHERE mailbox = ? GROUP BY uidvalidity ORDER BY min(id)", (mailbox,)
        )
        return [row["uidvalidity"] for row in rows]
