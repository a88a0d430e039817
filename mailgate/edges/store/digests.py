"""What digests tell: what happened after since and not after until, and what needs a person now. Reading only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mailgate.edges.store.database import Connection, Row, stamp

# What is selected, and where from.
_LETTER = ("*", "letter")
_MAIL = (
    "mail.*, letter.number, letter.year, letter.confidential, letter.officer",
    "mail LEFT JOIN letter ON letter.id = mail.letter_id",
)
_DISPATCH = (
    "dispatch.*, letter.number AS letter_number, letter.year AS letter_year, letter.officer",
    "dispatch LEFT JOIN letter ON letter.id = dispatch.letter_id",
)
_ITEM = (
    "outbox.id, outbox.kind, outbox.state, outbox.recipient, outbox.ended_at, outbox.note, letter.number, letter.year, "
    "letter.officer, coalesce(letter.confidential, dispatch.confidential, EXISTS (SELECT 1 FROM deferred "
    "JOIN letter AS l ON l.id = deferred.letter_id WHERE item_id = outbox.id AND l.confidential)) AS confidential, "
    "dispatch.book_no, "
    "(SELECT text FROM attempt WHERE item_id = outbox.id ORDER BY attempt.number DESC LIMIT 1) AS said",
    "outbox LEFT JOIN letter ON letter.id = outbox.letter_id LEFT JOIN dispatch ON dispatch.id = outbox.dispatch_id",
)


@dataclass(frozen=True, slots=True)
class Span:
    """After then and not after then; for the letters of these officers (values of the register), None for all."""

    since: datetime
    until: datetime
    officers: Sequence[str] | None = None

    @property
    def times(self) -> tuple[str, str]:
        return stamp(self.since), stamp(self.until)


class Digests:
    """Every list comes with its whole length, and no longer than ``limit``."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def letters(self, span: Span, limit: int) -> tuple[int, list[Row]]:
        """Letters registered that are not confidential, in number order."""
        where = "registered_at > ? AND registered_at <= ? AND confidential = 0 AND state <> 'void'"
        return self._listed(_LETTER, where, "id", [*span.times], span, limit)

    def confidential(self, span: Span, limit: int) -> tuple[int, list[Row]]:
        """Confidential letters registered: their numbers, nothing else (law 9)."""
        where = "registered_at > ? AND registered_at <= ? AND confidential = 1 AND state <> 'void'"
        return self._listed(_LETTER, where, "id", [*span.times], span, limit)

    def unanswered(self, span: Span, limit: int) -> tuple[int, list[Row]]:
        """Registered mails whose senders were not told the number; those that are told with others later are not."""
        where = (
            "registered_at > ? AND registered_at <= ? AND fate = 'registered' AND answered = 0 "
            "AND letter.state <> 'void' "
            "AND mail.letter_id NOT IN "
            "(SELECT letter_id FROM deferred) AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.letter_id = "
            "mail.letter_id AND kind = 'acknowledgement')"
        )
        return self._listed(_MAIL, where, "mail.id", [*span.times], span, limit)

    def follow_ups(self, span: Span, limit: int) -> tuple[int, list[Row]]:
        """Mails filed with a letter that was there before."""
        where = "seen_at > ? AND seen_at <= ? AND fate = 'follow_up' AND mail.letter_id IS NOT NULL"
        return self._listed(_MAIL, where, "mail.id", [*span.times], span, limit)

    def journaled(self, span: Span, fates: Sequence[str], limit: int) -> tuple[int, list[Row]]:
        """Mails that got no number and ended so."""
        where = "seen_at > ? AND seen_at <= ? AND fate IN (SELECT value FROM json_each(?))"
        return self._listed(_MAIL, where, "mail.id", [*span.times, json.dumps(fates)], span, limit)

    def dispatches(self, span: Span, first: date, last: date, limit: int) -> tuple[int, list[Row]]:
        """Dispatches registered, not void; ``first`` and ``last``: days of the office that hold the span."""
        where = (
            "dispatch.dated >= ? AND dispatch.dated <= ? AND dispatch.registered_at > ? "
            "AND dispatch.registered_at <= ? AND dispatch.state <> 'void'"
        )
        values = [first.isoformat(), last.isoformat(), *span.times]
        return self._listed(_DISPATCH, where, "dispatch.id", values, span, limit)

    def waiting(self, span: Span, limit: int) -> tuple[int, list[Row]]:
        """Mails that wait for a person, of whatever time."""
        return self._listed(_ITEM, "outbox.state IN ('held', 'unsure')", "outbox.id", [], span, limit)

    def failed(self, span: Span, limit: int) -> tuple[int, list[Row]]:
        """Mails that did not arrive."""
        where = (
            "(outbox.id IN (SELECT id FROM outbox WHERE state IN ('refused', 'expired') AND ended_at > ? "
            "AND ended_at <= ?) OR outbox.state = 'bounced' AND outbox.id IN (SELECT item_id FROM delivery "
            "WHERE at > ? AND at <= ?))"
        )
        return self._listed(_ITEM, where, "outbox.id", [*span.times] * 2, span, limit)

    def unreadable(self, span: Span, limit: int) -> tuple[int, list[Row]]:
        """Mails that could not be read."""
        where = (
            "mail.id IN (SELECT mail_id FROM reading WHERE state = 'unreadable' AND read_at > ? AND read_at <= ?) "
            "AND mail.letter_id IS NOT NULL"
        )
        return self._listed(_MAIL, where, "mail.id", [*span.times], span, limit)

    def infected(self, span: Span, limit: int) -> tuple[int, list[Row]]:
        """Mails with a file in which the scanner found something."""
        where = (
            "mail.id IN (SELECT mail_id FROM reading WHERE read_at > ? AND read_at <= ?) "
            "AND EXISTS (SELECT 1 FROM attachment WHERE attachment.mail_id = mail.id AND virus <> '')"
        )
        return self._listed(_MAIL, where, "mail.id", [*span.times], span, limit)

    def due(self, span: Span, after: date | None, until: date, limit: int) -> tuple[int, list[Row]]:
        """Open letters due after the one day (None: whenever) and not after the other, the earliest first."""
        where = "state = 'open' AND due_on IS NOT NULL AND due_on > ? AND due_on <= ?"
        values = [after.isoformat() if after else "", until.isoformat()]
        return self._listed(_LETTER, where, "due_on, id", values, span, limit)

    def _listed(
        self, what: tuple[str, str], where: str, order: str, values: Sequence[object], span: Span, limit: int
    ) -> tuple[int, list[Row]]:
        columns, source = what
        if span.officers is not None:
            # "+": the times lead to few rows, an officer to all of years.
            where += " AND +letter.officer IN (SELECT value FROM json_each(?))"
            values = [*values, json.dumps(span.officers)]
        count = self._db.value(f"SELECT count(*) FROM {source} WHERE {where}", values)  # noqa: S608 - our own words
        sql = f"SELECT {columns} FROM {source} WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608
        return int(count), self._db.all(sql, [*values, limit]) if count else []
