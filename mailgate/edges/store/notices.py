"""Of which decisions that did not arrive, or may not have, people have been told."""

from __future__ import annotations

from datetime import datetime

from mailgate.edges.store.database import Connection, Row, stamp


class Notices:
    """A row per item, its state, and the attempt after which it stood so."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def ended_badly(self, limit: int) -> list[Row]:
        """Mails of decisions that were refused, gave up, came back or may not have gone, of which nobody knows yet."""
        return self._db.all(
            "SELECT outbox.id, outbox.letter_id, outbox.dispatch_id, outbox.recipient, outbox.state, outbox.attempts, "
            "letter.number, letter.year, letter.officer FROM outbox LEFT JOIN letter ON letter.id = outbox.letter_id "
            "WHERE outbox.kind = 'decision' AND outbox.state IN ('refused', 'expired', 'bounced', 'unsure') "
            "AND NOT EXISTS (SELECT 1 FROM notice WHERE item_id = outbox.id AND notice.state = outbox.state "
            "AND notice.attempts = outbox.attempts) ORDER BY outbox.id LIMIT ?",
            (limit,),
        )

    def told(self, row: Row, now: datetime) -> None:
        """Inside a transaction: people are told of this item as it stands."""
        self._db.sql.execute(
            "INSERT INTO notice VALUES (?, ?, ?, ?)", (row["id"], row["state"], row["attempts"], stamp(now))
        )
