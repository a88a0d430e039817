"""Finding letters: by what stands in the register, and by words through the index.

A document of the index is a letter with its own mail (2 x letter id), or a mail filed with it (2 x mail id + 1).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, explained, stamp
from mailgate.model_search import Document, Wanted

_TRIGRAM = 3

_WAITING = """
SELECT unindexed.document, mail.id AS mail_id, coalesce(reading.text, '') AS text,
  iif(document % 2, mail.subject, letter.subject) AS subject,
  iif(document % 2, mail.sender, letter.from_name || ' ' || letter.from_address) AS sender,
  coalesce((SELECT group_concat(name, ' ') FROM attachment WHERE attachment.mail_id = mail.id), '') AS names
FROM unindexed
LEFT JOIN letter ON document % 2 = 0 AND letter.id = document / 2
LEFT JOIN mail ON mail.id = iif(document % 2, document / 2,
  (SELECT id FROM mail AS own WHERE own.letter_id = letter.id AND own.fate = 'registered'))
LEFT JOIN reading ON reading.mail_id = mail.id
ORDER BY document LIMIT ?
"""
# The newest documents first, as the index gives them, so that a page of what is found often costs no more than a page.
_BY_WORDS = """
SELECT letter.id FROM {index} CROSS JOIN letter ON letter.id =
  iif({index}.rowid % 2, (SELECT letter_id FROM mail WHERE id = {index}.rowid / 2), {index}.rowid / 2)
WHERE {conditions} ORDER BY {index}.rowid DESC
"""
# From value to value by the index, where DISTINCT would read every entry.
_OFFICERS = """
WITH RECURSIVE name (officer) AS (
  SELECT min(officer) FROM letter
  UNION ALL SELECT (SELECT min(officer) FROM letter WHERE letter.officer > name.officer) FROM name
  WHERE officer IS NOT NULL)
SELECT officer FROM name WHERE officer IS NOT NULL
"""


class Search:
    """The index and its questions. The words of a query come folded, as those of the documents do."""

    def __init__(self, db: Connection, chain: Chain) -> None:
        self._db = db
        self._chain = chain

    def waiting(self, limit: int) -> list[Row]:
        """What is to be indexed: document, subject, sender, text, names."""
        return self._db.all(_WAITING, (limit,))

    def put(self, documents: Iterable[tuple[Document, str]]) -> None:
        """Index documents, each with its characters and pairs."""
        with self._db.immediate("indexed"):
            for d, grams in documents:
                row = (d.number, d.subject, d.sender, d.text, d.names)
                self._db.sql.execute(
                    "INSERT INTO found (rowid, subject, sender, text, names) VALUES (?, ?, ?, ?, ?)", row
                )
                self._db.sql.execute("INSERT INTO grams (rowid, gram) VALUES (?, ?)", (d.number, grams))
                self._db.sql.execute("DELETE FROM unindexed WHERE document = ?", (d.number,))

    def officers(self) -> list[str]:
        """Every value of the register's officer."""
        return [row["officer"] for row in self._db.all(_OFFICERS)]

    def ids(self, wanted: Wanted, officers: Sequence[str] | None, newest: int = -1) -> list[int]:
        """The rows of the letters that are wanted, in order; at most so many, the newest.

        ``officers``: values of the register's officer, None for any.
        """
        conditions, values = _conditions(wanted, officers)
        if wanted.words:
            return self._by_words(wanted, conditions, values, newest)
        where = " AND ".join(conditions) or "1"
        rows = self._db.all(
            f"SELECT id FROM letter WHERE {where} ORDER BY id DESC LIMIT ?",  # noqa: S608 - our own conditions
            (*values, newest),
        )
        return [row["id"] for row in reversed(rows)]

    def note_asked(self, by: str, words: Sequence[str], letters: int, now: datetime) -> None:
        """That somebody searched confidential letters, for what, and how many were found."""
        with self._db.immediate("asked"):
            payload = {"by": by, "words": list(words), "found": letters}
            self._chain.append(now, "confidential searched", payload)

    def _by_words(self, wanted: Wanted, conditions: list[str], values: list[Any], newest: int) -> list[int]:
        if not wanted.confidential:
            conditions = [*conditions, "letter.confidential = 0"]
        sql, matches = _matching(wanted.words, conditions)
        found: dict[int, None] = {}
        for letter_id in self._stream(sql, [*matches, *values]):
            found.setdefault(letter_id)
            if len(found) == newest:
                break
        return sorted(found)

    def _stream(self, sql: str, values: list[Any]) -> Iterator[int]:
        with explained(self._db.path), closing(self._db.sql.execute(sql, values)) as cursor:
            for row in cursor:
                yield row[0]


def _matching(words: Sequence[str], conditions: Sequence[str]) -> tuple[str, list[str]]:
    """The query for letters with all these words, and its first values. Short ones are in an index of their own."""
    long = [w for w in words if len(w) >= _TRIGRAM]
    short = [w for w in words if len(w) < _TRIGRAM]
    index = "found" if long else "grams"
    matches = [f"{index} MATCH ?"]
    if long and short:
        matches.append("found.rowid IN (SELECT rowid FROM grams WHERE grams MATCH ?)")
    sql = _BY_WORDS.format(index=index, conditions=" AND ".join([*matches, *conditions]))
    return sql, [_phrases(part) for part in (long, short) if part]


def _phrases(words: Sequence[str]) -> str:
    """All of these words as FTS5 takes them: nothing in them is an operator."""
    return " AND ".join('"' + word.replace('"', '""') + '"' for word in words)


def _conditions(wanted: Wanted, officers: Sequence[str] | None) -> tuple[list[str], list[Any]]:
    """What the register's row must be, as SQL over ``letter``."""
    given: list[tuple[str, Any]] = []
    if wanted.year is not None:
        given.append(("letter.year = ?", wanted.year))
    if wanted.since is not None:
        given.append(("letter.registered_at >= ?", stamp(wanted.since)))
    if wanted.before is not None:
        given.append(("letter.registered_at < ?", stamp(wanted.before)))
    if wanted.service:
        given.append(("letter.service = ?", wanted.service))
    if officers is not None:
        given.append(("letter.officer IN (SELECT value FROM json_each(?))", json.dumps(officers)))
    if wanted.state == "overdue":
        given.append(("letter.state = 'open' AND letter.due_on < ?", wanted.today.isoformat()))
    elif wanted.state:
        given.append(("letter.state = ?", wanted.state))
    return [sql for sql, _ in given], [value for _, value in given]
