"""Questions about the registers: lists, counts, one letter. Reading only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from mailgate.edges.store.database import Connection, Row, stamp
from mailgate.model import Receipt

_LETTER = """
SELECT letter.*, before.number AS follows_number, before.year AS follows_year,
  CASE WHEN told.state IN ('accepted', 'delivered', 'bounced') THEN told.ended_at END AS acknowledged_at,
  coalesce(told.state, CASE WHEN deferred.letter_id IS NOT NULL THEN 'deferred' END) AS acknowledgement,
  mail.id AS mail_id, mail.reason AS answer_reason, mail.rule AS answer_rule, mail.evidence AS answer_evidence,
  mail.uid, mail.filed_at
FROM letter
LEFT JOIN deferred ON deferred.letter_id = letter.id
LEFT JOIN outbox AS told ON told.id = coalesce(deferred.item_id,
  (SELECT id FROM outbox WHERE letter_id = letter.id AND kind = 'acknowledgement'))
LEFT JOIN letter AS before ON before.id = letter.follows
LEFT JOIN mail ON mail.letter_id = letter.id AND mail.fate = 'registered'
"""

_MAIL = """
SELECT mail.*, letter.number, letter.year, letter.confidential, reading.state AS reading, reading.summary
FROM mail LEFT JOIN letter ON letter.id = mail.letter_id LEFT JOIN reading ON reading.mail_id = mail.id
"""


# Without the bytes of the mails: a list of an outbox is not to read a gigabyte.
_ITEMS = """
SELECT outbox.id, outbox.kind, letter.number, letter.year, recipient, outbox.state, attempts, resent, created_at,
  next_at, ended_at, note, outbox.message_id, outbox.dispatch_id, outbox.sender, envid, length(raw) AS size,
  (SELECT text FROM attempt WHERE item_id = outbox.id ORDER BY attempt.number DESC LIMIT 1) AS last_answer,
  letter.confidential OR EXISTS (SELECT 1 FROM deferred JOIN letter AS l ON l.id = letter_id
    WHERE item_id = outbox.id AND l.confidential) AS confidential
