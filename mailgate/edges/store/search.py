"""Finding letters: by what stands in the register, and by words through the index.

A document of the index is a letter with its own mail (PER_LETTER x its id), or a mail filed with it (and its place
among those), so that the order of documents is that of letters.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from mailgate.edges.store.chain import Chain
from mailgate.edges.store.database import Connection, Row, explained, stamp
from mailgate.model_search import Document, Wanted

PER_LETTER = 10_000  # documents; what is filed with one letter beyond that is not found by its words
_TRIGRAM = 3
_FEW = 5_000  # letters: they are asked one by one for words; else those with the words, whether they are wanted

_WAITING = """
SELECT unindexed.letter_id, unindexed.mail_id, mail.fate = 'follow_up' AS is_filed, coalesce(reading.text, '') AS text,
  iif(mail.fate = 'follow_up', mail.subject, letter.subject) AS subject,
  iif(mail.fate = 'follow_up', mail.sender, letter.from_name || ' ' || letter.from_address) AS sender,
  (SELECT count(*) FROM mail AS other WHERE other.letter_id = unindexed.letter_id AND other.fate = 'follow_up'
    AND other.id <= unindexed.mail_id) AS place,
  coalesce((SELECT group_concat(name, ' ') FROM attachment WHERE attachment.mail_id = mail.id), '') AS names
