"""What was read in each mail, its attachments, and where a letter went from there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, stamp
from mailgate.model_reading import Reading

MOST_TRIES = 2  # a mail that brought the reader down is never read a third time
# The program can be ended at any mail (a restart, a power cut) without it being that mail's fault: more are allowed.
MOST_ENDED = 5


class Readings:
    """A row per mail that is kept: waiting, done or unreadable."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def waiting(self, limit: int) -> list[Row]:
        """Mails to be read, those never tried first, oldest first; with letter and sender, "" where none is shown.

        One that was tried before comes alone: if it brings the program down, it takes no other with it. What belongs
        to a letter comes after the letter's own mail, which may show that all of it is to be sealed.
        """
        rows = self._db.all(
            "SELECT mail.id, mail.sha256, mail.letter_id, mail.fate, mail.kind, mail.rule, reading.tries, "
            "coalesce(nullif(mail.sender, ''), letter.from_address, '') AS sender FROM reading "
            "JOIN mail ON mail.id = reading.mail_id LEFT JOIN letter ON letter.id = mail.letter_id "
            "WHERE reading.state = 'waiting' AND (mail.fate = 'registered' OR mail.letter_id IS NULL OR NOT EXISTS ("
            "  SELECT 1 FROM mail AS own JOIN reading AS first ON first.mail_id = own.id AND first.state = 'waiting' "
            "  WHERE own.letter_id = mail.letter_id AND own.fate = 'registered')) "
            "ORDER BY reading.tries, reading.mail_id LIMIT ?",
            (limit,),
        )
        return [row for row in rows if not row["tries"]] or rows[:1]

    def begin(self, mails: Sequence[int]) -> None:
        """Count the try before it is made, so that a mail that ends this program is met a few times at most."""
        self._try(mails, "UPDATE reading SET tries = tries + 1 WHERE mail_id = ?")

    def again(self, mails: Sequence[int]) -> None:
        """The try did not fail for the mail's sake: it does not count."""
        self._try(mails, "UPDATE reading SET tries = tries - 1 WHERE mail_id = ? AND tries > 0")

    def _try(self, mails: Sequence[int], sql: str) -> None:
        if mails:
            with self._db.immediate("reading"):
                self._db.sql.executemany(sql, [(mail_id,) for mail_id in mails])

    def done(self, mail_id: int, reading: Reading, viruses: Mapping[int, str], now: datetime) -> None:
        """Inside a transaction: store what was read."""
        report = json.dumps(asdict(reading.report), ensure_ascii=False) if reading.report else None
        self._db.sql.execute(
            "UPDATE reading SET state = 'done', read_at = ?, problem = '', text = ?, quoted_from = ?, summary = ?, "
            "forwarded = ?, report = ?, repairs = ?, complete = ? WHERE mail_id = ?",
            (
                stamp(now), reading.text, reading.quoted_from, reading.summary,
                json.dumps([asdict(f) for f in reading.forwarded], ensure_ascii=False), report,
                json.dumps(reading.repairs, ensure_ascii=False), int(reading.complete), mail_id,
            ),
        )  # fmt: skip
        self._db.sql.executemany(
            "INSERT INTO attachment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (mail_id, n, a.name, a.declared, a.found, a.size, a.sha256, " ".join(a.flags),
                 json.dumps(a.notes, ensure_ascii=False), viruses.get(n, ""))
                for n, a in enumerate(reading.attachments)
            ],
        )  # fmt: skip

    def failed(self, mail_id: int, problem: str, letter_id: int | None, now: datetime) -> bool:
        """Note why a try failed; True if it was the last one. Inside a transaction."""
        tries = self._db.value("SELECT tries FROM reading WHERE mail_id = ?", (mail_id,))
        last = bool(tries >= MOST_TRIES)
        self._db.sql.execute(
            "UPDATE reading SET state = ?, read_at = ?, problem = ? WHERE mail_id = ?",
            ("unreadable" if last else "waiting", stamp(now), problem, mail_id),
        )
        if last:
            self._chain.append(now, "unreadable", {"mail": mail_id, "why": problem}, letter_id)
        return last

    def of_mail(self, mail_id: int) -> Row | None:
        return self._db.one("SELECT * FROM reading WHERE mail_id = ?", (mail_id,))

    def of_letter(self, letter_id: int) -> Row | None:
        """The reading of the mail that became this letter."""
        return self._db.one(
            "SELECT reading.* FROM reading JOIN mail ON mail.id = reading.mail_id "
            "WHERE mail.letter_id = ? AND mail.fate = 'registered'",
            (letter_id,),
        )

    def attachments(self, mail_id: int) -> list[Row]:
        return self._db.all("SELECT * FROM attachment WHERE mail_id = ? ORDER BY position", (mail_id,))

    def hashes(self) -> Iterator[str]:
        """SHA-256 of every attachment that must be kept."""
        for row in self._db.all("SELECT DISTINCT sha256 FROM attachment"):
            yield row["sha256"]

    def counts(self) -> dict[str, int]:
        """How many wait and how many are unreadable; what is done is not counted, it is nearly all."""
        # Constants: a partial index serves only what names its condition.
        waiting = self._db.value("SELECT count(*) FROM reading WHERE state = 'waiting'")
        unreadable = self._db.value("SELECT count(*) FROM reading WHERE state = 'unreadable'")
        return {"waiting": int(waiting), "unreadable": int(unreadable)}