FROM outbox LEFT JOIN letter ON letter.id = outbox.letter_id
WHERE outbox.id IN (SELECT value FROM json_each(?)) ORDER BY outbox.id
"""


_MAIL_FILES = """
SELECT DISTINCT coalesce(sealed_sha256, mail.sha256) AS sha256
FROM mail LEFT JOIN sealed_file ON sealed_file.sha256 = mail.sha256 WHERE mail.sha256 IS NOT NULL
"""


_MAIL_FILES_BEFORE = "SELECT DISTINCT sha256 FROM mail WHERE sha256 IS NOT NULL"


class Reports:
    """Read-only views of the registry."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def letters(self, year: int | None = None, after: int = 0, limit: int = -1) -> list[Row]:
        """Registered letters in number order."""
        return self._db.all(
            _LETTER
            + "WHERE (? IS NULL OR letter.year = ?) AND letter.id > ? ORDER BY letter.year, letter.number LIMIT ?",
            (year, year, after, limit),
        )

    def letters_of(self, ids: Sequence[int]) -> list[Row]:
        """These letters, in number order."""
        return self._db.all(
            _LETTER + "WHERE letter.id IN (SELECT value FROM json_each(?)) ORDER BY letter.year, letter.number",  # noqa: S608
            (json.dumps(ids),),
        )

    def letters_since(self, since: datetime) -> list[Row]:
        """Letters registered since then, in number order."""
        return self._db.all(_LETTER + "WHERE letter.registered_at >= ? ORDER BY letter.id", (stamp(since),))

    def letter(self, receipt: Receipt) -> Row | None:
        return self._db.one(
            _LETTER + "WHERE letter.register = ? AND letter.year = ? AND letter.number = ?",
            (receipt.register, receipt.year, receipt.number),
        )

    def letter_by_id(self, letter_id: int) -> Row | None:
        return self._db.one(_LETTER + "WHERE letter.id = ?", (letter_id,))

    def due_between(self, after: date, until: date) -> list[Row]:
        """Open letters that are due after the one day and not after the other."""
        return self._db.all(
            "SELECT * FROM letter WHERE state = 'open' AND due_on > ? AND due_on <= ?",
            (after.isoformat(), until.isoformat()),
        )

    def overdue_every(self, days: int, last: date, today: date) -> list[Row]:
        """Open letters that have been overdue for another so many days since the last time, the earliest due first."""
        periods = f"CAST(julianday(?) - julianday(due_on) AS INTEGER) / {int(days)}"
        return self._db.all(
            "SELECT letter.*, (SELECT outbox.state FROM outbox WHERE letter_id = letter.id "  # noqa: S608
            "AND kind = 'acknowledgement') AS acknowledgement FROM letter WHERE letter.state = 'open' "
            f"AND due_on <= ? AND {periods} > {periods} ORDER BY due_on, letter.id",
            ((today - timedelta(days=days)).isoformat(), today.isoformat(), last.isoformat()),
        )

    def letter_of_raw(self, sha256: str) -> Row | None:
        """The e-mail letter with these very bytes."""
        return self._db.one(_LETTER + "WHERE letter.sha256 = ? AND letter.channel = 'email'", (sha256,))

    def follow_ups(self, letter_id: int) -> list[Row]:
        """Mails filed with this letter's case without a number of their own."""
        return self._db.all(
            _MAIL + "WHERE mail.letter_id = ? AND mail.fate = 'follow_up' ORDER BY mail.id", (letter_id,)
        )

    def letter_pages(self) -> Iterator[Row]:
        """Every letter as stored, in the order of registering, in pages."""
        last = 0
        while rows := self._db.all("SELECT * FROM letter WHERE id > ? ORDER BY id LIMIT 1000", (last,)):
            yield from rows
            last = rows[-1]["id"]

    def events_of(self, letter_id: int) -> list[Row]:
        return self._db.all("SELECT seq, at, kind, payload FROM event WHERE letter_id = ? ORDER BY seq", (letter_id,))

    def attempts_of(self, letter_id: int) -> list[Row]:
        return self._db.all(
            "SELECT attempt.*, outbox.recipient, letter.confidential FROM attempt "
            "JOIN outbox ON outbox.id = attempt.item_id JOIN letter ON letter.id = outbox.letter_id "
            "WHERE letter_id = ? ORDER BY item_id, attempt.number",
            (letter_id,),
        )

    def outbox(self, state: str | None = None, limit: int = -1) -> list[Row]:
        """Outbox items without their bytes, oldest first; see ``items``."""
        return self.items(self.item_ids([state] if state else ())[: limit if limit >= 0 else None])

    def item_ids(self, states: Sequence[str] = (), newest: int = -1) -> list[int]:
        """The numbers of the outbox items in these states, or of all, in order; at most so many, the newest."""
        which = "WHERE state IN (SELECT value FROM json_each(?1))" if states else ""
        rows = self._db.all(
            f"SELECT id FROM outbox {which} ORDER BY id DESC LIMIT ?2",  # noqa: S608
            (json.dumps(states), newest),
        )
        return [row["id"] for row in reversed(rows)]

    def items(self, ids: Sequence[int]) -> list[Row]:
        """These outbox items in order, with the receipt they answer and the last answer of the server."""
        return self._db.all(_ITEMS, (json.dumps(ids),))

    def outbox_counts(self) -> dict[str, int]:
        rows = self._db.all("SELECT state, count(*) AS n FROM outbox GROUP BY state")
        return {row["state"]: row["n"] for row in rows}

    def item_of_message(self, item: int) -> Row | None:
        """What a reply token covers (kind, receipt and addressee of an outbox item), and the letter it is about."""
        return self._db.one(
            "SELECT outbox.id, outbox.kind, outbox.recipient, outbox.message_id, outbox.letter_id, letter.number, "
            "letter.year, letter.service, letter.officer, letter.confidential FROM outbox "
            "LEFT JOIN letter ON letter.id = outbox.letter_id WHERE outbox.id = ?",
            (item,),
        )

    def mail(self, mail_id: int) -> Row | None:
        """A row of the journal, with the receipt it led to."""
        return self._db.one(_MAIL + "WHERE mail.id = ?", (mail_id,))

    def mails_since(self, since: datetime) -> list[Row]:
        """What was seen since then, in order, with the receipt of each."""
        return self._db.all(
            _MAIL + "WHERE seen_at >= ? ORDER BY mail.id",
            (stamp(since),),
        )

    def fates(self) -> dict[str, int]:
        return {r["fate"]: r["n"] for r in self._db.all("SELECT fate, count(*) AS n FROM mail GROUP BY fate")}

    def counters(self) -> list[Row]:
        return self._db.all("SELECT register, year, last FROM counter ORDER BY register, year")

    def raw_hashes(self, *, sealed: bool = True) -> Iterator[str]:
        """SHA-256 of every file that must be in the archive: of a sealed mail, that of the encrypted one.

        ``sealed``: False for a registry of a version that did not know them.
        """
        for row in self._db.all(_MAIL_FILES if sealed else _MAIL_FILES_BEFORE):
            yield row["sha256"]