FROM unindexed JOIN letter ON letter.id = unindexed.letter_id
LEFT JOIN mail ON mail.id = unindexed.mail_id LEFT JOIN reading ON reading.mail_id = mail.id
ORDER BY unindexed.letter_id, unindexed.mail_id LIMIT ?
"""
# Written out, for a partial index serves only a query that names its condition.
_STATES = {
    "open": "letter.state = 'open' AND letter.state <> 'closed'",
    "closed": "letter.state = 'closed'",
    "void": "letter.state = 'void' AND letter.state <> 'closed'",
}
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
        """What is to be indexed: letter_id, mail_id, is_filed, place, subject, sender, text, names."""
        return self._db.all(_WAITING, (limit,))

    def put(self, documents: Iterable[Document]) -> None:
        """Index documents; what does not fit into the numbers of its letter is passed over."""
        with self._db.immediate("indexed"):
            for d in documents:
                if d.place < PER_LETTER:
                    self._insert(d)
                self._db.sql.execute(
                    "DELETE FROM unindexed WHERE letter_id = ? AND mail_id = ?", (d.letter_id, d.mail_id)
                )

    def _insert(self, d: Document) -> None:
        number = d.letter_id * PER_LETTER + d.place
        self._db.sql.execute(
            "INSERT INTO found (rowid, subject, sender, text, names) VALUES (?, ?, ?, ?, ?)",
            (number, d.subject, d.sender, d.text, d.names),
        )
        self._db.sql.execute("INSERT INTO grams (rowid, gram) VALUES (?, ?)", (number, d.grams))

    def officers(self) -> list[str]:
        """Every value of the register's officer."""
        return [row["officer"] for row in self._db.all(_OFFICERS)]

    def ids(self, wanted: Wanted, officers: Sequence[str] | None, newest: int = -1) -> list[int]:
        """The rows of the letters that are wanted, in order; at most so many, the newest.

        ``officers``: values of the register's officer, None for any.
        """
        conditions, values = _conditions(wanted, officers)
        first, last = self._range(wanted)
        if wanted.words:
            return self._by_words(wanted, (first, last), conditions, values, newest)
        where = " AND ".join(["letter.id BETWEEN ? AND ?", *conditions])
        rows = self._db.all(
            f"SELECT id FROM letter WHERE {where} ORDER BY id DESC LIMIT ?",  # noqa: S608 - our own conditions
            (first, last, *values, newest),
        )
        return [row["id"] for row in reversed(rows)]

    def note_asked(self, by: str, words: Sequence[str], letters: int, now: datetime) -> None:
        """That somebody searched confidential letters, for how many words, and how many letters were found.

        Not for which: they are likely the name of somebody, and the chain keeps what is in it.
        """
        with self._db.immediate("asked"):
            payload = {"by": by, "words": len(words), "found": letters}
            self._chain.append(now, "confidential searched", payload)

    def _range(self, wanted: Wanted) -> tuple[int, int]:
        """First and last row that year and days leave: letters are numbered and dated in the order of their rows."""
        first, last = 1, int(self._db.value("SELECT coalesce(max(id), 0) FROM letter"))
        if wanted.year is not None:
            year = "SELECT id FROM letter WHERE register = 'receive' AND year = ? ORDER BY number"
            first = self._db.value(f"{year} LIMIT 1", (wanted.year,)) or last + 1
            last = self._db.value(f"{year} DESC LIMIT 1", (wanted.year,)) or last
        if wanted.since is not None:
            sql = "SELECT id FROM letter WHERE registered_at >= ? ORDER BY registered_at, id LIMIT 1"
            first = max(first, self._db.value(sql, (stamp(wanted.since),)) or last + 1)
        if wanted.before is not None:
            sql = "SELECT id FROM letter WHERE registered_at < ? ORDER BY registered_at DESC, id DESC LIMIT 1"
            last = min(last, self._db.value(sql, (stamp(wanted.before),)) or 0)
        return first, last

    def _by_words(
        self, wanted: Wanted, letters: tuple[int, int], conditions: list[str], values: list[Any], newest: int
    ) -> list[int]:
        """Letters with all the words, each in one document of theirs, the newest first."""
        where = " AND ".join(["letter.id BETWEEN ? AND ?", "(? OR letter.confidential = 0)", *conditions])
        asked: list[Any] = [wanted.confidential, *values]
        few = self._few(where, [*letters, *asked]) if conditions else None
        if few is not None:
            found = (n for n in few if any(True for _ in self._documents(wanted.words, (n, n))))
        else:
            one = f"SELECT 1 FROM letter WHERE {where}"  # noqa: S608 - our own conditions
            with_words = _each_once(d // PER_LETTER for d in self._documents(wanted.words, letters))
            found = (n for n in with_words if self._db.sql.execute(one, (n, n, *asked)).fetchone())
        with explained(self._db.path), closing(found):
            return sorted(islice(found, newest if newest >= 0 else None))

    def _few(self, where: str, values: list[Any]) -> list[int] | None:
        """The letters that are wanted for another reason than words, the newest first; None if they are many."""
        sql = f"SELECT id FROM letter WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        rows = self._db.all(sql, [*values, _FEW + 1])
        return [row["id"] for row in rows] if len(rows) <= _FEW else None

    def _documents(self, words: Sequence[str], letters: tuple[int, int]) -> Iterator[int]:
        """The documents of these letters with all the words, the newest first."""
        with ExitStack() as stack:
            cursors = [stack.enter_context(closing(c)) for c in self._cursors(words, letters)]
            yield from _in_all([(row[0] for row in c) for c in cursors])

    def _cursors(self, words: Sequence[str], letters: tuple[int, int]) -> Iterator[sqlite3.Cursor]:
        """The documents with all the long words, and those with all the short ones, the newest first."""
        between = (letters[0] * PER_LETTER, letters[1] * PER_LETTER + PER_LETTER - 1)
        for index, part in (
            ("found", [w for w in words if len(w) >= _TRIGRAM]),
            ("grams", [w for w in words if len(w) < _TRIGRAM]),
        ):
            if part:
                sql = f"SELECT rowid FROM {index} WHERE {index} MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC"  # noqa: S608
                yield self._db.sql.execute(sql, (_phrases(part), *between))


def _each_once(numbers: Iterable[int]) -> Iterator[int]:
    """Of numbers in order, each once."""
    return (number for number, _ in groupby(numbers))


def _in_all(lists: Sequence[Iterator[int]]) -> Iterator[int]:
    """The numbers in every one of these descending lists, which are read no further than needed."""
    heads = [next(numbers, 0) for numbers in lists]
    while all(heads):
        lowest = min(heads)
        if max(heads) == lowest:
            yield lowest
            lowest -= 1
        heads = [
            head if head <= lowest else next((n for n in numbers if n <= lowest), 0)
            for head, numbers in zip(heads, lists, strict=True)
        ]


def _phrases(words: Sequence[str]) -> str:
    """All of these words as FTS5 takes them: nothing in them is an operator."""
    return " AND ".join('"' + word.replace('"', '""') + '"' for word in words)


def _conditions(wanted: Wanted, officers: Sequence[str] | None) -> tuple[list[str], list[Any]]:
    """What the register's row must be, beside its place, as SQL over ``letter``."""
    given: list[tuple[str, list[Any]]] = []
    if wanted.service:
        given.append(("letter.service = ?", [wanted.service]))
    if officers is not None:
        given.append(("letter.officer IN (SELECT value FROM json_each(?))", [json.dumps(officers)]))
    if wanted.state == "overdue":
        given.append(("letter.state = 'open' AND letter.due_on < ?", [wanted.today.isoformat()]))
    elif wanted.state:
        given.append((_STATES[wanted.state], []))
    return [sql for sql, _ in given], [value for _, values in given for value in values]
