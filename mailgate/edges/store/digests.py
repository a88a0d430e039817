"""What digests tell: what happened after since and not after until, and what needs a person now. Reading only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mailgate.edges.store.database import Connection, Row, stamp

_REPORTED_WITHIN = timedelta(days=10)  # a mail is retried for some days, and a report on it takes its time
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
    "letter.officer, coalesce(letter.confidential, dispatch.confidential, 0) AS confidential, dispatch.book_no, "
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
            "seen_at > ? AND seen_at <= ? AND fate = 'registered' AND answered = 0 AND letter.state <> 'void' "
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

    def fates(self, span: Span) -> dict[str, int]:
        """How many mails were seen, by what became of them."""
        sql = "SELECT fate, count(*) AS n FROM mail WHERE seen_at > ? AND seen_at <= ? GROUP BY fate"
        return {row["fate"]: row["n"] for row in self._db.all(sql, span.times)}

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
        created = [stamp(span.since - _REPORTED_WITHIN), span.times[1]]
        where = (
            "outbox.state IN ('refused', 'expired') AND outbox.created_at >= ? AND outbox.created_at < ? "
            "AND outbox.ended_at > ? AND outbox.ended_at <= ? OR outbox.state = 'bounced' AND outbox.created_at >= ? "
            "AND outbox.created_at < ? AND EXISTS (SELECT 1 FROM delivery WHERE item_id = outbox.id AND at > ? "
            "AND at <= ?)"
        )
        return self._listed(_ITEM, f"({where})", "outbox.id", [*created, *span.times] * 2, span, limit)

    def unreadable(self, span: Span, limit: int) -> tuple[int, list[Row]]:
        """Mails that could not be read."""
        where = (
            "mail.id IN (SELECT mail_id FROM reading WHERE state = 'unreadable') AND mail.letter_id IS NOT NULL "
            "AND seen_at > ? AND seen_at <= ?"
        )
        return self._listed(_MAIL, where, "mail.id", [*span.times], span, limit)

    def infected(self, span: Span, limit: int) -> tuple[int, list[Row]]:
        """Mails with a file in which the scanner found something."""
        where = (
            "seen_at > ? AND seen_at <= ? AND EXISTS (SELECT 1 FROM attachment WHERE attachment.mail_id = mail.id "
            "AND virus <> '')"
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
            where += " AND letter.officer IN (SELECT value FROM json_each(?))"
            values = [*values, json.dumps(span.officers)]
        count = self._db.value(f"SELECT count(*) FROM {source} WHERE {where}", values)  # noqa: S608 - our own words
        sql = f"SELECT {columns} FROM {source} WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608
        return int(count), self._db.all(sql, [*values, limit]) if count else []
